package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nines-monitor/nines/collector"
	"github.com/nines-monitor/nines/internal/cli"
)

type reportCmd struct {
	stateFlags
	Client string `required:"" help:"The client's id."`
	Month  string `required:"" help:"The month, such as 2026-10. One that is not over gives a preliminary report."`
	Out    string `required:"" type:"path" help:"The directory to write to; made when it is not there." placeholder:"DIR"`
	Mail   bool   `help:"Mail the report to those whom the contract names."`
}

func (c reportCmd) Run(ctx context.Context, s cli.Streams) (err error) {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	log, err := newLogger(s, "warn")
	if err != nil {
		return err
	}
	reading, err := collector.OpenReading(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reading.Close()) }()
	made, err := reading.Report(ctx, c.Client, c.Month, time.Now())
	if err != nil {
		return err
	}
	files, err := made.WriteFiles(c.Out)
	if err != nil {
		return err
	}
	for _, f := range files {
		fmt.Fprintln(s.Out, "Written", f)
	}
	if !c.Mail {
		return nil
	}
	to, err := reading.Mail(ctx, made)
	for _, address := range to {
		fmt.Fprintln(s.Out, "Mailed to", address)
	}
	return err
}
