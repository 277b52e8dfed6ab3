package slo_test

import (
	"testing"

	"github.com/nines-monitor/nines/slo"
)

// A ledger of a hundred times the spans takes no more memory.
func TestLedgerAllocatesNothingPerSpan(t *testing.T) {
	table, err := slo.NewTimetable(benchTerms(), benchPeriod)
	if err != nil {
		t.Fatal(err)
	}
	allocations := func(spans int) float64 {
		series := map[string][]slo.Span{"a": benchSpans(spans), "b": benchSpans(spans)}
		service := slo.All(slo.Leaf("a"), slo.Any(slo.Leaf("a"), slo.Leaf("b")))
		return testing.AllocsPerRun(100, func() {
			if _, err := table.Ledger(benchPeriod.End, service, series); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := allocations(50), allocations(5000); many > few+2 {
		t.Errorf("50 spans take %v allocations, 5,000 take %v", few, many)
	}
}

// One timetable serves many at once: it and the spans are only read.
func TestTimetableIsSharedSafely(t *testing.T) {
	table, err := slo.NewTimetable(benchTerms(), benchPeriod)
	if err != nil {
		t.Fatal(err)
	}
	series := map[string][]slo.Span{"a": benchSpans(500)}
	want, err := table.Ledger(benchPeriod.End, slo.Leaf("a"), series)
	if err != nil {
		t.Fatal(err)
	}
	answers := make(chan slo.Ledger)
	for range 8 {
		go func() {
			l, err := table.Ledger(benchPeriod.End, slo.Leaf("a"), series)
			if err != nil {
				t.Error(err)
			}
			answers <- l
		}()
	}
	for range 8 {
		if got := <-answers; got != want {
			t.Errorf("Ledger = %+v, want %+v", got, want)
		}
	}
}
