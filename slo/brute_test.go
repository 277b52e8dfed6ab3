package slo_test

import (
	"cmp"
	"flag"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"

	"github.com/nines-monitor/nines/slo"
)

var (
	months  = flag.Int("months", 10_000, "random months to hold against the naive evaluator, in ticks of five minutes")
	seconds = flag.Int("seconds", 40, "random months to hold against it second by second")
)

// The package agrees, in every field and on every month, with an evaluator that goes through
// the period instant by instant and asks of each what measurement.md asks.
func TestEvaluateAgreesWithNaiveEvaluator(t *testing.T) {
	agree := func(t *rapid.T, tick time.Duration) {
		w := drawWorld(t, tick.Milliseconds())
		got, err := slo.Evaluate(w.input)
		if err != nil {
			t.Fatal(err)
		}
		if want := w.naiveLedger(); got != want {
			t.Fatalf("Evaluate(%+v)\ngot  %+v\nwant %+v", w.input, got, want)
		}
	}
	for range max(1, *months/1000) {
		t.Run("a thousand months", func(t *testing.T) {
			t.Parallel()
			for range 10 { // rapid draws a hundred at a time
				rapid.Check(t, func(t *rapid.T) { agree(t, 5*time.Minute) })
			}
		})
	}
}

// So it does second by second, on fewer months: `make soak` goes through ten thousand.
func TestEvaluateAgreesWithNaiveEvaluatorBySecond(t *testing.T) {
	w := rapid.Custom(func(t *rapid.T) world { return drawWorld(t, 1000) })
	for part := range parts {
		t.Run("a share of the months", func(t *testing.T) {
			t.Parallel()
			for seed := part; seed < *seconds; seed += parts {
				w := w.Example(seed)
				got, err := slo.Evaluate(w.input)
				if err != nil {
					t.Fatal(err)
				}
				if want := w.naiveLedger(); got != want {
					t.Fatalf("seed %d: Evaluate(%+v)\ngot  %+v\nwant %+v", seed, w.input, got, want)
				}
			}
		})
	}
}

// parts is how many shares of the months are gone through side by side.
const parts = 4

// naiveLedger asks of every instant of the period's grid what it counts as.
func (w world) naiveLedger() slo.Ledger {
	in, terms := w.input, w.input.Terms
	states := map[string][]triple{}
	for name, p := range w.params {
		states[name] = w.naiveStates(p, w.seen[name])
	}
	maintenance := w.naiveMaintenance()
	end := max(in.Period.Start, min(in.Now, in.Period.End))
	l := slo.Ledger{Period: in.Period, Elapsed: end - in.Period.Start}
	var best, worst, future int64
	for i := range w.ticks() {
		t := in.Period.Start + int64(i)*w.tick
		class := w.naiveTreatment(t, maintenance[i])
		if t >= end {
			if class == slo.ClassUp || class == slo.ClassMaintenance && terms.Policy.CountsAs == slo.CountsUp {
				future += w.tick
			}
			continue
		}
		switch class {
		case slo.ClassOutOfHours:
			l.OutOfHours += w.tick
		case slo.ClassMaintenance:
			l.Maintenance += w.tick
		case slo.ClassExcluded:
			l.Excluded += w.tick
		default:
			s := naiveState(in.Service, states, i)
			switch s[0] {
			case slo.Up:
				l.Up += w.tick
			case slo.Down:
				l.Down += w.tick
			default:
				l.Unknown += w.tick
			}
			if s[1] != slo.Down {
				best += w.tick
			}
			if s[2] == slo.Up {
				worst += w.tick
			}
		}
	}
	naiveConclusion(&l, terms, best, worst, future)
	return l
}

func (w world) ticks() int { return int((w.input.Period.End - w.input.Period.Start) / w.tick) }

func naiveConclusion(l *slo.Ledger, terms slo.Terms, best, worst, future int64) {
	all := l.Up + l.Down + l.Unknown
	l.Coverage = slo.Fraction{Num: l.Up + l.Down, Den: all}
	l.Good, l.Bad = l.Up, l.Down
	if terms.Unknown == slo.UnknownAsUp {
		l.Good += l.Unknown
	}
	if terms.Unknown == slo.UnknownAsDown {
		l.Bad += l.Unknown
	}
	if terms.Policy.CountsAs == slo.CountsUp {
		l.Good += l.Maintenance
		best += l.Maintenance
		worst += l.Maintenance
		all += l.Maintenance
	}
	l.Availability = slo.Fraction{Num: l.Good, Den: l.Good + l.Bad}
	l.Best = slo.Fraction{Num: best, Den: all}
	l.Worst = slo.Fraction{Num: worst, Den: all}
	l.Agreed = l.Good + l.Bad + future

	objective, _ := new(big.Rat).SetString(terms.Objective.String())
	lost := new(big.Rat).Sub(big.NewRat(1, 1), objective.Quo(objective, big.NewRat(100, 1)))
	budget := lost.Mul(lost, new(big.Rat).SetInt64(l.Agreed))
	l.Budget = new(big.Int).Quo(budget.Num(), budget.Denom()).Int64()
	l.Consumed = l.Bad
	l.Remaining = l.Budget - l.Bad
	l.Breached = new(big.Rat).SetInt64(l.Bad).Cmp(budget) > 0
}

// naiveTreatment is ClassUp where the service's state decides.
func (w world) naiveTreatment(t int64, maintenance bool) slo.Class {
	if !naiveOpen(w.input.Terms.Hours, t) {
		return slo.ClassOutOfHours
	}
	if maintenance {
		return slo.ClassMaintenance
	}
	for _, e := range w.input.Terms.Exclusions {
		if e.Start <= t && t < e.End {
			return slo.ClassExcluded
		}
	}
	return slo.ClassUp
}

func naiveOpen(c *slo.Calendar, t int64) bool {
	if c == nil {
		return true
	}
	local := time.UnixMilli(t).In(c.Zone)
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
	today := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	opens := func(r slo.HoursRule, day time.Time) bool {
		closed := slices.Contains(c.Closed, slo.Date{Year: day.Year(), Month: day.Month(), Day: day.Day()})
		return r.Days[day.Weekday()] && !closed
	}
	for _, r := range c.Rules {
		if r.To > r.From {
			if opens(r, today) && r.From <= clock && clock < r.To {
				return true
			}
			continue
		}
		if opens(r, today) && clock >= r.From || opens(r, today.AddDate(0, 0, -1)) && clock < r.To {
			return true
		}
	}
	return false
}

// naiveMaintenance says of every tick whether maintenance counts there.
func (w world) naiveMaintenance() []bool {
	in, terms := w.input, w.input.Terms
	counted := make([]bool, w.ticks())
	var occurrences []slo.Period
	for _, m := range terms.Maintenance {
		for _, o := range naiveOccurrences(m, in.Period) {
			if !terms.Policy.HasNotice || !m.Announced || m.AnnouncedAt <= o.Start-terms.Policy.Notice.Milliseconds() {
				occurrences = append(occurrences, o)
			}
		}
	}
	var used int64
	for i := range counted {
		t := in.Period.Start + int64(i)*w.tick
		inside := slices.ContainsFunc(occurrences, func(o slo.Period) bool { return o.Start <= t && t < o.End })
		if !inside || !naiveOpen(terms.Hours, t) {
			continue
		}
		used += w.tick
		counted[i] = !terms.Policy.HasCap || used <= terms.Policy.Cap.Milliseconds()
	}
	return counted
}

// naiveOccurrences expands by another implementation of RFC 5545.
func naiveOccurrences(m slo.Maintenance, p slo.Period) []slo.Period {
	if m.Zone == nil {
		return []slo.Period{m.Period}
	}
	start := time.Date(m.Start.Year, m.Start.Month, m.Start.Day, 0, 0, 0, 0, time.UTC).Add(m.Start.Clock)
	locals := []time.Time{start}
	if m.RRule != "" {
		option, err := rrule.StrToROption(m.RRule)
		if err != nil {
			panic(err)
		}
		option.Dtstart = start
		rule, err := rrule.NewRRule(*option)
		if err != nil {
			panic(err)
		}
		locals = rule.Between(time.UnixMilli(p.Start).UTC().AddDate(0, 0, -5), time.UnixMilli(p.End).UTC().AddDate(0, 0, 5), true)
	}
	var found []slo.Period
	for _, local := range locals {
		excepted := slices.ContainsFunc(m.Except, func(l slo.LocalTime) bool {
			return time.Date(l.Year, l.Month, l.Day, 0, 0, 0, 0, time.UTC).Add(l.Clock).Equal(local)
		})
		if !excepted {
			t := naiveInstant(m.Zone, local)
			found = append(found, slo.Period{Start: t, End: t + m.Duration.Milliseconds()})
		}
	}
	return found
}

// naiveInstant tries every offset that the zone has had around the local time.
func naiveInstant(zone *time.Location, local time.Time) int64 {
	const layout = "2006-01-02T15:04:05"
	var before int // the offset a while ago, the latest that is before a gap
	for back := 48 * time.Hour; back >= -48*time.Hour; back -= 15 * time.Minute {
		_, offset := local.Add(-back).In(zone).Zone()
		t := local.Add(-time.Duration(offset) * time.Second)
		if t.In(zone).Format(layout) == local.Format(layout) {
			return t.UnixMilli()
		}
		if local.Add(-back).In(zone).Format(layout) < local.Format(layout) {
			before = offset
		}
	}
	return local.Add(-time.Duration(before) * time.Second).UnixMilli()
}

// triple is the estimate, the best and the worst state.
type triple [3]slo.State

func naiveState(n slo.Node, states map[string][]triple, i int) triple {
	if n.Series != "" {
		return states[n.Series][i]
	}
	var up, unknown [3]int
	for _, child := range n.Children {
		for lane, s := range naiveState(child, states, i) {
			switch s {
			case slo.Up:
				up[lane]++
			case slo.Unknown:
				unknown[lane]++
			}
		}
	}
	var out triple
	for lane := range out {
		switch {
		case up[lane] >= n.Need:
			out[lane] = slo.Up
		case up[lane]+unknown[lane] < n.Need:
			out[lane] = slo.Down
		}
	}
	return out
}

// naiveStates follows section 1 step by step: sort, cut into segments, cut into runs, let the
// confirmed ones set the state, paint.
func (w world) naiveStates(p slo.Params, seen []slo.Observation) []triple {
	stale, confirm := p.StaleAfter, map[slo.State]int{slo.Down: max(p.DownAfter, 1), slo.Up: max(p.UpAfter, 1)}
	if stale == 0 {
		stale = 2 * p.Interval
	}
	if p.DownAfter == 0 {
		confirm[slo.Down] = 2
	}
	sorted := naiveSet(seen)
	painted := make([]triple, w.ticks())
	for len(sorted) > 0 {
		if sorted[0].State == slo.Unknown {
			sorted = sorted[1:]
			continue
		}
		n := 1
		for n < len(sorted) && sorted[n].State != slo.Unknown && sorted[n].T-sorted[n-1].T <= stale {
			n++
		}
		end := sorted[n-1].T + stale
		if n < len(sorted) && sorted[n].State == slo.Unknown {
			end = min(end, sorted[n].T)
		}
		w.paintSegment(painted, sorted[:n], end, confirm)
		sorted = sorted[n:]
	}
	return painted
}

func naiveSet(seen []slo.Observation) []slo.Observation {
	first := map[int64]bool{}
	var set []slo.Observation
	for _, o := range seen {
		if !first[o.T] {
			first[o.T] = true
			set = append(set, o)
		}
	}
	slices.SortFunc(set, func(a, b slo.Observation) int { return cmp.Compare(a.T, b.T) })
	return set
}

func (w world) paintSegment(painted []triple, segment []slo.Observation, end int64, confirm map[slo.State]int) {
	type change struct {
		state    slo.State
		at, last int64 // last: the observation before
	}
	changes := []change{{state: slo.Unknown, at: segment[0].T}}
	for i := 0; i < len(segment); {
		n := i + 1
		for n < len(segment) && segment[n].State == segment[i].State {
			n++
		}
		if n-i >= confirm[segment[i].State] && changes[len(changes)-1].state != segment[i].State {
			c := change{state: segment[i].State, at: segment[i].T}
			if i > 0 {
				c.last = segment[i-1].T
			}
			changes = append(changes, c)
		}
		i = n
	}
	changes = append(changes, change{at: end})
	for i, c := range changes[:len(changes)-1] {
		next := changes[i+1]
		w.paint(painted, c.at, next.at, triple{c.state, c.state, c.state})
		if c.state != slo.Unknown && next.state != slo.Unknown {
			w.paint(painted, next.last, next.at, triple{c.state, slo.Up, slo.Down})
		}
	}
}

func (w world) paint(painted []triple, from, to int64, s triple) {
	for i := max(0, (from-w.input.Period.Start)/w.tick); i < int64(len(painted)) && w.input.Period.Start+i*w.tick < to; i++ {
		if w.input.Period.Start+i*w.tick >= from {
			painted[i] = s
		}
	}
}
