package slo_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/nines-monitor/nines/slo"
)

// The clocks agree with one that asks of every instant whether it runs.
func TestResponseClocksAgreeWithANaiveClock(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		calendar := w.drawCalendar(t)
		incident := slo.Incident{Opened: w.instant(t, "opened")}
		for range rapid.IntRange(0, 3).Draw(t, "awaited") {
			incident.Awaited = append(incident.Awaited, w.period(t, msDuration(5*day)))
		}
		now := incident.Opened + w.length(t, msDuration(10*day))
		promise := w.tick + w.length(t, msDuration(day))
		runs := func(at int64) bool {
			return naiveOpen(calendar, at) &&
				!slices.ContainsFunc(incident.Awaited, func(p slo.Period) bool { return p.Start <= at && at < p.End })
		}
		var elapsed, due int64
		var passed int64
		for at := incident.Opened; at < max(now, incident.Opened+60*day); at += w.tick {
			if !runs(at) {
				continue
			}
			passed += w.tick
			if at < now {
				elapsed = passed
			}
			if passed == promise {
				due = at + w.tick
			}
		}
		got, err := slo.ResponseTerms{Resolve: msDuration(promise)}.Clocks(calendar, incident, now)
		if err != nil {
			t.Fatal(err)
		}
		want := slo.ResponseClock{Promised: true, Elapsed: msDuration(elapsed), Late: elapsed > promise, Due: due}
		if due == 0 { // not within two months: the real one looks further
			want.Due = got.Resolve.Due
		}
		if got.Resolve != want || got.Acknowledge.Promised {
			t.Fatalf("Clocks(%+v, %+v, %d) of %d\ngot  %+v\nwant %+v", calendar, incident, now, promise, got, want)
		}
	})
}
