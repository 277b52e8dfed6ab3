package slo_test

import (
	"testing"
	"time"

	"github.com/nines-monitor/nines/slo"
)

// reportAgainst reports the time of one operation beside the goal that the package is held
// to on one core, both in ms.
func reportAgainst(b *testing.B, goal float64) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ms")
	b.ReportMetric(goal, "goal-ms")
}

func benchTerms() slo.Terms {
	berlin := mustZone("Europe/Berlin")
	objective, err := slo.ParseObjective("99.9")
	if err != nil {
		panic(err)
	}
	office := slo.HoursRule{Days: [7]bool{1: true, 2: true, 3: true, 4: true, 5: true}, From: 7 * time.Hour, To: 19 * time.Hour}
	return slo.Terms{
		Objective: objective,
		Hours:     &slo.Calendar{Zone: berlin, Rules: []slo.HoursRule{office}, Closed: []slo.Date{{Year: 2026, Month: time.October, Day: 3}}},
		Maintenance: []slo.Maintenance{{
			Zone:     berlin,
			Start:    slo.LocalTime{Date: slo.Date{Year: 2026, Month: time.January, Day: 4}, Clock: 2 * time.Hour},
			Duration: 4 * time.Hour,
			RRule:    "FREQ=MONTHLY;BYDAY=1SU",
		}},
	}
}

var benchPeriod = slo.Period{
	Start: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC).UnixMilli(),
	End:   time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC).UnixMilli(),
}

// benchSpans alternates up and down over the period.
func benchSpans(n int) []slo.Span {
	spans := make([]slo.Span, n)
	length := (benchPeriod.End - benchPeriod.Start) / int64(n)
	for i := range spans {
		start := benchPeriod.Start + int64(i)*length
		spans[i] = slo.Span{Start: start, End: start + length, Last: start + length - length/10, State: slo.State(1 + i%2)}
	}
	return spans
}

func BenchmarkLedger1000Services(b *testing.B) {
	in := slo.Input{
		Period:  benchPeriod,
		Now:     benchPeriod.End,
		Service: slo.Leaf("a"),
		Series:  map[string][]slo.Span{"a": benchSpans(50)},
		Terms:   benchTerms(),
	}
	b.ReportAllocs()
	for b.Loop() {
		for range 1000 {
			if _, err := slo.Evaluate(in); err != nil {
				b.Fatal(err)
			}
		}
	}
	reportAgainst(b, 20)
}

// With one timetable for all services that share their terms.
func BenchmarkLedger1000ServicesSharedTerms(b *testing.B) {
	table, err := slo.NewTimetable(benchTerms(), benchPeriod)
	if err != nil {
		b.Fatal(err)
	}
	series := map[string][]slo.Span{"a": benchSpans(50)}
	b.ReportAllocs()
	for b.Loop() {
		for range 1000 {
			if _, err := table.Ledger(benchPeriod.End, slo.Leaf("a"), series); err != nil {
				b.Fatal(err)
			}
		}
	}
	reportAgainst(b, 20)
}

func BenchmarkLedgerFlapping20000Spans(b *testing.B) {
	in := slo.Input{
		Period:  benchPeriod,
		Now:     benchPeriod.End,
		Service: slo.Leaf("a"),
		Series:  map[string][]slo.Span{"a": benchSpans(20_000)},
		Terms:   benchTerms(),
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := slo.Evaluate(in); err != nil {
			b.Fatal(err)
		}
	}
	reportAgainst(b, 10)
}

func BenchmarkTimetable40Rules(b *testing.B) {
	terms := benchTerms()
	for i := range 40 {
		m := terms.Maintenance[0]
		m.RRule = rules[1+i%(len(rules)-1)]
		m.Duration = time.Hour
		terms.Maintenance = append(terms.Maintenance, m)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := slo.NewTimetable(terms, benchPeriod); err != nil {
			b.Fatal(err)
		}
	}
	reportAgainst(b, 1)
}

// A month of probes at 30 s.
func BenchmarkFoldMonth(b *testing.B) {
	var seen []slo.Observation
	for t := benchPeriod.Start; t < benchPeriod.End; t += 30_000 {
		o := slo.Observation{T: t, State: slo.Up}
		if t/30_000%1000 < 5 {
			o.State = slo.Down
		}
		seen = append(seen, o)
	}
	p := slo.Params{Interval: 30_000}
	b.ReportAllocs()
	for b.Loop() {
		if spans := slo.Fold(p, seen); len(spans) == 0 {
			b.Fatal("no spans")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(seen)), "ns/observation")
}
