package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/slo"
)

// Settle is how long a correction must stand before it is recorded, when Options name no
// other time: data that arrives in many batches corrects once.
const Settle = 10 * time.Minute

// LateBreach is how long after a period's end a breach of it is still told: one that is
// noticed later, in old data that has only just arrived, is recorded and shown, and mailed to
// nobody.
const LateBreach = 7 * 24 * time.Hour

// lookBack is how far a tick looks for periods that late data may still change: the one before
// the present, for months and all that is shorter.
const lookBack = 35 * 24 * time.Hour

const (
	mostPeriods = 26 // that one change is followed back through: half a year of weeks
	keptStates  = 400 * 24 * time.Hour
)

// Store is the part of store.Store that holds states.
type Store interface {
	SLOStates(ctx context.Context, from, to int64) ([]store.SLOState, error)
	PutSLOState(ctx context.Context, s store.SLOState, t store.Transition, m []store.Message) error
}

// Options are what a Watch needs.
type Options struct {
	Source ledger.Source
	Store  Store
	Log    *slog.Logger
	Settle time.Duration // 0: Settle
}

// Touch says whose observations changed.
type Touch struct {
	Client  string
	Service string // empty: all of the client's
	From    int64  // ms, the earliest instant that changed; 0: only the present matters
}

// Watch compares what is with what was last recorded. It is safe for concurrent use.
type Watch struct {
	source ledger.Source
	store  Store
	log    *slog.Logger
	settle time.Duration

	set         *metrics.Set
	evaluations *metrics.Counter
	failures    *metrics.Counter
	transitions *metrics.Counter
	duration    *metrics.PrometheusHistogram

	mu          sync.Mutex
	loaded      bool
	states      map[key]store.SLOState
	corrections map[key]correction // seen, and not yet recorded
}

// key names one state.
type key struct {
	client, slo string
	period      slo.Period
}

// New makes a watch. It reads the recorded states at its first Tick or Changed.
func New(o Options) *Watch {
	if o.Settle == 0 {
		o.Settle = Settle
	}
	set := metrics.NewSet()
	return &Watch{
		source: o.Source, store: o.Store, log: o.Log, settle: o.Settle,
		set:         set,
		evaluations: set.NewCounter("nines_watch_evaluations_total"),
		failures:    set.NewCounter("nines_watch_evaluations_failed_total"),
		transitions: set.NewCounter("nines_watch_transitions_total"),
		duration:    set.NewPrometheusHistogram("nines_watch_duration_seconds"),
		states:      make(map[key]store.SLOState),
		corrections: make(map[key]correction),
	}
}

// Metrics are the watch's own.
func (w *Watch) Metrics() *metrics.Set { return w.set }

// Tick evaluates every SLO as of now: its present period, those that ended in the last 35
// days, and those with a correction that waits to settle. The first Tick looks at every period
// that has a recorded state. An SLO that cannot be evaluated does not keep the others from it.
func (w *Watch) Tick(ctx context.Context, now time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := !w.loaded
	if err := w.load(ctx, now); err != nil {
		return err
	}
	again := w.waiting(first)
	var t tally
	for _, c := range w.source.Contracts() {
		for _, s := range c.SLOs {
			from := now.Add(-lookBack).UnixMilli()
			t.add(w.follow(ctx, c, s, from, now, again[key{client: c.Client.ID, slo: s.ID}]))
		}
	}
	return t.error()
}

// Changed evaluates at once the SLOs whose observations changed, back to the earliest change.
func (w *Watch) Changed(ctx context.Context, now time.Time, touched ...Touch) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.load(ctx, now); err != nil {
		return err
	}
	var t tally
	for _, c := range w.source.Contracts() {
		for _, s := range c.SLOs {
			if from, ok := earliest(touched, c.Client.ID, s.Service, now); ok {
				t.add(w.follow(ctx, c, s, from, now, nil))
			}
		}
	}
	return t.error()
}

// earliest is the first instant (ms) at which a service changed, if it did.
func earliest(touched []Touch, client, service string, now time.Time) (int64, bool) {
	from, found := now.UnixMilli(), false
	for _, t := range touched {
		if t.Client != client || t.Service != "" && t.Service != service {
			continue
		}
		found = true
		if t.From != 0 {
			from = min(from, t.From)
		}
	}
	return from, found
}

func (w *Watch) load(ctx context.Context, now time.Time) error {
	if w.loaded {
		return nil
	}
	states, err := w.store.SLOStates(ctx, now.Add(-keptStates).UnixMilli(), store.Always.End)
	if err != nil {
		return fmt.Errorf("read the states of the SLOs: %w", err)
	}
	for _, s := range states {
		w.states[key{s.Tenant, s.SLO, s.Period}] = s
	}
	w.loaded = true
	return nil
}

// waiting lists, by client and SLO, the periods to look at beside those that are due by now:
// those with an unsettled correction, or all that are known.
func (w *Watch) waiting(all bool) map[key][]slo.Period {
	periods := make(map[key][]slo.Period)
	add := func(k key) {
		of := key{client: k.client, slo: k.slo}
		periods[of] = append(periods[of], k.period)
	}
	if all {
		for k := range w.states {
			add(k)
		}
		return periods
	}
	for k := range w.corrections {
		add(k)
	}
	return periods
}

// follow evaluates an SLO in the periods that hold any instant from from to now, and in again.
func (w *Watch) follow(ctx context.Context, c *contract.Contract, s contract.SLO, from int64, now time.Time, again []slo.Period) (int, error) {
	periods := duePeriods(c, s.Window, from, now, again)
	for i, p := range periods {
		began := time.Now()
		err := w.evaluate(ctx, c, s, p, now)
		w.duration.UpdateDuration(began)
		w.evaluations.Inc()
		if err != nil {
			w.failures.Inc()
			return i, fmt.Errorf("%s of %s: %w", s.ID, c.Client.ID, err)
		}
	}
	return len(periods), nil
}

// tally counts evaluations, and keeps the first of the errors: a thousand SLOs that fail for
// one cause need one sentence.
type tally struct {
	done, failed int
	first        error
}

func (t *tally) add(done int, err error) {
	t.done += done
	if err == nil {
		return
	}
	t.failed++
	if t.first == nil {
		t.first = err
	}
}

var errNotEvaluated = errors.New("not evaluated")

func (t *tally) error() error {
	if t.failed == 0 {
		return nil
	}
	return fmt.Errorf("%w: %d SLOs, the first of them %w", errNotEvaluated, t.failed, t.first)
}
