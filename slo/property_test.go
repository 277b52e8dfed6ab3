package slo_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/nines-monitor/nines/slo"
)

const minute = 60_000

// property checks a sentence about random worlds.
func property(t *testing.T, check func(*rapid.T, world)) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) { check(t, drawWorld(t, 5*minute)) })
}

func evaluate(t *rapid.T, in slo.Input) slo.Ledger {
	l, err := slo.Evaluate(in)
	if err != nil {
		t.Fatalf("Evaluate(%+v): %v", in, err)
	}
	return l
}

// refold folds observations that replace a world's.
func (w world) refold(seen map[string][]slo.Observation) slo.Input {
	in := w.input
	in.Series = map[string][]slo.Span{}
	for name, p := range w.params {
		in.Series[name] = slo.Fold(p, seen[name])
	}
	return in
}

func TestClassesSumToElapsedTime(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		l := evaluate(t, w.input)
		if sum := l.OutOfHours + l.Maintenance + l.Excluded + l.Up + l.Down + l.Unknown; sum != l.Elapsed {
			t.Fatalf("classes of %+v sum to %d, want %d", l, sum, l.Elapsed)
		}
	})
}

func TestOrderAndRepeatsOfObservationsChangeNothing(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		mixed := map[string][]slo.Observation{}
		for name, seen := range w.seen {
			set := naiveSet(seen) // distinct instants
			repeats := set[:rapid.IntRange(0, len(set)).Draw(t, "repeats")]
			mixed[name] = rapid.Permutation(slices.Concat(set, repeats)).Draw(t, "order")
		}
		if got, want := w.refold(mixed).Series, w.input.Series; !reflect.DeepEqual(got, want) {
			t.Fatalf("Fold(%v)\ngot  %v\nwant %v", mixed, got, want)
		}
	})
}

func TestOrderOfWindowsAndExclusionsChangesNothing(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		in := w.input
		in.Terms.Maintenance = rapid.Permutation(in.Terms.Maintenance).Draw(t, "maintenance")
		in.Terms.Exclusions = rapid.Permutation(in.Terms.Exclusions).Draw(t, "exclusions")
		if got, want := evaluate(t, in), evaluate(t, w.input); got != want {
			t.Fatalf("Evaluate(%+v)\ngot  %+v\nwant %+v", in, got, want)
		}
	})
}

func TestPartsAddUpToTheWhole(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		in := w.input
		in.Terms.Policy.HasCap = false // a cap is of the whole window
		whole := evaluate(t, in)
		cut := min(max(in.Period.Start, w.instant(t, "cut")), in.Period.End)
		first, second := in, in
		first.Period.End, second.Period.Start = cut, cut
		a, b := evaluate(t, first), evaluate(t, second)
		got := [...]int64{
			a.Elapsed + b.Elapsed, a.OutOfHours + b.OutOfHours, a.Maintenance + b.Maintenance, a.Excluded + b.Excluded,
			a.Up + b.Up, a.Down + b.Down, a.Unknown + b.Unknown, a.Agreed + b.Agreed, a.Best.Num + b.Best.Num, a.Worst.Num + b.Worst.Num,
		}
		want := [...]int64{
			whole.Elapsed, whole.OutOfHours, whole.Maintenance, whole.Excluded,
			whole.Up, whole.Down, whole.Unknown, whole.Agreed, whole.Best.Num, whole.Worst.Num,
		}
		if got != want {
			t.Fatalf("parts of %+v cut at %d: got %v, want %v", in, cut, got, want)
		}
	})
}

func TestAvailabilityLiesBetweenWorstAndBest(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		l := evaluate(t, w.input)
		if l.Availability.Den == 0 {
			return
		}
		if l.Worst.Compare(l.Availability) > 0 || l.Availability.Compare(l.Best) > 0 {
			t.Fatalf("Evaluate(%+v): worst %v, availability %v, best %v", w.input, l.Worst, l.Availability, l.Best)
		}
	})
}

// turn gives the ledger after one observation of a state has become another.
func (w world) turn(t *rapid.T, from, to slo.State) (slo.Ledger, bool) {
	turned := map[string][]slo.Observation{}
	changed := false
	for name, seen := range w.seen {
		set := naiveSet(seen)
		if i := rapid.IntRange(0, len(set)).Draw(t, "turned"); !changed && i < len(set) && set[i].State == from {
			set[i].State = to
			changed = true
		}
		turned[name] = set
	}
	return evaluate(t, w.refold(turned)), changed
}

func TestAFailureNeverRaisesAvailability(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		before := evaluate(t, w.input).Availability
		after, changed := w.turn(t, slo.Up, slo.Down)
		if changed && before.Den > 0 && after.Availability.Compare(before) > 0 {
			t.Fatalf("availability %v rose to %v", before, after.Availability)
		}
	})
}

func TestASuccessNeverLowersAvailability(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		for name, p := range w.params {
			p.UpAfter = 1
			w.params[name] = p
		}
		w.input = w.refold(w.seen)
		before := evaluate(t, w.input).Availability
		after, changed := w.turn(t, slo.Down, slo.Up)
		if changed && before.Den > 0 && after.Availability.Compare(before) < 0 {
			t.Fatalf("availability %v fell to %v", before, after.Availability)
		}
	})
}

func TestAtTheEndBreachedMeansBelowObjective(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		w.input.Now = w.input.Period.End
		l := evaluate(t, w.input)
		if l.Availability.Den == 0 {
			if l.Breached {
				t.Fatalf("nothing measured is breached: %+v", l)
			}
			return
		}
		if met := w.input.Terms.Objective.Met(l.Availability); l.Breached == met {
			t.Fatalf("objective %v of %+v: met %v, breached %v", w.input.Terms.Objective, l, met, l.Breached)
		}
	})
}

func TestBreachedAtIsTheFirstBreachedMoment(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		at, breached, err := slo.BreachedAt(w.input)
		if err != nil {
			t.Fatal(err)
		}
		now := evaluate(t, w.input)
		if breached != now.Breached {
			t.Fatalf("BreachedAt(%+v) = %d, %v; the ledger says %v", w.input, at, breached, now.Breached)
		}
		if !breached {
			return
		}
		in := w.input
		in.Now = at
		if !evaluate(t, in).Breached {
			t.Fatalf("BreachedAt(%+v) = %d, but the ledger is not breached then", w.input, at)
		}
		in.Now = at - 1
		if evaluate(t, in).Breached {
			t.Fatalf("BreachedAt(%+v) = %d, but the ledger is breached before", w.input, at)
		}
	})
}

func TestOnceBreachedAlwaysBreached(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		in := w.input
		early := evaluate(t, in)
		in.Now += rapid.Int64Range(0, 20*24*60).Draw(t, "minutes") * minute
		if late := evaluate(t, in); early.Breached && !late.Breached {
			t.Fatalf("breached %+v, then not: %+v", early, late)
		}
	})
}

func TestExplanationSumsToTheLedger(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		spans, err := slo.Explain(w.input)
		if err != nil {
			t.Fatal(err)
		}
		var sums [slo.ClassUnknown + 1]int64
		at := w.input.Period.Start
		for i, s := range spans {
			if s.Start != at || s.End <= s.Start {
				t.Fatalf("span %d of %+v: starts at %d, want %d", i, spans, s.Start, at)
			}
			if len(s.Evidence) == 0 {
				t.Fatalf("span %d of %+v has no evidence", i, spans)
			}
			sums[s.Class] += s.End - s.Start
			at = s.End
		}
		l := evaluate(t, w.input)
		want := [...]int64{l.OutOfHours, l.Maintenance, l.Excluded, l.Up, l.Down, l.Unknown}
		if sums != want {
			t.Fatalf("Explain(%+v) sums to %v, want %v", w.input, sums, want)
		}
	})
}

// The evidence of a span is of the state that it explains, and was there at that time.
func TestEvidenceSharesTheState(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		spans, err := slo.Explain(w.input)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range spans {
			for _, e := range s.Evidence {
				observed := e.Span != slo.Span{}
				if e.Span.State != s.State || observed && (e.Span.Start >= s.End || e.Span.End <= s.Start) {
					t.Fatalf("span %+v rests on %+v", s, e)
				}
			}
		}
	})
}

func TestOutagesAddUpToBadTime(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		outages, err := slo.Outages(w.input)
		if err != nil {
			t.Fatal(err)
		}
		var counted, last int64
		for _, o := range outages {
			if o.Start < last || o.End <= o.Start || o.Counted > o.End-o.Start {
				t.Fatalf("Outages(%+v): %+v", w.input, outages)
			}
			counted += o.Counted
			last = o.End
		}
		if l := evaluate(t, w.input); counted != l.Bad {
			t.Fatalf("Outages(%+v) sum to %d, want %d", w.input, counted, l.Bad)
		}
	})
}

func TestBurnOfTheWholePeriodIsItsBadTime(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		w.input.Terms.Policy.CountsAs = slo.CountsExcluded
		table, err := slo.NewTimetable(w.input.Terms, w.input.Period)
		if err != nil {
			t.Fatal(err)
		}
		l := evaluate(t, w.input)
		burn, err := table.Burn(w.input.Now, msDuration(l.Elapsed), w.input.Service, w.input.Series)
		if err != nil {
			t.Fatal(err)
		}
		// After the period's end the look-back is of less than the whole.
		if w.input.Now <= w.input.Period.End && w.input.Now > w.input.Period.Start && burn != (slo.Burn{Bad: l.Bad, Measured: l.Good + l.Bad}) {
			t.Fatalf("Burn(%+v) = %+v, want that of %+v", w.input, burn, l)
		}
	})
}

// The budget that a forecast sees ending does end there when the burn goes on.
func TestForecastEndsWhereTheBudgetDoes(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		o, err := slo.Forecast(w.input, msDuration(6*60*minute))
		if err != nil {
			t.Fatal(err)
		}
		l := evaluate(t, w.input)
		if o.Reachable.Den != l.Agreed || o.Reachable.Num != l.Agreed-l.Bad {
			t.Fatalf("Forecast(%+v): reachable %v, want all but %d of %d", w.input, o.Reachable, l.Bad, l.Agreed)
		}
		if !o.Ends || l.Remaining <= 0 {
			return
		}
		in := w.input
		in.Now = o.EndsAt
		passed := l.Agreed - l.Good - l.Bad - toCome(t, in)
		if passed*o.Burn.Bad < l.Remaining*o.Burn.Measured || (passed-1)*o.Burn.Bad >= l.Remaining*o.Burn.Measured {
			t.Fatalf("Forecast(%+v) = %+v, after %d counted ms, with %d remaining", w.input, o, passed, l.Remaining)
		}
	})
}

func toCome(t *rapid.T, in slo.Input) int64 {
	l := evaluate(t, in)
	return l.Agreed - l.Good - l.Bad
}

func TestAffordOutageIsTheLedgerOfThatFuture(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		// A service that is up from now on, but for the outage.
		now := max(w.input.Period.Start, min(w.input.Now, w.input.Period.End))
		outage := w.period(t, msDuration(48*60*minute))
		outage.Start = min(max(outage.Start, now), w.input.Period.End)
		outage.End = min(max(outage.End, outage.Start), w.input.Period.End)
		in := w.input
		in.Service = slo.Leaf("a")
		past := cutSpans(in.Series["a"], now)
		in.Series = map[string][]slo.Span{"a": past}
		got, err := slo.AffordOutage(in, outage)
		if err != nil {
			t.Fatal(err)
		}
		future := in
		future.Now = in.Period.End
		future.Series = map[string][]slo.Span{"a": append(past,
			slo.Span{Start: now, End: outage.Start, Last: outage.Start, State: slo.Up},
			slo.Span{Start: outage.Start, End: outage.End, Last: outage.End, State: slo.Down},
			slo.Span{Start: outage.End, End: in.Period.End + 1, Last: in.Period.End + 1, State: slo.Up},
		)}
		l := evaluate(t, future)
		want := slo.Affordable{Agreed: l.Agreed, Budget: l.Budget, Consumed: l.Consumed, Remaining: l.Remaining,
			Breached: l.Breached, Reachable: slo.Fraction{Num: l.Good, Den: l.Agreed}}
		if got != want {
			t.Fatalf("AffordOutage(%+v, %+v)\ngot  %+v\nwant %+v", in, outage, got, want)
		}
	})
}

func cutSpans(spans []slo.Span, at int64) []slo.Span {
	var cut []slo.Span
	for _, s := range spans {
		if s.Start < at {
			s.End = min(s.End, at)
			s.Last = min(s.Last, s.End)
			cut = append(cut, s)
		}
	}
	return cut
}

func TestInMaintenanceIsWhatTheExplanationSays(t *testing.T) {
	property(t, func(t *rapid.T, w world) {
		table, err := slo.NewTimetable(w.input.Terms, w.input.Period)
		if err != nil {
			t.Fatal(err)
		}
		spans, err := table.Explain(w.input.Now, w.input.Service, w.input.Series)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range spans {
			want := s.Class == slo.ClassMaintenance
			for _, at := range []int64{s.Start, s.End - 1} {
				if got := table.InMaintenance(at); got != want {
					t.Fatalf("InMaintenance(%d) = %v in %+v", at, got, s)
				}
			}
		}
		for _, outside := range []int64{w.input.Period.Start - 1, w.input.Period.End} {
			if table.InMaintenance(outside) {
				t.Fatalf("InMaintenance(%d) outside of %v", outside, w.input.Period)
			}
		}
	})
}
