// Package up starts everything on one machine: a collector, an agent, and a contract that
// probes what is really there, so that a newcomer sees real availability within a minute.
//
// What it writes into its state directory are ordinary files: the same collector.toml, contracts
// and database that a collector elsewhere has, so all other commands work on them.
package up

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nines-monitor/nines/agent"
	"github.com/nines-monitor/nines/collector"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/durable"
	"github.com/nines-monitor/nines/internal/wire"
)

// Options are what `nines up` is told.
type Options struct {
	State          string // directory; made when it is not there
	Listen         string // of the pages; empty: collector.DefaultListen
	AgentsListen   string // of the agents; empty: collector.DefaultAgentsListen
	InsecureListen bool
	Demo           bool
}

// ConfigName is the collector's configuration in a state directory.
const ConfigName = "collector.toml"

// DefaultState is where the state goes when nothing is said: $XDG_STATE_HOME/nines.
func DefaultState() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "nines"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("%w: say where the state may go with --state", err)
	}
	return filepath.Join(home, ".local", "state", "nines"), nil
}

// Run runs until ctx is done, and then stops agents and collector in that order.
func Run(ctx context.Context, o Options, out io.Writer, log *slog.Logger) error {
	cfg, err := prepare(o)
	if err != nil {
		return err
	}
	c, err := collector.Start(ctx, cfg, log)
	if err != nil {
		return err
	}
	err = serve(ctx, o, c, out, log)
	return errors.Join(err, c.Close())
}

// prepare lays out the state directory: collector.toml and the directory of contracts.
func prepare(o Options) (collector.Config, error) {
	if err := os.MkdirAll(filepath.Join(o.State, "clients"), 0o755); err != nil {
		return collector.Config{}, fmt.Errorf("make the state directory: %w: choose another with --state", err)
	}
	file := filepath.Join(o.State, ConfigName)
	if err := writeOnce(file, []byte(collectorText)); err != nil {
		return collector.Config{}, fmt.Errorf("the state directory %s cannot be used: %w: choose another with --state", o.State, err)
	}
	return collector.LoadConfig(file, collector.Flags{
		Listen: o.Listen, AgentsListen: o.AgentsListen, InsecureListen: o.InsecureListen,
	})
}

const collectorText = `# Written by ` + "`nines up`" + ` and yours to change; docs/collector.md has every key.
state   = "."
clients = "clients"

# Where breaches and reports are mailed from:
# [mail]
# host = "mail.example.com"
# from = "nines@example.com"
`

func serve(ctx context.Context, o Options, c *collector.Collector, out io.Writer, log *slog.Logger) error {
	text, err := starter(look(ctx), c.AgentsURL(), time.Now())
	if err != nil {
		return fmt.Errorf("write the starter contract: %w", err)
	}
	if err := writeOnce(filepath.Join(o.State, "clients", starterClient+".toml"), text); err != nil {
		return err
	}
	if err := c.ReloadContracts(ctx); err != nil {
		return err
	}
	agents := agents{collector: c, state: o.State, log: log}
	defer agents.stop()
	if err := agents.start(ctx, starterClient, starterSite, starterAgent); err != nil {
		return err
	}
	announce(out, o, c)
	if _, err := os.Stat(demoFile(o)); err == nil && !o.Demo {
		fmt.Fprintf(out, "  The demonstration of an earlier start is still in force, without its targets:\n  go on with --demo, or delete %s.\n", demoFile(o))
	}
	if o.Demo {
		end, err := startDemo(ctx, o, c, &agents, out)
		if err != nil {
			return err
		}
		defer end()
	}
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "Stopping.")
		return nil
	case err := <-c.Failed():
		return err
	case err := <-agents.failed():
		return err
	}
}

func announce(out io.Writer, o Options, c *collector.Collector) {
	state, err := filepath.Abs(o.State)
	if err != nil {
		state = o.State
	}
	fmt.Fprintf(out, "nines is up.\n  Page       %s\n  State      %s\n  Contracts  %s\n  Stop with Ctrl-C; start again to go on.\n",
		c.PagesURL(), state, filepath.Join(state, "clients"))
}

// agents are the agents that run beside the collector.
type agents struct {
	collector *collector.Collector
	state     string
	log       *slog.Logger

	ends    []context.CancelFunc
	running []chan struct{}
	errs    chan error
}

func (a *agents) failed() <-chan error { return a.errs }

// start registers an agent by its key and runs it.
func (a *agents) start(ctx context.Context, client, site, id string) error {
	if a.errs == nil {
		a.errs = make(chan error, 8)
	}
	dir := filepath.Join(a.state, "agents", id)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the agent's state directory: %w", err)
	}
	if err := a.register(ctx, dir, client, site, id); err != nil {
		return err
	}
	cfg := agent.Config{
		Collector: a.collector.AgentsURL(), CAFile: a.collector.CertFile(),
		StateDir: dir, SpoolMax: agent.DefaultSpoolMax,
	}
	// Not ctx's own cancellation: agents are stopped first, while the collector still listens.
	run, end := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	a.ends, a.running = append(a.ends, end), append(a.running, done)
	go func() {
		defer close(done)
		if err := agent.Run(run, cfg, a.log.With("agent", id)); err != nil && run.Err() == nil {
			a.errs <- fmt.Errorf("agent %s: %w", id, err)
		}
	}()
	return nil
}

func (a *agents) register(ctx context.Context, dir, client, site, id string) error {
	key, err := agent.EnsureIdentity(dir)
	if err != nil {
		return err
	}
	return a.collector.RegisterAgent(ctx, store.Agent{Tenant: client, Site: site, ID: id, PublicKey: publicKey(key), KeyID: wire.KeyID(publicKey(key))})
}

// stop ends all agents and waits for them: each ships what it has.
func (a *agents) stop() {
	for i, end := range a.ends {
		end()
		<-a.running[i]
	}
}

// replaceIfChanged writes a file that is ours, not the user's.
func replaceIfChanged(path string, text []byte) error {
	if old, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(old)) == strings.TrimSpace(string(text)) {
		return nil
	}
	return durable.WriteFile(path, text, 0o644)
}
