package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/nines-monitor/nines/cmd/nines/internal/up"
	"github.com/nines-monitor/nines/collector"
	"github.com/nines-monitor/nines/internal/cli"
)

// stateFlags are how commands find a collector, running or not.
type stateFlags struct {
	Config string `help:"The collector's configuration. Default: /etc/nines/collector.toml, or that of nines up." placeholder:"FILE"`
	State  string `help:"The state directory of nines up, in place of --config." placeholder:"DIR"`
}

const packagedConfig = "/etc/nines/collector.toml"

// load reads the configuration. Ports are not ours to judge: we do not listen.
func (f stateFlags) load() (collector.Config, error) {
	file, err := f.file()
	if err != nil {
		return collector.Config{}, err
	}
	return collector.LoadConfig(file, collector.Flags{InsecureListen: true})
}

// file is the configuration that was named, or else the first that is there.
func (f stateFlags) file() (string, error) {
	switch {
	case f.Config != "" && f.State != "":
		return "", cli.Usagef("--config and --state name the same thing: give one of them")
	case f.Config != "":
		return f.Config, nil
	case f.State != "":
		return filepath.Join(f.State, up.ConfigName), nil
	}
	candidates := []string{packagedConfig}
	if dir, err := up.DefaultState(); err == nil {
		candidates = append(candidates, filepath.Join(dir, up.ConfigName))
	}
	for _, file := range candidates {
		if _, err := os.Stat(file); err == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("no collector's configuration found, looked for %v: name one with --config, or the state directory of nines up with --state", candidates)
}
