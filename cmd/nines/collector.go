package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/nines-monitor/nines/collector"
	"github.com/nines-monitor/nines/internal/cli"
	"github.com/nines-monitor/nines/internal/systemd"
)

// configFlag is how every command finds the collector's configuration.
type configFlag struct {
	Config string `default:"/etc/nines/collector.toml" help:"The collector's configuration." placeholder:"FILE" env:"NINES_CONFIG"`
}

// stateFlags are how commands find a collector's state.
type stateFlags struct {
	configFlag
	State string `help:"The state directory of nines up, in place of --config." placeholder:"DIR"`
}

// load reads the configuration. Ports are not ours to judge: we do not listen.
func (f stateFlags) load() (collector.Config, error) {
	file := f.Config
	if f.State != "" {
		file = filepath.Join(f.State, "collector.toml")
	}
	return collector.LoadConfig(file, collector.Flags{InsecureListen: true})
}

type collectorCmd struct {
	configFlag
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
