package slo

// Input is one question: this service, these terms, this period, as seen at Now.
type Input struct {
	Period  Period
	Now     int64 // ms; the period is elapsed up to here
	Service Node
	Series  map[string][]Span // by series name, as Fold returns them; a series that is missing was never observed
	Terms   Terms
}

// Ledger is the answer to an Input: every elapsed millisecond of the period in exactly one
// class, and what follows from that (docs/measurement.md, sections 3 and 4).
// OutOfHours, Maintenance, Excluded, Up, Down and Unknown sum to Elapsed. All are ms.
type Ledger struct {
	Period  Period
	Elapsed int64

	OutOfHours  int64
	Maintenance int64
	Excluded    int64
	Up          int64
	Down        int64
	Unknown     int64

	Good, Bad int64
	Agreed    int64 // good + bad + what of the period is still to come and counts

	Availability Fraction
	Best, Worst  Fraction
	Coverage     Fraction

	Budget    int64 // floor of (1 - objective) x Agreed
	Consumed  int64 // Bad
	Remaining int64 // Budget - Consumed
	Breached  bool  // Consumed exceeds the exact budget
}

// Evaluate answers the one question of this package. What is wrong with the input is an
// error that names its place.
func Evaluate(in Input) (Ledger, error) {
	table, err := NewTimetable(in.Terms, in.Period)
	if err != nil {
		return Ledger{}, err
	}
	return table.Ledger(in.Now, in.Service, in.Series)
}

// Ledger computes the ledger of one service over the timetable's period, elapsed up to now
// (ms). The spans are as Input.Series has them.
func (t *Timetable) Ledger(now int64, service Node, series map[string][]Span) (Ledger, error) {
	elapsed := t.elapsed(now)
	l := Ledger{Period: t.period, Elapsed: elapsed.End - elapsed.Start}
	var bestUp, worstUp int64
	err := t.walk(elapsed, service, series, func(p piece, _ *timeline) {
		length := p.End - p.Start
		*l.bucket(p.class()) += length
		if p.slot.kind != openSlot {
			return
		}
		if p.view[best] != Down {
			bestUp += length
		}
		if p.view[worst] == Up {
			worstUp += length
		}
	})
	if err != nil {
		return Ledger{}, err
	}
	l.conclude(t, elapsed.End, bestUp, worstUp)
	return l, nil
}

// elapsed is the part of the period that is past at now.
func (t *Timetable) elapsed(now int64) Period {
	return Period{t.period.Start, max(t.period.Start, min(now, t.period.End))}
}

// bucket is where the ledger adds up a class.
func (l *Ledger) bucket(c Class) *int64 {
	switch c {
	case ClassOutOfHours:
		return &l.OutOfHours
	case ClassMaintenance:
		return &l.Maintenance
	case ClassExcluded:
		return &l.Excluded
	case ClassUp:
		return &l.Up
	case ClassDown:
		return &l.Down
	}
	return &l.Unknown
}

// conclude derives from the six classes all that follows (docs/measurement.md, section 4).
func (l *Ledger) conclude(t *Timetable, now, bestUp, worstUp int64) {
	l.Good, l.Bad = l.Up, l.Down
	switch t.terms.Unknown {
	case UnknownAsUp:
		l.Good += l.Unknown
	case UnknownAsDown:
		l.Bad += l.Unknown
	}
	measurable := l.Up + l.Down + l.Unknown
	l.Coverage = Fraction{l.Up + l.Down, measurable}
	if t.terms.Policy.CountsAs == CountsUp {
		l.Good += l.Maintenance
		bestUp += l.Maintenance
		worstUp += l.Maintenance
		measurable += l.Maintenance
	}
	l.Availability = Fraction{l.Good, l.Good + l.Bad}
	l.Best = Fraction{bestUp, measurable}
	l.Worst = Fraction{worstUp, measurable}

	l.Agreed = l.Good + l.Bad + t.toCome(now)
	l.Budget = t.terms.Objective.Budget(l.Agreed)
	l.Consumed = l.Bad
	l.Remaining = l.Budget - l.Consumed
	l.Breached = l.Remaining < 0
}

// toCome is the time of the period after now that counts.
func (t *Timetable) toCome(now int64) int64 {
	var sum int64
	for i := len(t.slots) - 1; i >= 0 && t.slots[i].End > now; i-- {
		if s := t.slots[i]; t.counts(s) {
			sum += s.End - max(s.Start, now)
		}
	}
	return sum
}
