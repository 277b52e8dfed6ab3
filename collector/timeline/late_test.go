package timeline

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

var halfMinute = slo.Params{Interval: 30 * second, StaleAfter: 60 * second, DownAfter: 2, UpAfter: 1}

func startWorld(t *testing.T) *world {
	w := newWorld(t, t.TempDir(), halfMinute)
	t.Cleanup(w.close)
	return w
}

// every gives results half a minute apart.
func every(from, until int64, r wire.Reason) (results []wire.Result) {
	for s := from; s < until; s += 30 {
		results = append(results, at(s, r))
	}
	return results
}

const hourS = 3600

func TestAnOutageFoundLater(t *testing.T) {
	w := startWorld(t)
	w.accept(every(0, 1000, wire.OK)...)
	w.accept(every(5*hourS, 9*hourS, wire.OK)...)
	w.flush()
	w.crash() // nothing of the past is in memory
	w.accept(every(1000, 5*hourS, wire.Timeout)...)
	w.check()
	w.crash()
	w.check()
	if got := w.spans(t0, t0+9*hourS*second); len(got) != 3 {
		t.Errorf("Spans = %s, want up, down, up", show(got))
	}
}

func TestTheFirstAcceptedStands(t *testing.T) {
	w := startWorld(t)
	w.accept(at(0, wire.OK), at(30, wire.OK))
	w.accept(at(0, wire.Timeout), at(30, wire.Timeout)) // contradicts
	w.accept(at(0, wire.OK), at(30, wire.OK))           // repeats
	w.check()
	w.flush()
	w.crash()
	w.check()
	if x, ok := w.line.Last(erp); !ok || x != at(30, wire.OK) {
		t.Errorf("Last() = %+v, %v, want the result of 30 s", x, ok)
	}
	if n := w.line.counts.known.Get(); n != 0 {
		t.Errorf("known results since the restart = %d, want 0: nothing was replayed twice", n)
	}
}

func TestAChangeOfParametersIsNotOfThePast(t *testing.T) {
	w := startWorld(t)
	w.accept(every(0, 90, wire.OK)...)
	w.accept(at(90, wire.Timeout)) // unconfirmed
	w.flush()
	w.params.DownAfter = 1
	w.accept(at(120, wire.Timeout), at(150, wire.Timeout))
	late := at(75, wire.Timeout) // of the time before
	late.T++
	w.accept(late)
	want := []slo.Span{
		{Start: t0, End: t0 + 120*second, Last: t0 + 60*second, State: slo.Up, Reason: slo.Reason(wire.OK)},
		{Start: t0 + 120*second, End: t0 + 210*second, Last: t0 + 150*second, State: slo.Down, Reason: slo.Reason(wire.Timeout)},
	}
	// 60 s up, 75 s and 90 s down: two in a row are an outage even then.
	want[0].End = late.T
	want = slices.Insert(want, 1, slo.Span{Start: late.T, End: t0 + 120*second, Last: t0 + 90*second, State: slo.Down, Reason: slo.Reason(wire.Timeout)})
	for _, restart := range []bool{false, true} {
		if restart {
			w.flush()
			w.crash()
		}
		if got := w.spans(t0, t0+hourS*second); !slices.Equal(got, want) {
			t.Errorf("Spans (after a restart: %v)\n got %s\nwant %s", restart, show(got), show(want))
		}
	}
}

func TestSpansGiveTheirNeighbour(t *testing.T) {
	w := startWorld(t)
	w.accept(at(0, wire.OK), at(30, wire.Timeout), at(60, wire.Timeout), at(90, wire.OK), at(1000, wire.OK))
	all := slo.Fold(w.params, w.told) // up, down, up, and later up
	for name, tc := range map[string]struct {
		from, to int64
		want     []slo.Span
	}{
		"all":                         {0, math.MaxInt64, all},
		"the first, and what follows": {t0, t0 + 10*second, all[:2]},
		"from the middle on":          {t0 + 35*second, t0 + 95*second, all[1:3]},
		"what follows is apart":       {t0 + 95*second, t0 + 500*second, all[2:3]},
		"before all":                  {0, t0, nil},
		"after all":                   {t0 + 9000*second, t0 + 9001*second, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := w.spans(tc.from, tc.to); !slices.Equal(got, tc.want) {
				t.Errorf("Spans(%d, %d)\n got %s\nwant %s", tc.from, tc.to, show(got), show(tc.want))
			}
		})
	}
}

func TestOldSpansAreReadFromTheStore(t *testing.T) {
	w := startWorld(t)
	const day = 24 * hourS
	for d := range int64(130) {
		w.accept(every(d*day, d*day+120, wire.OK)...)
	}
	w.flush()
	h := w.line.head(erp)
	if n := len(h.settled.spans); n < 95 || n > 101 {
		t.Errorf("%d spans in memory after 130 days, want those of 100", n)
	}
	w.check()
	w.crash()
	w.spans(t0+100*day*second, t0+130*day*second)
	if n := len(h.settled.spans); n < 95 || n > 101 {
		t.Errorf("%d spans in memory after a look at a month, want those of 100 days", n)
	}
	w.check()
}

func TestSubscribersHearOfChanges(t *testing.T) {
	w := startWorld(t)
	changed, cancel := w.line.Subscribe()
	heard := func() bool {
		select {
		case <-changed:
			return true
		default:
			return false
		}
	}
	w.accept(at(0, wire.OK))
	w.accept(at(30, wire.OK))
	if !heard() || heard() {
		t.Error("two changes that nobody waited for: want them told once")
	}
	w.accept(at(30, wire.OK))
	if heard() {
		t.Error("a repeat was told as a change")
	}
	cancel()
	w.accept(at(60, wire.OK))
	if heard() {
		t.Error("a change was told after cancel")
	}
}

func TestWhatWasSetAsideIsNotFolded(t *testing.T) {
	w := startWorld(t)
	a := w.append(at(0, wire.OK), at(30, wire.OK), at(60, wire.Timeout))
	w.told = w.told[:2]
	// The journal has the batch whole; handed over, and replayed, is what was decided on it.
	aside, err := EncodeAside([]Aside{{Check: erp.Check, After: t0 + 30*second, Count: 1, Reason: "in the future"}})
	if err != nil {
		t.Fatal(err)
	}
	a.record.Aside = aside
	w.hand(a)
	w.check()
}

// halting is a store that fails to read when it is told to.
type halting struct {
	store.Store
	mu    sync.Mutex
	after int // reads that succeed; negative: all
}

var errHalted = errors.New("read error")

func (s *halting) allow(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = n
}

func (s *halting) read() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.after == 0 {
		return errHalted
	}
	s.after--
	return nil
}

func (s *halting) Chunks(ctx context.Context, x store.Series, from, to int64) ([]store.Chunk, error) {
	if err := s.read(); err != nil {
		return nil, err
	}
	return s.Store.Chunks(ctx, x, from, to)
}

func (s *halting) ChunkBefore(ctx context.Context, x store.Series, before int64) (store.Chunk, error) {
	if err := s.read(); err != nil {
		return store.Chunk{}, err
	}
	return s.Store.ChunkBefore(ctx, x, before)
}

func (s *halting) Spans(ctx context.Context, x store.Series, from, to int64) ([]slo.Span, error) {
	if err := s.read(); err != nil {
		return nil, err
	}
	return s.Store.Spans(ctx, x, from, to)
}

func (s *halting) PutFolds(ctx context.Context, p journal.Position, f []store.Fold) error {
	if err := s.read(); err != nil {
		return err
	}
	return s.Store.PutFolds(ctx, p, f)
}

// TestAFailingStoreLosesNothing lets the store fail at every point of a late batch in turn.
func TestAFailingStoreLosesNothing(t *testing.T) {
	for fails := 0; ; fails++ {
		w := newWorld(t, t.TempDir(), halfMinute)
		w.accept(every(0, 1000, wire.OK)...)
		w.accept(every(10*hourS, 11*hourS, wire.OK)...)
		w.accept(every(400*hourS, 401*hourS, wire.OK)...)
		w.flush()
		w.close()
		w.open()
		h := &halting{Store: w.db, after: fails}
		w.line.store = h
		w.line.head(erp).store = h

		late := w.append(append(every(1000, 3*hourS, wire.Timeout), every(11*hourS, 13*hourS, wire.Timeout)...)...)
		err := w.line.Apply(t.Context(), late.pos, late.record, late.batch)
		if err == nil {
			err = w.line.Flush(t.Context())
		}
		h.allow(-1)
		w.line.Tick(t.Context())
		w.check()
		w.crash()
		w.check()
		w.close()
		if err == nil {
			if fails < 5 {
				t.Errorf("the late batch took %d reads and writes, want it to take more", fails)
			}
			return
		}
		if !errors.Is(err, errHalted) {
			t.Fatalf("with %d reads allowed: %v, want the store's own error", fails, err)
		}
	}
}

func TestReadersAndTheStoreAtOnce(t *testing.T) {
	w := startWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, busy := range []func(){
		func() { w.line.Tick(ctx) },
		func() { w.line.Spans(ctx, erp, t0, math.MaxInt64) }, //nolint:errcheck // may be cancelled; the end is checked
		func() { w.line.Last(erp); w.line.SeriesOf("acme", "erp") },
	} {
		wg.Go(func() {
			for ctx.Err() == nil {
				busy()
			}
		})
	}
	for i := range int64(60) { // forward, and back into hours that were only just left
		w.accept(every(i*1800, i*1800+900, wire.OK)...)
		w.accept(every(max(0, i-3)*1800+900, max(0, i-3)*1800+1200, wire.Timeout)...)
	}
	cancel()
	wg.Wait()
	w.check()
	w.crash()
	w.check()
}

// meanwhile is a store that lets something happen before it stores.
type meanwhile struct {
	store.Store
	happens func()
}

func (s *meanwhile) PutFolds(ctx context.Context, p journal.Position, f []store.Fold) error {
	s.happens()
	return s.Store.PutFolds(ctx, p, f)
}

func TestLateResultsForAnHourThatIsBeingStored(t *testing.T) {
	w := startWorld(t)
	w.accept(every(0, 900, wire.OK)...)
	w.line.store = &meanwhile{w.db, func() {
		w.accept(every(hourS, hourS+300, wire.OK)...) // on to the next hour
		w.accept(every(900, 1200, wire.Timeout)...)   // and back
	}}
	w.flush()
	w.check()
	w.line.store = w.db
	w.flush()
	w.crash()
	w.check()
}

func TestThePrunedJournalHasDoneItsWork(t *testing.T) {
	w := startWorld(t)
	w.accept(every(0, 900, wire.OK)...)
	w.flush()
	w.accept(every(900, 1800, wire.Timeout)...) // not stored
	if err := w.line.Prune(t.Context(), time.UnixMilli(0).Add(2*journalKept)); err != nil {
		t.Fatalf("Prune() = %v, want nil", err)
	}
	var left []journal.Position
	err := w.db.Replay(t.Context(), 0, func(p journal.Position, _ journal.Record) error {
		left = append(left, p)
		return nil
	})
	if err != nil || !slices.Equal(left, []journal.Position{2}) {
		t.Errorf("positions left = %v, %v, want 2 alone", left, err)
	}
	w.crash()
	w.check()
}
