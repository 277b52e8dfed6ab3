package schedule

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/probes"
)

// target answers for the checks of a test: what it says may depend on how often it was asked.
type target func(ctx context.Context, n int) probes.Outcome

func (f target) prober() probes.Prober { return &counted{f: f} }

type counted struct {
	f target
	n atomic.Int64
}

func (c *counted) Probe(ctx context.Context) probes.Outcome { return c.f(ctx, int(c.n.Add(1))) }

func answers(reason wire.Reason) target {
	return func(context.Context, int) probes.Outcome { return probes.Outcome{Reason: reason} }
}

// takes answers after d, or with a timeout at its deadline.
func takes(d time.Duration) target {
	return func(ctx context.Context, _ int) probes.Outcome {
		select {
		case <-time.After(d):
			return probes.Outcome{Reason: wire.OK, Latency: d}
		case <-ctx.Done():
			return probes.Outcome{Reason: wire.Timeout}
		}
	}
}

// rig runs a scheduler on the bubble's time, with a wall clock that a test can step.
type rig struct {
	*Scheduler
	step    atomic.Int64 // ns that the wall clock is ahead of the bubble's
	end     context.CancelFunc
	running sync.WaitGroup

	mu   sync.Mutex
	seen []Observation
}

func (r *rig) now() time.Time {
	return time.Now().Add(time.Duration(r.step.Load())).Round(0)
}

// start runs checks against targets by check id; a check without one is up.
func start(t *testing.T, o Options, targets map[string]target, checks ...wire.Check) *rig {
	t.Helper()
	r := &rig{}
	o.Now = r.now
	o.Record = func(ob Observation) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.seen = append(r.seen, ob)
	}
	if o.New == nil {
		o.New = func(c wire.Check) (probes.Prober, error) {
			if f, ok := targets[c.ID]; ok {
				return f.prober(), nil
			}
			return answers(wire.OK).prober(), nil
		}
	}
	r.Scheduler = New(o)
	r.Set(checks)
	ctx, cancel := context.WithCancel(t.Context())
	r.end = cancel
	r.running.Go(func() { r.Run(ctx) })
	t.Cleanup(r.stop)
	return r
}

func (r *rig) stop() {
	r.end()
	r.running.Wait()
}

// pass lets d go by and all that follows from it settle.
func pass(d time.Duration) {
	<-time.After(d) // the bubble's time: no real waiting
	synctest.Wait()
}

func (r *rig) of(id string) []Observation {
	r.mu.Lock()
	defer r.mu.Unlock()
	var own []Observation
	for _, o := range r.seen {
		if o.Check.ID == id {
			own = append(own, o)
		}
	}
	return own
}

func (r *rig) instants(id string) []int64 {
	var ts []int64
	for _, o := range r.of(id) {
		ts = append(ts, o.Result.T)
	}
	return ts
}

func check(id string, interval time.Duration) wire.Check {
	return wire.Check{
		ID: id, IntervalMS: interval.Milliseconds(), TimeoutMS: 5000, RetryMS: 5000, DownAfter: 2, UpAfter: 1,
		TCP: &wire.TCP{Address: "192.0.2.1:1"},
	}
}

// increasing fails the test unless the instants of id strictly increase.
func (r *rig) increasing(t *testing.T, id string) {
	t.Helper()
	ts := r.instants(id)
	for i := 1; i < len(ts); i++ {
		if ts[i] <= ts[i-1] {
			t.Errorf("instants of %s: %d follows %d, want strictly increasing", id, ts[i], ts[i-1])
		}
	}
}
