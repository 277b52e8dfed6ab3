package timeline

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/collector/sqlite"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

const (
	second = int64(1000)
	t0     = 1_790_000_000_000 - 1_790_000_000_000%hourMS
)

var erp = store.Series{Tenant: "acme", Check: "erp", Agent: "hq-1"}

// testing.T and rapid.T alike.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// world is a timeline on a real database, and all that its series were told.
type world struct {
	t      tester
	dir    string
	params slo.Params
	db     *sqlite.DB
	line   *Timeline
	seq    uint64
	told   []slo.Observation // in order of acceptance
}

func newWorld(t tester, dir string, params slo.Params) *world {
	w := &world{t: t, dir: dir, params: params}
	w.open()
	return w
}

func (w *world) open() {
	w.t.Helper()
	var err error
	if w.db, err = sqlite.Open(context.Background(), w.dir); err != nil {
		w.t.Fatalf("open database: %v", err)
	}
	w.line, err = Open(context.Background(), Options{
		Store: w.db, Journal: w.db, Log: slog.New(slog.DiscardHandler),
		Params: func(store.Series) slo.Params { return w.params },
	})
	if err != nil {
		w.t.Fatalf("Open() = %v, want a timeline", err)
	}
	w.line.patience = time.Minute // what is accepted can be seen at once, however busy the machine
}

// crash forgets all that is not on disk.
func (w *world) crash() {
	w.t.Helper()
	w.close()
	w.open()
}

func (w *world) close() {
	if err := w.db.Close(); err != nil {
		w.t.Errorf("close database: %v", err)
	}
}

// accept puts results into the journal, and hands them over.
func (w *world) accept(results ...wire.Result) {
	w.t.Helper()
	w.hand(w.append(results...))
}

type accepted struct {
	pos    journal.Position
	record journal.Record
	batch  wire.Batch
}

func (w *world) append(results ...wire.Result) accepted {
	w.t.Helper()
	w.seq++
	b := wire.Batch{Epoch: 1, Seq: w.seq, Runs: []wire.Run{{Check: erp.Check, IntervalMS: 30 * second, Results: results}}}
	body, err := wire.EncodeBatch(b)
	if err != nil {
		w.t.Fatalf("EncodeBatch: %v", err)
	}
	r := journal.Record{Tenant: erp.Tenant, Agent: erp.Agent, Epoch: 1, Seq: w.seq, Body: body}
	receipt, err := w.db.Append(context.Background(), r)
	if err != nil {
		w.t.Fatalf("Append: %v", err)
	}
	for _, x := range results {
		w.told = append(w.told, observation(x))
	}
	return accepted{receipt.Position, r, b}
}

func (w *world) hand(a accepted) {
	w.t.Helper()
	if err := w.line.Apply(context.Background(), a.pos, a.record, a.batch); err != nil {
		w.t.Fatalf("Apply(%d): %v", a.pos, err)
	}
}

func (w *world) flush() {
	w.t.Helper()
	if err := w.line.Flush(context.Background()); err != nil {
		w.t.Fatalf("Flush: %v", err)
	}
}

func (w *world) spans(from, to int64) []slo.Span {
	w.t.Helper()
	spans, err := w.line.Spans(context.Background(), erp, from, to)
	if err != nil {
		w.t.Fatalf("Spans: %v", err)
	}
	return spans
}

// check compares the timeline with one fold of all that was told.
func (w *world) check() {
	w.t.Helper()
	want := slo.Fold(w.params, w.told)
	if got := w.spans(math.MinInt64, math.MaxInt64); !slices.Equal(got, want) {
		w.t.Fatalf("Spans after %d observations\n got %s\nwant %s", len(w.told), show(got), show(want))
	}
}

func show(spans []slo.Span) (s string) {
	for _, x := range spans {
		s += fmt.Sprintf("[%d..%d] %d until %d (%d), ", (x.Start-t0)/second, (x.Last-t0)/second, x.State, (x.End-t0)/second, x.Reason)
	}
	return s
}

func at(seconds int64, r wire.Reason) wire.Result {
	return wire.Result{T: t0 + seconds*second, Reason: r, LatencyUS: seconds}
}

// TestAnyOrder is the timeline's promise: any order of arrival, with repeats and contradictions,
// with crashes and flushes in between, gives the spans of one fold of it all.
func TestAnyOrder(t *testing.T) {
	root, worlds := t.TempDir(), 0
	rapid.Check(t, func(r *rapid.T) {
		worlds++
		w := newWorld(r, filepath.Join(root, fmt.Sprint(worlds)), slo.Params{
			Interval: 30 * second, StaleAfter: rapid.SampledFrom([]int64{30, 60, 5400}).Draw(r, "stale") * second,
			DownAfter: rapid.IntRange(1, 3).Draw(r, "down_after"), UpAfter: rapid.IntRange(1, 3).Draw(r, "up_after"),
		})
		defer func() { w.close() }()
		batches := rapid.SliceOfN(batch(), 1, 12).Draw(r, "batches")
		var held []accepted
		for _, b := range batches {
			if len(b) == 0 {
				continue
			}
			held = append(held, w.append(b...))
			then := rapid.SampledFrom([]string{"hand over", "hand over", "hold back", "hand over and flush", "read", "crash", "tick"}).Draw(r, "then")
			switch then {
			case "hold back":
				continue
			case "crash": // the journal has what was held back
				w.crash()
				held = nil
				continue
			case "tick":
				w.line.Tick(context.Background())
				continue
			case "read":
				w.spans(t0, t0+10*second)
			}
			for _, i := range rapid.Permutation(indexes(held)).Draw(r, "order") {
				w.hand(held[i])
			}
			held = nil
			if then == "hand over and flush" {
				w.flush()
			}
		}
		w.line.Tick(context.Background())
		w.check()
		w.flush()
		w.check()
		w.crash()
		w.check()
	})
}

func indexes[T any](s []T) []int {
	all := make([]int, len(s))
	for i := range all {
		all[i] = i
	}
	return all
}

// batch generates results in order of time: on the grid mostly, somewhere in a few days, with
// gaps, so that hours are filled, missed and met again.
func batch() *rapid.Generator[[]wire.Result] {
	return rapid.Custom(func(r *rapid.T) []wire.Result {
		t := rapid.Int64Range(0, 20).Draw(r, "quarter")*900 + rapid.SampledFrom([]int64{0, 0, 86_400, 20 * 86_400}).Draw(r, "day")
		var results []wire.Result
		for range rapid.IntRange(1, 40).Draw(r, "count") {
			reason := rapid.SampledFrom([]wire.Reason{wire.OK, wire.OK, wire.OK, wire.OK, wire.Timeout, wire.Timeout, wire.Refused, wire.Uplink, wire.NoPermission}).Draw(r, "reason")
			results = append(results, at(t, reason))
			t += rapid.SampledFrom([]int64{30, 30, 30, 30, 30, 5, 60, 90, 3600, 7000}).Draw(r, "gap")
		}
		return results
	})
}
