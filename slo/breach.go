package slo

import (
	"sort"
	"time"
)

// BreachedAt is the earliest now (ms) at which the ledger of the input, with all that it
// holds, is breached: the moment from which no perfect rest of the period could save it. It
// reports false when the period, as far as it has elapsed, is not breached.
func BreachedAt(in Input) (int64, bool, error) {
	table, err := NewTimetable(in.Terms, in.Period)
	if err != nil {
		return 0, false, err
	}
	return table.BreachedAt(in.Now, in.Service, in.Series)
}

// BreachedAt is the function of that name over the timetable's period and terms.
//
// As now moves on, what is consumed can only grow and what is agreed can only shrink (by
// unknown time that is left out), so the first piece whose end is breached holds the moment.
func (t *Timetable) BreachedAt(now int64, service Node, series map[string][]Span) (int64, bool, error) {
	agreed := t.toCome(t.period.Start)
	var bad, at int64
	var breached bool
	err := t.walk(t.elapsed(now), service, series, func(p piece, _ *timeline) {
		if breached {
			return
		}
		badRate, lostRate := t.rates(p.class())
		isBreached := func(ms int64) bool {
			return bad+badRate*ms > t.terms.Objective.Budget(agreed-lostRate*ms)
		}
		length := p.End - p.Start
		if isBreached(length) {
			breached = true
			at = p.Start + int64(sort.Search(int(length), func(ms int) bool { return isBreached(int64(ms)) }))
			return
		}
		bad += badRate * length
		agreed -= lostRate * length
	})
	return at, breached, err
}

// rates are what one millisecond of a class adds to the bad time and takes from the agreed.
func (t *Timetable) rates(c Class) (bad, lost int64) {
	switch {
	case c == ClassDown, c == ClassUnknown && t.terms.Unknown == UnknownAsDown:
		return 1, 0
	case c == ClassUnknown && t.terms.Unknown == UnknownExcluded:
		return 0, 1
	}
	return 0, 0
}

// riskLookBack is the present whose burn is held against what is left of a period.
const riskLookBack = 6 * time.Hour

// Status is where the input's period stands at its Now. Breached comes before all else; then
// a period without good and bad time is NotMeasured; then it is AtRisk when less than a
// quarter of the budget remains, or the burn of the last six hours would end it within the
// period; else it is Met.
func Status(in Input) (BudgetState, error) {
	table, err := NewTimetable(in.Terms, in.Period)
	if err != nil {
		return NotMeasured, err
	}
	l, err := table.Ledger(in.Now, in.Service, in.Series)
	if err != nil {
		return NotMeasured, err
	}
	return table.Status(l, in.Now, in.Service, in.Series)
}

// Status is the function of that name for a ledger that this timetable gave for the same now,
// service and series.
func (t *Timetable) Status(l Ledger, now int64, service Node, series map[string][]Span) (BudgetState, error) {
	switch {
	case l.Breached:
		return Breached, nil
	case l.Good+l.Bad == 0:
		return NotMeasured, nil
	case 4*l.Remaining < l.Budget:
		return AtRisk, nil
	}
	burn, err := t.Burn(now, riskLookBack, service, series)
	if err != nil {
		return NotMeasured, err
	}
	if burn.ends(l.Remaining, t.toCome(now)) {
		return AtRisk, nil
	}
	return Met, nil
}

// ends reports whether a budget comes to its end in so much counted time at this burn.
func (b Burn) ends(remaining, toCome int64) bool {
	return b.Bad > 0 && compareProducts(uint64(toCome), uint64(b.Bad), uint64(remaining), uint64(b.Measured)) >= 0
}
