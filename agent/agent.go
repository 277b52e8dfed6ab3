package agent

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/nines-monitor/nines/agent/schedule"
	"github.com/nines-monitor/nines/agent/ship"
	"github.com/nines-monitor/nines/agent/spool"
	"github.com/nines-monitor/nines/internal/statedir"
	"github.com/nines-monitor/nines/internal/wire"
)

const (
	// lastShip bounds the attempt to ship what waits when the agent stops.
	lastShip = 3 * time.Second
	// stalledAfter is how long the schedule may stand still before the agent is not healthy.
	stalledAfter = 5 * time.Second
)

// Agent is one running agent on one state directory.
type Agent struct {
	cfg      Config
	log      *slog.Logger
	claim    *statedir.Claim
	client   *ship.Client
	spool    *spool.Spool
	schedule *schedule.Scheduler
	shipper  *ship.Shipper
	orders   *orders
	listener net.Listener // nil: no metrics
	ill      map[string]bool
	diskFull bool
}

// New opens the state of an agent: its directory, key, spool, last configuration and metrics
// port. What it opened is let go by Run.
func New(cfg Config, log *slog.Logger) (*Agent, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	roots, err := readRoots(cfg.CAFile)
	if err != nil {
		return nil, err
	}
	claim, err := statedir.Take(cfg.StateDir)
	if err != nil {
		return nil, err
	}
	a := &Agent{cfg: cfg, log: log, claim: claim, ill: map[string]bool{}}
	key, err := EnsureIdentity(cfg.StateDir)
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	if a.listener, err = listen(cfg.Metrics); err != nil {
		return nil, errors.Join(err, a.close())
	}
	if a.spool, err = spool.Open(filepath.Join(cfg.StateDir, "spool"), spool.Options{MaxBytes: cfg.SpoolMax, Log: log}); err != nil {
		return nil, errors.Join(err, a.close())
	}
	base, err := url.Parse(cfg.Collector)
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	a.client = ship.NewClient(base, roots, key, time.Now)
	a.schedule = schedule.New(schedule.Options{Record: a.record, Last: a.spool.Last(), Log: log})
	a.orders = newOrders(a.client, a.schedule, filepath.Join(cfg.StateDir, "config.json"), log)
	a.shipper = ship.New(a.client, a.spool, a.orders.want, log)
	a.orders.load()
	pub, _ := key.Public().(ed25519.PublicKey)
	log.Info("agent opened", "key", wire.KeyID(pub), "state", cfg.StateDir, "collector", cfg.Collector, "metrics", a.MetricsAddr())
	return a, nil
}

// Run measures with cfg until ctx ends: New and Agent.Run in one.
func Run(ctx context.Context, cfg Config, log *slog.Logger) error {
	a, err := New(cfg, log)
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

// Run measures and ships until ctx ends, and then stops in a fixed order: the schedule, the
// probes in flight, the spool to disk, one last attempt to ship, the files. It may be called
// once.
func (a *Agent) Run(ctx context.Context) error {
	// The spool and the metrics outlive the schedule.
	after, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	var support, work sync.WaitGroup
	support.Go(func() { a.spool.Run(after) })
	support.Go(func() { a.serve(after) })
	work.Go(func() { a.schedule.Run(ctx) })
	work.Go(func() { a.shipper.Run(ctx) })
	work.Go(func() { a.orders.run(ctx) })
	work.Wait()

	err := a.spool.Flush()
	last, cancel := context.WithTimeout(after, lastShip)
	a.shipper.Last(last)
	cancel()
	end()
	support.Wait()
	err = errors.Join(err, a.close())
	if err != nil {
		return fmt.Errorf("stop agent: %w", err)
	}
	a.log.Info("agent stopped")
	return nil
}

// Started is closed when the schedule has begun to tick.
func (a *Agent) Started() <-chan struct{} { return a.schedule.Started() }

// Healthy gives the reason why the agent does not measure, or nil.
func (a *Agent) Healthy() error { return a.schedule.Healthy(stalledAfter) }

// MetricsAddr is where /metrics and /healthz are served; empty: nowhere.
func (a *Agent) MetricsAddr() string {
	if a.listener == nil {
		return ""
	}
	return a.listener.Addr().String()
}

// record has an observation on disk, and tells of what changed.
func (a *Agent) record(o schedule.Observation) {
	err := a.spool.Append(spool.Entry{
		Check:      o.Check.ID,
		IntervalMS: o.Check.IntervalMS,
		PhaseMS:    o.Check.PhaseMS(),
		Result:     o.Result,
	}, o.Changed)
	if full := err != nil; full != a.diskFull {
		a.diskFull = full
		if full {
			a.log.Error("results are lost: the spool cannot be written to; make room on the disk of the state directory", "error", err)
		} else {
			a.log.Info("results are kept again")
		}
	}
	a.tell(o)
}

// tell logs when a check falls ill, changes its illness, and recovers.
func (a *Agent) tell(o schedule.Observation) {
	reason := o.Result.Reason
	if !o.Changed || reason == wire.OK && !a.ill[o.Check.ID] {
		return
	}
	a.ill[o.Check.ID] = reason != wire.OK
	a.log.Info("check changed", "check", o.Check.ID, "status", reason.Status().String(), "reason", reason.String(), "detail", o.Detail)
}

// close lets go of everything that New opened.
func (a *Agent) close() error {
	var errs []error
	if a.client != nil {
		a.client.Close()
	}
	if a.spool != nil {
		errs = append(errs, a.spool.Close())
	}
	if a.listener != nil {
		a.listener.Close()
	}
	return errors.Join(append(errs, a.claim.Release())...)
}
