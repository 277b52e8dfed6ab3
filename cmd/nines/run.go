package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/nines-monitor/nines/internal/cli"
	"github.com/nines-monitor/nines/internal/version"
)

// commands is the command line. Each command's Run gets the context, the streams and its own flags.
type commands struct {
	Up        upCmd        `cmd:"" help:"Run a collector and an agent on this machine, with a contract to start from."`
	Collector collectorCmd `cmd:"" help:"Run the collector."`
	Check     checkCmd     `cmd:"" help:"Check contract files and say all that is wrong with them."`
	Report    reportCmd    `cmd:"" help:"Write a client's monthly report, and mail it if asked to."`
	Agent     agentCmd     `cmd:"" help:"Manage agents."`
	SLO       sloCmd       `cmd:"" name:"slo" help:"The arithmetic of promises, on its own."`
	Version   versionCmd   `cmd:"" help:"Print the version."`
}

// Run carries out one command line.
func Run(ctx context.Context, args []string, streams cli.Streams) error {
	return cli.Dispatch(ctx, "nines", "Measures whether a managed service provider keeps its promises.", &commands{}, args, streams)
}

type versionCmd struct{}

func (versionCmd) Run(s cli.Streams) error {
	_, err := fmt.Fprintln(s.Out, "nines", version.String())
	return err
}

// newLogger logs to the error stream: under systemd that is the journal.
func newLogger(s cli.Streams, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, cli.Usagef("log level %q: want debug, info, warn or error", level)
	}
	return slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: l})), nil
}

// orderlyEnd is no error: the context was cancelled because someone asked us to stop.
func orderlyEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
