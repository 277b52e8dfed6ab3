package slo

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
			at = p.Start + firstTrue(length, isBreached)
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

// firstTrue is the least n from 1 to most for which is(n), which is true for most and stays
// true once it is.
func firstTrue(most int64, is func(int64) bool) int64 {
	low, high := int64(0), most
	for high-low > 1 {
		if middle := low + (high-low)/2; is(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}
