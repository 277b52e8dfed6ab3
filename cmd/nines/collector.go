package main

import (
	"context"
	"errors"

	"github.com/nines-monitor/nines/collector"
	"github.com/nines-monitor/nines/internal/cli"
	"github.com/nines-monitor/nines/internal/systemd"
)

type collectorCmd struct {
	Config         string `default:"/etc/nines/collector.toml" help:"The collector's configuration." placeholder:"FILE"`
	Listen         string `help:"Address of the pages and the API, over the configuration's." placeholder:"ADDR"`
	AgentsListen   string `help:"Address of the port for agents, over the configuration's." placeholder:"ADDR"`
	InsecureListen bool   `help:"Allow pages on an address that others reach, without an admin token."`
}

func (c collectorCmd) Run(ctx context.Context, s cli.Streams) error {
	cfg, err := collector.LoadConfig(c.Config, collector.Flags{Listen: c.Listen, AgentsListen: c.AgentsListen, InsecureListen: c.InsecureListen})
	if err != nil {
		return err
	}
	log, err := newLogger(s, cfg.LogLevel)
	if err != nil {
		return err
	}
	run, err := collector.Start(ctx, cfg, log)
	if err != nil {
		return err
	}
	notify := systemd.Start(log, run.Healthy)
	defer notify.Stop()
	select {
	case <-ctx.Done():
	case err = <-run.Failed():
	}
	notify.Stopping()
	return errors.Join(err, run.Close())
}
