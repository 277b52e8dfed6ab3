package agent

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/nines-monitor/nines/agent/schedule"
	"github.com/nines-monitor/nines/agent/ship"
	"github.com/nines-monitor/nines/internal/durable"
	"github.com/nines-monitor/nines/internal/wire"
)

const (
	askEvery   = time.Minute
	askTimeout = 30 * time.Second
	// askAgain keeps a collector that names an unknown revision in every acknowledgement from
	// being asked for it each time.
	askAgain = 2 * time.Second
)

// orders keeps the checks that the collector wants probed: fetched, verified, saved, and only
// then in force. What is refused leaves the last accepted ones in force.
type orders struct {
	client   *ship.Client
	schedule *schedule.Scheduler
	path     string
	log      *slog.Logger
	kick     chan struct{}
	set      *metrics.Set
	accepted *metrics.Counter
	refused  *metrics.Counter
	failed   *metrics.Counter
	troubles ship.Troubles

	mu       sync.Mutex
	revision string // in force
	wanted   string // named by the last acknowledgement
	spurned  string // was wanted when the answer was refused: the next minute will do
}

func newOrders(c *ship.Client, s *schedule.Scheduler, path string, log *slog.Logger) *orders {
	set := metrics.NewSet()
	return &orders{
		client: c, schedule: s, path: path, log: log, kick: make(chan struct{}, 1), set: set,
		accepted: set.NewCounter(`nines_agent_config_fetches_total{outcome="accepted"}`),
		refused:  set.NewCounter(`nines_agent_config_fetches_total{outcome="refused"}`),
		failed:   set.NewCounter(`nines_agent_config_fetches_total{outcome="failed"}`),
	}
}

// load puts the configuration on disk in force, so that an agent that starts without its
// collector measures at once.
func (o *orders) load() {
	data, err := os.ReadFile(o.path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var c wire.Config
	if err == nil {
		c, err = wire.DecodeConfig(data)
	}
	if err != nil {
		o.log.Warn("saved configuration cannot be used: waiting for the collector's", "path", o.path, "error", err)
		return
	}
	o.apply(c)
}

func (o *orders) apply(c wire.Config) {
	o.schedule.Set(c.Checks)
	o.mu.Lock()
	o.revision = c.Revision
	o.mu.Unlock()
	o.log.Info("configuration in force", "client", c.Client, "site", c.Site, "revision", c.Revision, "checks", len(c.Checks))
}

// want asks for the configuration soon if revision is not the one in force.
func (o *orders) want(revision string) {
	o.mu.Lock()
	o.wanted = revision
	known := revision == "" || revision == o.revision || revision == o.spurned
	o.mu.Unlock()
	if known {
		return
	}
	select {
	case o.kick <- struct{}{}:
	default:
	}
}

func (o *orders) inForce() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.revision
}

// run asks every minute, when want calls, and more often at first while the collector fails.
func (o *orders) run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		err := o.ask(ctx)
		pause := askEvery
		if err != nil {
			pause = min(askEvery, time.Second<<min(failures, 6))
			failures++
		} else {
			failures = 0
		}
		pause = pause/2 + rand.N(pause/2+1) // a thousand agents do not ask at once
		o.wait(ctx, pause)
	}
}

// wait returns after pause, when ctx ends, or when want calls, though not at once.
func (o *orders) wait(ctx context.Context, pause time.Duration) {
	soonest := time.NewTimer(min(pause, askAgain))
	defer soonest.Stop()
	latest := time.NewTimer(pause)
	defer latest.Stop()
	select {
	case <-ctx.Done():
		return
	case <-soonest.C:
	}
	select {
	case <-ctx.Done():
	case <-latest.C:
	case <-o.kick:
	}
}

// ask fetches the configuration once, and puts it in force if it is new and good.
func (o *orders) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	data, err := o.client.Config(ctx, o.inForce())
	if err != nil {
		o.failed.Inc()
		if !errors.Is(err, context.Canceled) && o.troubles.News(err) {
			o.tellFailed(err)
		}
		return err
	}
	if data == nil {
		o.troubles.Over()
		return nil
	}
	c, err := wire.DecodeConfig(data)
	if err == nil && c.Revision == "" {
		err = errors.New("decode configuration: no revision")
	}
	if err != nil {
		o.refused.Inc()
		o.mu.Lock()
		o.spurned = o.wanted
		o.mu.Unlock()
		if o.troubles.News(err) {
			o.log.Warn("collector's configuration is refused", "error", err, "meanwhile", o.meanwhile())
		}
		return nil // asking more often would not help
	}
	o.troubles.Over()
	if c.Revision == o.inForce() {
		return nil
	}
	if err := durable.WriteFile(o.path, data, 0o600); err != nil {
		o.log.Warn("configuration is in force but not saved: a restart without the collector would not know it", "error", err)
	}
	o.accepted.Inc()
	o.apply(c)
	return nil
}

func (o *orders) tellFailed(err error) {
	known := []any{"cause", ship.Cause(err), "error", err, "meanwhile", o.meanwhile()}
	if remedy := ship.Remedy(err); remedy != "" {
		known = append(known, "remedy", remedy)
	}
	o.log.Warn("configuration cannot be fetched", known...)
}

// meanwhile says what is probed until a configuration arrives.
func (o *orders) meanwhile() string {
	if o.inForce() == "" {
		return "nothing is probed"
	}
	return "the last accepted one stays in force"
}
