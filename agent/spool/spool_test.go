package spool

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

func TestWhatGoesInComesOutOnceInOrder(t *testing.T) {
	s := open(t, t.TempDir())
	add(t, s, 0, 12_345) // more than two batches
	if got := drain(t, s); !reflect.DeepEqual(got, upTo(0, 12_345)) {
		t.Errorf("drained %d entries, want 12345 in order", len(got))
	}
	if b, ok := next(t, s); ok {
		t.Errorf("Next() of an empty spool = batch %d, want none", b.Seq)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close() = %v, want nil", err)
	}
}

func TestBatchesAreNumberedWithoutAGap(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	var epoch uint64
	for want := uint64(1); want <= 5; want++ {
		add(t, s, int(want)*10, int(want)*10+10)
		b, _ := next(t, s)
		if want == 1 {
			epoch = b.Epoch
		}
		if b.Epoch == 0 || b.Epoch != epoch || b.Seq != want {
			t.Errorf("batch of epoch %d, seq %d; want epoch %d, seq %d", b.Epoch, b.Seq, epoch, want)
		}
		if err := s.Done(b, b.Seq); err != nil {
			t.Fatal(err)
		}
		if want == 3 { // numbers go on across a restart
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(t, dir)
		}
	}
}

func TestABatchIsTheSameOnEveryAttempt(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	add(t, s, 0, 100)
	first, _ := next(t, s)
	add(t, s, 100, 200)
	second, _ := next(t, s)
	crashed := open(t, dir) // without Close
	third, _ := next(t, crashed)
	for name, b := range map[string]Batch{"after more results": second, "after a crash": third} {
		if b.Epoch != first.Epoch || b.Seq != first.Seq || !bytes.Equal(b.Body, first.Body) {
			t.Errorf("%s: batch %d of %d bytes differs from the first attempt's %d of %d", name, b.Seq, len(b.Body), first.Seq, len(first.Body))
		}
	}
	if got := drain(t, crashed); !reflect.DeepEqual(got, upTo(0, 200)) {
		t.Errorf("drained %v, want 0 to 199", got)
	}
}

func TestABatchIsSettledOnce(t *testing.T) {
	s := open(t, t.TempDir())
	add(t, s, 0, 10)
	b, _ := next(t, s)
	if err := s.Done(b, b.Seq); err != nil {
		t.Errorf("Done = %v, want nil", err)
	}
	if err := s.Done(b, b.Seq); !errors.Is(err, ErrSettled) {
		t.Errorf("second Done = %v, want ErrSettled", err)
	}
	if err := s.SetAside(b); !errors.Is(err, ErrSettled) {
		t.Errorf("SetAside after Done = %v, want ErrSettled", err)
	}
}

func TestARestoredCollectorIsSentWhatItLacks(t *testing.T) {
	s := open(t, t.TempDir())
	deliver := func(n int) Batch {
		add(t, s, n*10, n*10+10)
		b, _ := next(t, s)
		return b
	}
	var sent []Batch
	for n := range 6 {
		b := deliver(n)
		sent = append(sent, b)
		if err := s.Done(b, b.Seq); err != nil {
			t.Fatal(err)
		}
	}
	seventh := deliver(6)
	if err := s.Done(seventh, 2); err != nil { // restored: it has 1 and 2, and now 7
		t.Fatal(err)
	}
	var again []uint64
	for {
		b, ok := next(t, s)
		if !ok {
			break
		}
		if !bytes.Equal(b.Body, sent[b.Seq-1].Body) {
			t.Errorf("batch %d comes again with other bytes", b.Seq)
		}
		again = append(again, b.Seq)
		if err := s.Done(b, b.Seq); err != nil {
			t.Fatal(err)
		}
	}
	if want := []uint64{3, 4, 5, 6}; !reflect.DeepEqual(again, want) {
		t.Errorf("sent again: %v, want %v", again, want)
	}
	eighth := deliver(7)
	if eighth.Epoch != seventh.Epoch || eighth.Seq != 8 {
		t.Errorf("next batch is %d of epoch %d, want 8 of %d", eighth.Seq, eighth.Epoch, seventh.Epoch)
	}
	// A collector that cannot be made whole gets a fresh epoch, and is not sent everything anew.
	if err := s.Done(eighth, 2); err != nil {
		t.Fatal(err)
	}
	if b, ok := next(t, s); ok {
		t.Errorf("batch %d comes a third time, want none", b.Seq)
	}
	if ninth := deliver(8); ninth.Epoch == eighth.Epoch || ninth.Seq != 1 {
		t.Errorf("next batch is %d of epoch %d, want 1 of a new one", ninth.Seq, ninth.Epoch)
	}
}

func TestANewCollectorIsSentWhatIsHeld(t *testing.T) {
	s := openWith(t, t.TempDir(), Options{MaxBytes: 2 * MiB})
	for n := 0; n < 60_000; n += 5000 {
		add(t, s, n, n+5000)
		drain(t, s)
	}
	s.mu.Lock()
	s.dropSettled(false) // the oldest are gone
	s.mu.Unlock()
	add(t, s, 60_000, 60_010)
	b, _ := next(t, s)
	if err := s.Done(b, 0); err != nil {
		t.Fatal(err)
	}
	got := drain(t, s)
	if len(got) == 0 || len(got) >= 60_000 || !reflect.DeepEqual(got, upTo(60_000-len(got), 60_000)) {
		t.Errorf("%d results come again, want the newest of those delivered, in order", len(got))
	}
	add(t, s, 60_010, 60_020)
	if after, _ := next(t, s); after.Epoch == b.Epoch || after.Seq != 1 {
		t.Errorf("next batch is %d of epoch %d, want 1 of a new one, for the old has a hole", after.Seq, after.Epoch)
	}
}

func TestARefusedBatchIsKeptAsideAndTheQueueGoesOn(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	add(t, s, 0, 10)
	b, _ := next(t, s)
	if err := s.SetAside(b); err != nil {
		t.Fatalf("SetAside = %v, want nil", err)
	}
	kept := files(t, filepath.Join(dir, "quarantine", "refused-*.batch"))
	if len(kept) != 1 {
		t.Fatalf("quarantine holds %q, want the batch", kept)
	}
	if data, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(data, b.Body) {
		t.Errorf("kept %d bytes (%v), want the %d of the batch", len(data), err, len(b.Body))
	}
	if got := s.metrics.refusedResults.Get(); got != 10 {
		t.Errorf("refused results counted: %d, want 10", got)
	}
	add(t, s, 10, 20)
	for name, s := range map[string]*Spool{"at once": s, "after a crash": open(t, dir)} {
		after, ok := next(t, s)
		if !ok || after.Epoch == b.Epoch || after.Seq != 1 {
			t.Errorf("%s: next batch %d of epoch %d, want number 1 of another than %d", name, after.Seq, after.Epoch, b.Epoch)
		}
		if got := numbers(t, after); !reflect.DeepEqual(got, upTo(10, 20)) {
			t.Errorf("%s: next batch holds %v, want 10 to 19", name, got)
		}
	}
}

func TestLastInstantsSurviveDelivery(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, dir, Options{MaxBytes: MiB})
	add(t, s, 0, 9000) // several segments, the first of them gone after delivery
	drain(t, s)
	if n := len(files(t, filepath.Join(dir, "results-*.log"))); n != 1 {
		t.Errorf("%d segments of results after delivery, want 1", n)
	}
	want := map[string]int64{"check-0": entry(8997).Result.T, "check-1": entry(8998).Result.T, "check-2": entry(8999).Result.T}
	if got := open(t, dir).Last(); !reflect.DeepEqual(got, want) {
		t.Errorf("Last() = %v, want %v", got, want)
	}
}

// MiB is the least size of a spool.
const MiB = 1 << 20

func TestDeliveredBatchesAreKeptForADay(t *testing.T) {
	dir := t.TempDir()
	now := time.UnixMilli(1_800_000_000_000)
	s := openWith(t, dir, Options{MaxBytes: 2 * MiB, Now: func() time.Time { return now }})
	fill := func(from int) {
		for n := from; n < from+60_000; n += 5000 {
			add(t, s, n, n+5000)
			drain(t, s)
		}
	}
	fill(0)
	held := s.batches.bytes()
	if held == 0 || len(s.batches.list) < 2 {
		t.Fatalf("%d bytes of batches in %d segments, want several for this test", held, len(s.batches.list))
	}
	now = now.Add(23 * time.Hour)
	s.Tick(now)
	if got := s.batches.bytes(); got != held {
		t.Errorf("%d bytes of batches after 23 h, want %d kept", got, held)
	}
	now = now.Add(2 * time.Hour)
	s.Tick(now)
	if got := len(s.batches.list); got != 1 {
		t.Errorf("%d segments of batches after 25 h, want the newest alone", got)
	}
}

func TestAFullSpoolDropsTheOldestAndCountsThem(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, dir, Options{MaxBytes: MiB})
	const n = 60_000
	add(t, s, 0, n)
	if got := s.bytes(); got > MiB {
		t.Errorf("spool takes %d bytes, want at most %d", got, MiB)
	}
	lost := int(s.metrics.set.GetOrCreateCounter(lostName("overflow")).Get())
	if s.waiting != n-lost {
		t.Errorf("%d results wait, want the %d that are not lost", s.waiting, n-lost)
	}
	got := drain(t, s)
	if lost == 0 || len(got)+lost != n {
		t.Errorf("%d delivered and %d counted as lost, want %d together", len(got), lost, n)
	}
	if !reflect.DeepEqual(got, upTo(lost, n)) {
		t.Errorf("delivered %d to %d, want the newest, %d to %d", got[0], got[len(got)-1], lost, n-1)
	}
	if s.waiting != 0 {
		t.Errorf("%d results wait after delivery, want 0", s.waiting)
	}
}

func TestWhatNoBatchCanCarryIsRefusedAtTheDoor(t *testing.T) {
	s := open(t, t.TempDir())
	bad := map[string]Entry{"no id": entry(1), "no reason": entry(1), "no grid": entry(1), "no time": entry(1)}
	for name, edit := range map[string]func(*Entry){
		"no id":     func(e *Entry) { e.Check = "" },
		"no reason": func(e *Entry) { e.Result.Reason = 0 },
		"no grid":   func(e *Entry) { e.IntervalMS = 0 },
		"no time":   func(e *Entry) { e.Result.T = -1 },
	} {
		e := bad[name]
		edit(&e)
		if err := s.Append(e, false); err == nil {
			t.Errorf("%s: Append(%+v) = nil, want an error", name, e)
		}
	}
	if _, ok := next(t, s); ok {
		t.Error("Next() gives a batch, want none")
	}
}

func TestAGridThatChangesStartsAnotherRun(t *testing.T) {
	s := open(t, t.TempDir())
	for _, e := range []Entry{
		{"a", 1000, 0, wire.Result{T: 5000, Reason: wire.OK}},
		{"a", 1000, 0, wire.Result{T: 6000, Reason: wire.OK}},
		{"a", 2000, 50, wire.Result{T: 8050, Reason: wire.OK}},
		{"a", 2000, 50, wire.Result{T: 4050, Reason: wire.OK}}, // a clock that was wrong by years
	} {
		if err := s.Append(e, false); err != nil {
			t.Fatal(err)
		}
	}
	b, _ := next(t, s)
	decoded, err := wire.DecodeBatch(b.Body)
	if err != nil || len(decoded.Runs) != 3 || decoded.Results() != 4 {
		t.Errorf("batch %+v (%v), want 4 results in 3 runs", decoded, err)
	}
}

func TestAnUrgentResultWakesTheShipper(t *testing.T) {
	s := open(t, t.TempDir())
	if err := s.Append(entry(0), false); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Wake():
		t.Error("an ordinary result wakes the shipper, want it to wait")
	default:
	}
	if err := s.Append(entry(1), true); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Wake():
	default:
		t.Error("an urgent result wakes nobody, want the shipper awake")
	}
}
