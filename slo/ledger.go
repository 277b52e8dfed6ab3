package slo

import "sync"

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

// piece is a stretch of time in one slot with one view.
type piece struct {
	Period
	slot slot
	view view
}

// class is the bucket of the piece, by the order in which buckets are decided.
func (p piece) class() Class {
	switch p.slot.kind {
	case closedSlot:
		return ClassOutOfHours
	case maintenanceSlot:
		return ClassMaintenance
	case excludedSlot:
		return ClassExcluded
	}
	switch p.view[estimate] {
	case Up:
		return ClassUp
	case Down:
		return ClassDown
	}
	return ClassUnknown
}

var timelines = sync.Pool{New: func() any { return new(timeline) }}

// walk visits the pieces of part, which lies in the timetable's period, in order; the
// timeline stands at the piece.
func (t *Timetable) walk(part Period, service Node, series map[string][]Span, visit func(piece, *timeline)) error {
	tl := timelines.Get().(*timeline)
	defer func() {
		clear(tl.leaves) // lets go of the spans
		timelines.Put(tl)
	}()
	if err := tl.reset(service, series, part.Start); err != nil {
		return err
	}
	for _, s := range t.slots {
		if s.End <= part.Start {
			continue
		}
		if s.Start >= part.End {
			break
		}
		p := piece{Period: Period{max(s.Start, part.Start), 0}, slot: s}
		for end := min(s.End, part.End); p.Start < end; p.Start = p.End {
			for tl.until() <= p.Start {
				tl.advance()
			}
			p.view = tl.now()
			p.End = min(end, tl.until())
			visit(p, tl)
		}
	}
	return nil
}
