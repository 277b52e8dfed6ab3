// Package timeline folds observations into spans and keeps the heads of all series in memory.
//
// It promises that what it tells is what slo.Fold makes of all observations that were accepted,
// whatever the order in which they came and however often the collector crashed in between, and
// that nobody reads a state half changed. It refuses to judge: contracts, services and
// objectives are not known here.
//
// A change of a series' parameters holds from the first observation that comes in order after
// it took effect, and starts a new segment there. What was folded before, and what arrives
// late for the time before, keeps the parameters that it had.
//
// In memory are, for each series, the newest hour of observations, the hours that are not
// stored yet, and the spans of the last 100 days, at most 20,000.
package timeline

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// Options are what a timeline stands on.
type Options struct {
	Store   store.Store
	Journal journal.Journal
	// Params gives the parameters in force for a series. Where it has none (Interval 0), those
	// it was folded with so far stay, or follow from the interval that its agent names.
	Params func(store.Series) slo.Params
	Log    *slog.Logger
}

// Timeline is what all series have been. All methods are safe for concurrent use.
type Timeline struct {
	store   store.Store
	journal journal.Journal
	params  func(store.Series) slo.Params
	log     *slog.Logger
	metrics *metrics.Set
	counts  counts

	patience time.Duration

	storing sync.Mutex // one flush at a time
	failing bool       // the last Tick has failed; guarded by storing

	folding  sync.Mutex // one record at a time, however long the store takes to read; before mu
	unstored map[*head]bool
	results  int // in hours that are not stored

	mu      sync.Mutex // never held while the store is read
	next    journal.Position
	waiting map[journal.Position]*handed // handed over and not folded in
	stored  journal.Position             // the store's
	now     *turns                       // under way; nil: none are

	working sync.WaitGroup // turns

	headsMu sync.RWMutex
	heads   map[store.Series]*head
	byCheck map[checkKey][]store.Series // by agent; never changed in place

	listenersMu sync.Mutex
	listeners   map[chan struct{}]bool
}

// checkKey names a check of a tenant.
type checkKey struct{ tenant, check string }

// handed is a record with its body decoded.
type handed struct {
	record journal.Record
	batch  wire.Batch
	folded chan struct{} // closed when it is
}

// Open restores the heads from the store and folds in what the journal holds beyond them.
func Open(ctx context.Context, o Options) (*Timeline, error) {
	t := &Timeline{
		store: o.Store, journal: o.Journal, params: o.Params, log: o.Log, metrics: metrics.NewSet(), patience: patience,
		waiting: map[journal.Position]*handed{}, unstored: map[*head]bool{},
		heads: map[store.Series]*head{}, byCheck: map[checkKey][]store.Series{}, listeners: map[chan struct{}]bool{},
	}
	t.counts = newCounts(t.metrics, t)
	applied, err := o.Store.Applied(ctx)
	if err != nil {
		return nil, fmt.Errorf("open timeline: %w", err)
	}
	t.next, t.stored = applied+1, applied
	chunks, err := o.Store.LatestChunks(ctx)
	if err != nil {
		return nil, fmt.Errorf("open timeline: %w", err)
	}
	for _, c := range chunks {
		h, err := restoreHead(o.Store, c)
		if err != nil {
			return nil, fmt.Errorf("open timeline: check %s of %s by %s: hour %d: %w; restore a backup", c.Check, c.Tenant, c.Agent, c.Hour, err)
		}
		t.putHead(h)
	}
	if err := t.catchUp(ctx); err != nil {
		t.working.Wait()
		return nil, fmt.Errorf("open timeline: %w", err)
	}
	return t, nil
}

// Spans gives the spans of a series that overlap [from, to), in order, and the one that
// follows directly upon the last of them, whole and not cut. The last one of a series may
// change with its next observation.
func (t *Timeline) Spans(ctx context.Context, s store.Series, from, to int64) ([]slo.Span, error) {
	h := t.head(s)
	if h == nil {
		return nil, nil
	}
	return h.spans(ctx, from, to)
}

// Last gives the newest result of a series; false when there is none.
func (t *Timeline) Last(s store.Series) (wire.Result, bool) {
	h := t.head(s)
	if h == nil {
		return wire.Result{}, false
	}
	return h.last()
}

// SeriesOf lists the series of a check that were ever observed, by agent. The caller does not
// change the slice.
func (t *Timeline) SeriesOf(tenant, check string) []store.Series {
	t.headsMu.RLock()
	defer t.headsMu.RUnlock()
	return t.byCheck[checkKey{tenant, check}]
}

// putHead makes a head known.
func (t *Timeline) putHead(h *head) {
	t.headsMu.Lock()
	defer t.headsMu.Unlock()
	t.heads[h.series] = h
	key := checkKey{h.series.Tenant, h.series.Check}
	all := append(slices.Clip(t.byCheck[key]), h.series)
	slices.SortFunc(all, func(a, b store.Series) int { return strings.Compare(a.Agent, b.Agent) })
	t.byCheck[key] = all
}

// head is nil for a series that was never observed.
func (t *Timeline) head(s store.Series) *head {
	t.headsMu.RLock()
	defer t.headsMu.RUnlock()
	return t.heads[s]
}

// Subscribe gives a channel that receives after a change can be seen; many changes may come as
// one. cancel ends it.
func (t *Timeline) Subscribe() (changed <-chan struct{}, cancel func()) {
	c := make(chan struct{}, 1)
	t.listenersMu.Lock()
	defer t.listenersMu.Unlock()
	t.listeners[c] = true
	return c, func() {
		t.listenersMu.Lock()
		defer t.listenersMu.Unlock()
		delete(t.listeners, c)
	}
}

// tell lets all listeners know that something has changed.
func (t *Timeline) tell() {
	t.listenersMu.Lock()
	defer t.listenersMu.Unlock()
	for c := range t.listeners {
		select {
		case c <- struct{}{}:
		default: // it has not heard of the change before: once is enough
		}
	}
}

// Metrics are nines_timeline_...
func (t *Timeline) Metrics() *metrics.Set { return t.metrics }
