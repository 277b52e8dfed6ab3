// Package timeline folds observations into spans and keeps the heads of all series in memory.
//
// It promises that what it tells is what slo.Fold makes of all observations that were accepted,
// whatever the order in which they came and however often the collector crashed in between, and
// that nobody reads a state half changed. It refuses to judge: contracts, services and
// objectives are not known here.
package timeline

import (
	"context"
	"log/slog"

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
}

// Open restores the heads from the store and folds in what the journal holds beyond them.
func Open(ctx context.Context, o Options) (*Timeline, error) { panic("to be written") }

// Run stores what has changed, at least each second, until ctx ends, and then once more.
func (t *Timeline) Run(ctx context.Context) { panic("to be written") }

// Apply folds in an accepted record, of which b is the body decoded. Records may be handed over
// in any order: each is folded when all before it are.
func (t *Timeline) Apply(ctx context.Context, pos journal.Position, r journal.Record, b wire.Batch) error {
	panic("to be written")
}

// Flush stores what has changed, now.
func (t *Timeline) Flush(ctx context.Context) error { panic("to be written") }

// Spans gives the spans of a series that overlap [from, to), in order, and the one that
// follows directly upon the last of them, whole and not cut. The last one of a series may
// change with its next observation.
func (t *Timeline) Spans(ctx context.Context, s store.Series, from, to int64) ([]slo.Span, error) {
	panic("to be written")
}

// Last gives the newest result of a series; false when there is none.
func (t *Timeline) Last(s store.Series) (wire.Result, bool) { panic("to be written") }

// SeriesOf lists the series of a check that were ever observed, by agent.
func (t *Timeline) SeriesOf(tenant, check string) []store.Series { panic("to be written") }

// Subscribe gives a channel that receives after a change can be seen; many changes may come as
// one. cancel ends it.
func (t *Timeline) Subscribe() (changed <-chan struct{}, cancel func()) { panic("to be written") }

// Metrics are nines_timeline_...
func (t *Timeline) Metrics() *metrics.Set { panic("to be written") }
