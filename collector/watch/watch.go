package watch

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/collector/store"
)

// Settle is how long a correction must stand before it is recorded, when Options name no
// other time: data that arrives in many batches corrects once.
const Settle = 10 * time.Minute

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
	set    *metrics.Set

	mu sync.Mutex
}

// New makes a watch. It reads the recorded states at its first Tick or Changed.
func New(o Options) *Watch {
	if o.Settle == 0 {
		o.Settle = Settle
	}
	return &Watch{source: o.Source, store: o.Store, log: o.Log, settle: o.Settle, set: metrics.NewSet()}
}

// Metrics are the watch's own.
func (w *Watch) Metrics() *metrics.Set { return w.set }

// Tick evaluates every SLO as of now.
func (w *Watch) Tick(ctx context.Context, now time.Time) error { return nil }

// Changed evaluates at once the SLOs whose observations changed.
func (w *Watch) Changed(ctx context.Context, now time.Time, touched ...Touch) error { return nil }
