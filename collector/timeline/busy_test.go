package timeline

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
)

// gated is a store that lets nobody read the past before it is opened.
type gated struct {
	store.Store
	reading chan struct{} // receives from each who comes to the gate
	open    chan struct{}
}

func (s gated) Chunks(ctx context.Context, x store.Series, from, to int64) ([]store.Chunk, error) {
	select {
	case s.reading <- struct{}{}:
	default:
	}
	<-s.open
	return s.Store.Chunks(ctx, x, from, to)
}

func TestLateResultsHoldNobodyUp(t *testing.T) {
	w := startWorld(t)
	w.accept(every(0, 1000, wire.OK)...)
	w.accept(every(50*hourS, 51*hourS, wire.OK)...)
	w.flush()
	w.crash()
	gate := gated{w.db, make(chan struct{}, 1), make(chan struct{})}
	w.line.store, w.line.head(erp).store = gate, gate
	w.line.patience = time.Millisecond
	before := w.spans(t0, math.MaxInt64)

	late := w.append(every(1000, 2*hourS, wire.Timeout)...)
	w.hand(late) // comes back although it is not folded
	<-gate.reading
	other := w.append(at(51*hourS, wire.OK))
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.hand(other)
		if got := w.spans(t0, math.MaxInt64); !slices.Equal(got, before) {
			t.Errorf("Spans meanwhile = %s, want those before: %s", show(got), show(before))
		}
		if _, ok := w.line.Last(erp); !ok {
			t.Error("Last meanwhile = false, want a result")
		}
		w.line.Metrics().WritePrometheus(new(bytes.Buffer))
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("a batch, a page and the metrics have waited for 10 s, want them not to wait for late results")
	}
	close(gate.open)
	<-done
	w.line.Tick(t.Context())
	w.check()
	w.crash()
	w.check()
}

func TestABatchOfManyRunsIsFoldedAsOne(t *testing.T) {
	w := startWorld(t)
	w.accept(every(100*hourS, 101*hourS, wire.OK)...)
	b := wire.Batch{Epoch: 1, Seq: 2}
	for _, x := range every(0, 20*hourS, wire.Timeout) {
		b.Runs = append(b.Runs, wire.Run{Check: erp.Check, IntervalMS: 30 * second, Results: []wire.Result{x}})
		w.told = append(w.told, observation(x))
	}
	again := b.Runs[7].Results[0]
	again.Reason = wire.OK // contradicts
	b.Runs = append(b.Runs, wire.Run{Check: erp.Check, IntervalMS: 30 * second, Results: []wire.Result{again}})
	counting := &halting{Store: w.db, after: 1000}
	w.line.head(erp).store = counting
	w.hand(accepted{2, journal.Record{Tenant: erp.Tenant, Agent: erp.Agent}, b})
	w.check()
	if reads := 1000 - counting.after; reads > 10 {
		t.Errorf("2,401 runs of 20 hours took %d reads, want at most 10", reads)
	}
}

// TestScatteredHoursAreReadByTheDay has late results change every other hour of a month: each
// ends a fold of its own.
func TestScatteredHoursAreReadByTheDay(t *testing.T) {
	hourlyStale := halfMinute
	hourlyStale.StaleAfter = hourMS
	w := newWorld(t, t.TempDir(), hourlyStale)
	t.Cleanup(w.close)
	const days = 30
	var all, late []wire.Result
	for s := int64(0); s < days*24*hourS; s += 600 {
		all = append(all, at(s, wire.OK))
		if s%(2*hourS) == 0 {
			late = append(late, at(s+30, wire.Timeout), at(s+60, wire.Timeout))
		}
	}
	w.accept(all...)
	w.flush()
	w.crash()
	counting := &halting{Store: w.db, after: 1000}
	w.line.head(erp).store = counting
	w.hand(w.append(late...))
	if reads := 1000 - counting.after; reads > 3*days {
		t.Errorf("late results in %d hours of %d days took %d reads, want at most 3 a day", len(late)/2, days, reads)
	}
	w.check()
	w.flush()
	w.crash()
	w.check()
}

// brittle is a journal whose reader dies after some records.
type brittle struct {
	journal.Journal
	after int
}

var errDied = errors.New("died")

func (j *brittle) Replay(ctx context.Context, after journal.Position, fn func(journal.Position, journal.Record) error) error {
	return j.Journal.Replay(ctx, after, func(p journal.Position, r journal.Record) error {
		if j.after--; j.after < 0 {
			return errDied
		}
		return fn(p, r)
	})
}

func TestAStartThatIsCutShortIsNotInVain(t *testing.T) {
	w := startWorld(t)
	for i := range int64(2*replayRecords + 10) {
		w.append(at(i*30, wire.OK)) // durable, and the collector dies
	}
	_, err := Open(t.Context(), Options{Store: w.db, Journal: &brittle{w.db, 2*replayRecords + 5}, Log: w.line.log, Params: w.line.params})
	if !errors.Is(err, errDied) {
		t.Fatalf("Open() = %v, want the journal's own error", err)
	}
	if got, err := w.db.Applied(t.Context()); err != nil || got != 2*replayRecords {
		t.Errorf("Applied() after a start that was cut short = %d, %v, want %d", got, err, 2*replayRecords)
	}
	w.crash()
	w.check()
}
