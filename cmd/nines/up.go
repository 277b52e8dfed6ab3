package main

import (
	"context"

	"github.com/nines-monitor/nines/cmd/nines/internal/up"
	"github.com/nines-monitor/nines/internal/cli"
)

type upCmd struct {
	State          string `help:"Directory of the state. Default: nines below the user's state directory." placeholder:"DIR"`
	Listen         string `help:"Address of the pages and the API. Default: 127.0.0.1:8999." placeholder:"ADDR"`
	AgentsListen   string `help:"Address of the port for agents. Default: 127.0.0.1:8997." placeholder:"ADDR"`
	InsecureListen bool   `help:"Allow --listen on an address that others reach, without an admin token."`
	Demo           bool   `help:"Add targets on loopback that fail at times, with 60 days of history."`
	LogLevel       string `default:"warn" help:"debug, info, warn or error." placeholder:"LEVEL"`
}

func (c upCmd) Run(ctx context.Context, s cli.Streams) error {
	log, err := newLogger(s, c.LogLevel)
	if err != nil {
		return err
	}
	o := up.Options{State: c.State, Listen: c.Listen, AgentsListen: c.AgentsListen, InsecureListen: c.InsecureListen, Demo: c.Demo}
	if o.State == "" {
		if o.State, err = up.DefaultState(); err != nil {
			return cli.UsageError{Err: err}
		}
	}
	return orderlyEnd(ctx, up.Run(ctx, o, s.Out, log))
}
