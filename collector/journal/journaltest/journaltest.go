// Package journaltest is the suite that every engine of the journal passes.
//
// It asks for nothing but the promises of package journal, on real files, with crashes.
package journaltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/journal"
)

// Engine is a journal that can be closed and opened again.
type Engine interface {
	journal.Journal
	Close() error
}

// Open opens the engine whose state is in dir.
type Open func(ctx context.Context, dir string) (Engine, error)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, Open){
		"positions are dense and in order of acceptance":  testOrder,
		"a repeat is a duplicate and a change is a fork":  testVerdicts,
		"the watermark stops at the first gap":            testWatermark,
		"epochs, agents and tenants do not touch another": testKeys,
		"replay hands back every byte, from any position": testReplay,
		"replay stops at the first refusal":               testReplayStops,
		"callers at once all get their own receipt":       testConcurrent,
		"one batch from many callers is accepted once":    testOneWinner,
		"a reopened journal goes on where it stopped":     testReopen,
		"what is old, applied and complete is forgotten":  testPrune,
		"a closed journal refuses":                        testClosed,
		"what was acknowledged survives kill -9":          testCrash,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

func start(t *testing.T, open Open, dir string) Engine {
	t.Helper()
	e, err := open(t.Context(), dir)
	if err != nil {
		t.Fatalf("open(%q) = %v, want an engine", dir, err)
	}
	t.Cleanup(func() { e.Close() }) //nolint:errcheck // most tests have closed it, and looked
	return e
}

func record(agent string, epoch, seq uint64, body string) journal.Record {
	return journal.Record{Tenant: "acme", Agent: agent, Epoch: epoch, Seq: seq, ReceivedAt: 1_700_000_000_000 + int64(seq&0xffff), Body: []byte(body)}
}

func appendOne(t *testing.T, e Engine, r journal.Record) journal.Receipt {
	t.Helper()
	got, err := e.Append(t.Context(), r)
	if err != nil {
		t.Fatalf("Append(%s %d/%d) = %v, want a receipt", r.Agent, r.Epoch, r.Seq, err)
	}
	return got
}

func replay(t *testing.T, e Engine, after journal.Position) (positions []journal.Position, records []journal.Record) {
	t.Helper()
	err := e.Replay(t.Context(), after, func(p journal.Position, r journal.Record) error {
		positions, records = append(positions, p), append(records, r)
		return nil
	})
	if err != nil {
		t.Fatalf("Replay(%d) = %v, want nil", after, err)
	}
	return positions, records
}

func testOrder(t *testing.T, open Open) {
	e := start(t, open, t.TempDir())
	for i := range 40 {
		want := journal.Position(i + 1)
		if got := appendOne(t, e, record("hq-1", 7, uint64(40-i), fmt.Sprint(i))); got.Position != want || got.Verdict != journal.Accepted {
			t.Fatalf("Append #%d = %+v, want position %d, accepted", i, got, want)
		}
		appendOne(t, e, record("hq-1", 7, uint64(40-i), fmt.Sprint(i))) // a duplicate takes no position
	}
}

func testVerdicts(t *testing.T, open Open) {
	e := start(t, open, t.TempDir())
	r := record("hq-1", 1, 1, "first")
	r.Aside = []byte("x")
	first := appendOne(t, e, r)
	again := r
	again.Aside, again.ReceivedAt = []byte("other"), r.ReceivedAt+5
	if got := appendOne(t, e, again); got.Verdict != journal.Duplicate || got.Position != first.Position || string(got.Aside) != "x" || got.Watermark != 1 {
		t.Errorf("Append of the same body = %+v, want a duplicate at %d with the first aside and watermark 1", got, first.Position)
	}
	again.Body = []byte("changed")
	if got := appendOne(t, e, again); got.Verdict != journal.Fork || got.Position != first.Position {
		t.Errorf("Append of another body = %+v, want a fork of %d", got, first.Position)
	}
	if _, records := replay(t, e, 0); len(records) != 1 || string(records[0].Body) != "first" {
		t.Errorf("Replay(0) = %v, want the first body alone", records)
	}
}

func testWatermark(t *testing.T, open Open) {
	e := start(t, open, t.TempDir())
	for _, step := range []struct{ seq, want uint64 }{{2, 0}, {3, 0}, {1, 3}, {5, 3}, {7, 3}, {4, 5}, {6, 7}, {8, 8}} {
		if got := appendOne(t, e, record("hq-1", 9, step.seq, "b")); got.Watermark != step.want {
			t.Errorf("Append(seq %d).Watermark = %d, want %d", step.seq, got.Watermark, step.want)
		}
		if got, err := e.Watermark(t.Context(), "acme", "hq-1", 9); err != nil || got != step.want {
			t.Errorf("Watermark() after seq %d = %d, %v, want %d", step.seq, got, err, step.want)
		}
	}
	if got, err := e.Watermark(t.Context(), "acme", "hq-1", 10); err != nil || got != 0 {
		t.Errorf("Watermark(unheard epoch) = %d, %v, want 0", got, err)
	}
}

func testKeys(t *testing.T, open Open) {
	e := start(t, open, t.TempDir())
	base := record("hq-1", 1<<63+5, 1, "b")
	other := []journal.Record{base, base, base, base}
	other[1].Tenant, other[2].Agent, other[3].Epoch = "globex", "hq-2", 1<<63+6
	for i, r := range other {
		if got := appendOne(t, e, r); got.Verdict != journal.Accepted {
			t.Errorf("Append #%d = %+v, want accepted: no key is another's", i, got)
		}
	}
	if got, err := e.Watermark(t.Context(), "acme", "hq-1", 1<<63+5); err != nil || got != 1 {
		t.Errorf("Watermark(epoch 2^63+5) = %d, %v, want 1", got, err)
	}
	if _, records := replay(t, e, 0); len(records) != 4 || records[0].Epoch != 1<<63+5 {
		t.Errorf("Replay(0) = %+v, want four records, the first of epoch 2^63+5", records)
	}
}

func testReplay(t *testing.T, open Open) {
	e := start(t, open, t.TempDir())
	var want []journal.Record
	for i := range 100 {
		r := record("hq-1", 3, uint64(i+1), string(make([]byte, i*i))+"\x00\xff")
		if i%3 == 0 {
			r.Aside = []byte{0, byte(i)}
		}
		if i == 50 {
			r.Body = []byte{}
		}
		appendOne(t, e, r)
		want = append(want, r)
	}
	for _, after := range []int{0, 1, 31, 32, 33, 99, 100, 1000} {
		positions, got := replay(t, e, journal.Position(after))
		if expected := want[min(after, 100):]; !slices.EqualFunc(got, expected, sameRecord) {
			t.Errorf("Replay(%d) gave %d records, want %d with every field equal", after, len(got), len(expected))
		}
		if len(positions) > 0 && positions[0] != journal.Position(after+1) {
			t.Errorf("Replay(%d) starts at %d, want %d", after, positions[0], after+1)
		}
	}
}

func sameRecord(a, b journal.Record) bool {
	return a.Tenant == b.Tenant && a.Agent == b.Agent && a.Epoch == b.Epoch && a.Seq == b.Seq &&
		a.ReceivedAt == b.ReceivedAt && slices.Equal(a.Aside, b.Aside) && slices.Equal(a.Body, b.Body)
}

func testReplayStops(t *testing.T, open Open) {
	e := start(t, open, t.TempDir())
	for i := range 5 {
		appendOne(t, e, record("hq-1", 3, uint64(i+1), "b"))
	}
	stop, calls := errors.New("enough"), 0
	err := e.Replay(t.Context(), 0, func(journal.Position, journal.Record) error {
		if calls++; calls == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || calls != 3 {
		t.Errorf("Replay = %v after %d calls, want the refusal after 3", err, calls)
	}
}

func testConcurrent(t *testing.T, open Open) {
	e := start(t, open, t.TempDir())
	const callers, each = 16, 25
	var mu sync.Mutex
	owner := map[journal.Position]string{}
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				name := fmt.Sprintf("agent-%d/%d", c, i)
				got, err := e.Append(context.Background(), record(fmt.Sprintf("agent-%d", c), 1, uint64(i+1), name))
				if err != nil || got.Verdict != journal.Accepted || got.Watermark != uint64(i+1) {
					t.Errorf("Append(%s) = %+v, %v, want accepted with watermark %d", name, got, err, i+1)
				}
				mu.Lock()
				owner[got.Position] = name
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	positions, records := replay(t, e, 0)
	if len(positions) != callers*each {
		t.Fatalf("Replay(0) gave %d records, want %d", len(positions), callers*each)
	}
	for i, p := range positions {
		if p != journal.Position(i+1) || owner[p] != string(records[i].Body) {
			t.Fatalf("record %d is %q at %d, want %q at %d", i, records[i].Body, p, owner[p], i+1)
		}
	}
}

func testOneWinner(t *testing.T, open Open) {
	e := start(t, open, t.TempDir())
	var mu sync.Mutex
	count := map[journal.Verdict]int{}
	var wg sync.WaitGroup
	for c := range 20 {
		wg.Go(func() {
			got, err := e.Append(context.Background(), record("hq-1", 1, 1, fmt.Sprintf("body %d", c%2)))
			if err != nil || got.Position != 1 {
				t.Errorf("Append = %+v, %v, want position 1", got, err)
			}
			mu.Lock()
			count[got.Verdict]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if count[journal.Accepted] != 1 || count[journal.Duplicate] != 9 || count[journal.Fork] != 10 {
		t.Errorf("verdicts = %v, want 1 accepted, 9 duplicates, 10 forks", count)
	}
}

func testReopen(t *testing.T, open Open) {
	dir := t.TempDir()
	for i := range 4 {
		e := start(t, open, dir)
		got := appendOne(t, e, record("hq-1", 1, uint64(i+1), "b"))
		if got.Position != journal.Position(i+1) || got.Watermark != uint64(i+1) {
			t.Errorf("Append after reopening %d times = %+v, want position and watermark %d", i, got, i+1)
		}
		if err := e.Close(); err != nil {
			t.Fatalf("Close() = %v, want nil", err)
		}
	}
}

func testClosed(t *testing.T, open Open) {
	e := start(t, open, t.TempDir())
	if err := e.Close(); err != nil {
		t.Fatalf("Close() = %v, want nil", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if got, err := e.Append(ctx, record("hq-1", 1, 1, "b")); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Append after Close = %+v, %v, want a refusal at once", got, err)
	}
}

func testPrune(t *testing.T, open Open) {
	dir := t.TempDir()
	e := start(t, open, dir)
	for _, seq := range []uint64{1, 2, 4, 5, 6} { // received in this order; 3 is missing
		appendOne(t, e, record("hq-1", 1, seq, fmt.Sprint(seq)))
	}
	appendOne(t, e, record("hq-2", 1, 1, "one"))
	prune := func(upTo journal.Position, before int64, want int, left ...string) {
		t.Helper()
		got, err := e.Prune(t.Context(), upTo, before)
		if err != nil || got != want {
			t.Errorf("Prune(%d, %d) = %d, %v, want %d", upTo, before, got, err, want)
		}
		_, records := replay(t, e, 0)
		var bodies []string
		for _, r := range records {
			bodies = append(bodies, string(r.Body))
		}
		if !slices.Equal(bodies, left) {
			t.Errorf("left after Prune(%d, %d): %q, want %q", upTo, before, bodies, left)
		}
	}
	first := record("hq-1", 1, 1, "").ReceivedAt
	prune(100, first, 0, "1", "2", "4", "5", "6", "one")
	prune(0, first+100, 0, "1", "2", "4", "5", "6", "one")
	prune(1, first+100, 1, "2", "4", "5", "6", "one")
	prune(100, first+2, 1, "4", "5", "6", "one")
	prune(5, first+100, 0, "4", "5", "6", "one") // above the gap
	if got := appendOne(t, e, record("hq-1", 1, 2, "whatever")); got.Verdict != journal.Duplicate || got.Position != 0 || got.Watermark != 2 {
		t.Errorf("Append of a forgotten record = %+v, want a duplicate at 0 with watermark 2", got)
	}
	if got := appendOne(t, e, record("hq-1", 1, 3, "3")); got.Position != 7 || got.Watermark != 6 {
		t.Errorf("Append of what was missing = %+v, want position 7 and watermark 6", got)
	}
	prune(7, first+100, 5)
	if err := e.Close(); err != nil {
		t.Fatalf("Close() = %v, want nil", err)
	}
	e = start(t, open, dir)
	if got := appendOne(t, e, record("hq-1", 1, 7, "7")); got.Position != 8 || got.Watermark != 7 {
		t.Errorf("Append to an empty journal = %+v, want position 8: none is reused", got)
	}
}
