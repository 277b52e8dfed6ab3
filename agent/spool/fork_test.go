package spool

import (
	"os"
	"path/filepath"
	"testing"
)

// docs/agent.md tells people to remove the batch log when the collector refuses its numbers.
func TestWithoutItsBatchLogASpoolKeepsItsResultsAndNumbersThemAnew(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	add(t, s, 0, 10)
	drain(t, s) // the collector has these
	add(t, s, 10, 20)
	refused, _ := next(t, s)
	add(t, s, 20, 30)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	logs := files(t, filepath.Join(dir, "batches-*.log"))
	if len(logs) == 0 {
		t.Fatal("no batch log to remove")
	}
	for _, path := range logs {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, dir)
	defer s.Close()
	got := map[int]bool{}
	for {
		b, ok := next(t, s)
		if !ok {
			break
		}
		if b.Epoch == refused.Epoch {
			t.Fatalf("batch %d has the epoch of the refused one, want another", b.Seq)
		}
		for _, n := range numbers(t, b) {
			got[n] = true
		}
		if err := s.Done(b, b.Seq); err != nil {
			t.Fatal(err)
		}
	}
	for n := 10; n < 30; n++ {
		if !got[n] {
			t.Errorf("result %d is lost, want all that was not acknowledged", n)
		}
	}
}
