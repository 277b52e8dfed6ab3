package spool

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/nines-monitor/nines/internal/wire"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerEnv); dir != "" {
		os.Exit(writeUntilKilled(dir))
	}
	// Every step of a property syncs a real disk; -rapid.checks asks for more of them.
	if err := flag.Set("rapid.checks", "40"); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// tester is what *testing.T and *rapid.T share.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

func open(t tester, dir string) *Spool {
	t.Helper()
	return openWith(t, dir, Options{MaxBytes: 64 << 20})
}

func openWith(t tester, dir string, o Options) *Spool {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatalf("Open(%q) = %v, want a spool", dir, err)
	}
	return s
}

// entry is the n-th result of a test: one of three checks, a second apart.
func entry(n int) Entry {
	noise := uint64(n) * 0x9E3779B97F4A7C15
	noise = (noise ^ noise>>29) * 0xBF58476D1CE4E5B9
	return Entry{
		Check: fmt.Sprint("check-", n%3), IntervalMS: 3000, PhaseMS: 0,
		Result: wire.Result{T: 1_800_000_000_000 + int64(n)*1000, Reason: wire.OK, LatencyUS: int64(noise >> 44)},
	}
}

func add(t tester, s *Spool, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if err := s.Append(entry(n), false); err != nil {
			t.Fatalf("Append(entry %d) = %v, want nil", n, err)
		}
	}
}

func next(t tester, s *Spool) (Batch, bool) {
	t.Helper()
	b, ok, err := s.Next()
	if err != nil {
		t.Fatalf("Next() = %v, want a batch or none", err)
	}
	return b, ok
}

// numbers gives the entries of a batch back as the n of entry, in the order of their instants.
func numbers(t tester, b Batch) []int {
	t.Helper()
	decoded, err := wire.DecodeBatch(b.Body)
	if err != nil {
		t.Fatalf("DecodeBatch(batch %d) = %v, want a batch", b.Seq, err)
	}
	if decoded.Epoch != b.Epoch || decoded.Seq != b.Seq || decoded.Results() != b.Results {
		t.Fatalf("batch says epoch %d, seq %d, %d results; its bytes say %d, %d, %d",
			b.Epoch, b.Seq, b.Results, decoded.Epoch, decoded.Seq, decoded.Results())
	}
	seen := map[int]bool{}
	least, most := 1<<60, 0
	for _, r := range decoded.Runs {
		for _, x := range r.Results {
			n := int(x.T-1_800_000_000_000) / 1000
			if x != entry(n).Result || r.Check != entry(n).Check {
				t.Fatalf("batch %d: %s %+v, want %+v", b.Seq, r.Check, x, entry(n))
			}
			if seen[n] {
				t.Fatalf("batch %d holds entry %d twice", b.Seq, n)
			}
			seen[n] = true
			least, most = min(least, n), max(most, n)
		}
	}
	var all []int
	for n := least; n <= most; n++ {
		if seen[n] {
			all = append(all, n)
		}
	}
	return all
}

// drain settles all batches, and gives what was in them, in order.
func drain(t tester, s *Spool) []int {
	t.Helper()
	var all []int
	for {
		b, ok := next(t, s)
		if !ok {
			return all
		}
		all = append(all, numbers(t, b)...)
		if err := s.Done(b, b.Seq); err != nil {
			t.Fatalf("Done(batch %d) = %v, want nil", b.Seq, err)
		}
	}
}

func upTo(from, to int) []int {
	var all []int
	for n := from; n < to; n++ {
		all = append(all, n)
	}
	return all
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return found
}
