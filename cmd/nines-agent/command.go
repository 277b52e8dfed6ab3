package main

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"log/slog"
	"sync"

	"github.com/nines-monitor/nines/agent"
	"github.com/nines-monitor/nines/internal/cli"
	"github.com/nines-monitor/nines/internal/systemd"
	"github.com/nines-monitor/nines/internal/version"
	"github.com/nines-monitor/nines/internal/wire"
)

// commandLine is everything that can be asked of nines-agent. There is no verb to run, fetch,
// write or update anything.
type commandLine struct {
	Run     runCommand     `cmd:"" help:"Probe and ship until SIGTERM."`
	Key     keyCommand     `cmd:"" help:"Print the agent's public key and its id, for nines agent register. Makes the key if there is none."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

type runCommand struct {
	Config string `required:"" placeholder:"FILE" help:"The agent.toml to run with."`
	State  string `placeholder:"DIR" help:"State directory; wins over the one in the file."`
}

type keyCommand struct {
	Config string `placeholder:"FILE" help:"The agent.toml that the agent runs with: its state directory holds the key."`
	State  string `placeholder:"DIR" help:"State directory; wins over the one in the file. Default without either: $STATE_DIRECTORY, else /var/lib/nines-agent."`
}

type versionCommand struct{}

// Run carries out one command line, until it is done or ctx ends.
func Run(ctx context.Context, args []string, streams cli.Streams) error {
	return cli.Dispatch(ctx, "nines-agent", "Probes what a site depends on and ships every result to its collector.", &commandLine{}, args, streams)
}

func (c runCommand) Run(ctx context.Context, streams cli.Streams) error {
	cfg, err := agent.LoadConfig(c.Config)
	if err != nil {
		return err
	}
	if c.State != "" {
		cfg.StateDir = c.State
	}
	log := slog.New(slog.NewTextHandler(streams.Err, &slog.HandlerOptions{Level: cfg.LogLevel}))
	a, err := agent.New(cfg, log)
	if err != nil {
		return err
	}
	var speaking sync.WaitGroup
	ended := make(chan struct{})
	speaking.Go(func() { speak(ctx, a, log, ended) })
	err = a.Run(ctx)
	close(ended)
	speaking.Wait()
	return err
}

// speak tells the service manager how a fares, from the first tick of its schedule until ended
// is closed.
func speak(ctx context.Context, a *agent.Agent, log *slog.Logger, ended <-chan struct{}) {
	select {
	case <-a.Started():
	case <-ended:
		return
	}
	n := systemd.Start(log, func() bool { return a.Healthy() == nil })
	defer n.Stop()
	select {
	case <-ctx.Done():
		n.Stopping()
	case <-ended:
	}
	<-ended
}

func (c keyCommand) Run(streams cli.Streams) error {
	dir, err := c.stateDir()
	if err != nil {
		return err
	}
	key, err := agent.EnsureIdentity(dir)
	if err != nil {
		return err
	}
	pub, _ := key.Public().(ed25519.PublicKey)
	_, err = fmt.Fprintf(streams.Out, "%s\n%s\n", base64.StdEncoding.EncodeToString(pub), wire.KeyID(pub))
	return err
}

// stateDir is the directory that run would use with the same flags.
func (c keyCommand) stateDir() (string, error) {
	var cfg agent.Config
	if c.Config != "" {
		var err error
		if cfg, err = agent.LoadConfig(c.Config); err != nil {
			return "", err
		}
	}
	return cmp.Or(c.State, cfg.StateDir, agent.DefaultStateDir()), nil
}

func (versionCommand) Run(streams cli.Streams) error {
	_, err := fmt.Fprintln(streams.Out, "nines-agent", version.String())
	return err
}
