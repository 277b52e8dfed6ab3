package main

import (
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/internal/cli"
)

type checkCmd struct {
	Files []string `arg:"" name:"file" help:"Contract files (TOML), or directories of them."`
}

func (c checkCmd) Run(s cli.Streams) error { return contract.CheckFiles(c.Files, time.Now(), s.Out) }
