package main

import (
	"fmt"
	"io"
	"os"

	"github.com/nines-monitor/nines/internal/cli"
	"github.com/nines-monitor/nines/slo/casefile"
)

type sloCmd struct {
	Eval sloEvalCmd `cmd:"" help:"Evaluate cases (docs/measurement.md, section 5) and print their results."`
}

type sloEvalCmd struct {
	File string `arg:"" optional:"" help:"A case, or an array of them, as JSON. Standard input when left out."`
}

// maxCaseBytes bounds what is read at once: decoded, it may take a hundred times as much memory.
const maxCaseBytes = 32 << 20

func (c sloEvalCmd) Run(s cli.Streams) error {
	in := s.In
	name := "standard input"
	if c.File != "" {
		f, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("read cases: %w", err)
		}
		defer f.Close()
		in, name = f, c.File
	}
	data, err := io.ReadAll(io.LimitReader(in, maxCaseBytes+1))
	if err != nil {
		return fmt.Errorf("read cases from %s: %w", name, err)
	}
	if len(data) > maxCaseBytes {
		return fmt.Errorf("read cases from %s: more than %d MiB; split the array", name, maxCaseBytes>>20)
	}
	out, err := casefile.Eval(data)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	_, err = s.Out.Write(out)
	return err
}
