package slo

import "fmt"

// Counts are the good and all events of a stretch of time, for objectives over events rather
// than time: responses below a latency, say. One event is Counts of the one millisecond in
// which it happened.
type Counts struct {
	Period
	Good, Total int64 // 0 <= Good <= Total
}

// EventAt is a single event at the instant t (ms).
func EventAt(t int64, good bool) Counts {
	c := Counts{Period: Period{t, t + 1}, Total: 1}
	if good {
		c.Good = 1
	}
	return c
}

// EventLedger is the ledger of an objective over events, all in events. OutOfHours,
// Maintenance, Excluded, Good and Bad sum to all that happened in the elapsed period.
type EventLedger struct {
	Period  Period
	Elapsed int64 // ms

	OutOfHours, Maintenance, Excluded int64
	Good, Bad                         int64

	Availability Fraction // good of counted events
	Budget       int64    // bad events allowed of those counted so far, rounded down
	Remaining    int64    // Budget - Bad
	Missed       bool     // Availability is below the objective as it stands
}

// Alike reports whether the timetable treats every instant of p alike, so that counts of p
// as a whole can be used. Where it does not, p's events are needed one by one.
func (t *Timetable) Alike(p Period) bool {
	i := t.slotAt(p.Start)
	for j := i; j < len(t.slots) && t.slots[j].Start < p.End; j++ {
		if t.slots[j].kind != t.slots[i].kind {
			return false
		}
	}
	return true
}

// Events computes the ledger of an objective over events, elapsed up to now (ms). Counts may
// come in any order. Those outside the elapsed period are left out; those that lie across
// its edge, or across a change in how time is treated, are an error that names them.
// Maintenance that counts as up makes its events good in Availability and Budget.
func (t *Timetable) Events(now int64, counts []Counts) (EventLedger, error) {
	elapsed := t.elapsed(now)
	l := EventLedger{Period: t.period, Elapsed: elapsed.End - elapsed.Start}
	for i, c := range counts {
		switch {
		case c.End <= c.Start || c.Good < 0 || c.Good > c.Total:
			return EventLedger{}, fmt.Errorf("counts[%d]: not the counts of a stretch of time", i)
		case c.End <= elapsed.Start || c.Start >= elapsed.End:
			continue
		case c.Start < elapsed.Start || c.End > elapsed.End || !t.Alike(c.Period):
			return EventLedger{}, fmt.Errorf("counts[%d]: across an edge of the timetable: give its events one by one", i)
		}
		l.add(t, c)
	}
	good := l.Good
	if t.terms.Policy.CountsAs == CountsUp {
		good += l.Maintenance
	}
	counted := good + l.Bad
	l.Availability = Fraction{good, counted}
	l.Budget = t.terms.Objective.Budget(counted)
	l.Remaining = l.Budget - l.Bad
	l.Missed = l.Remaining < 0
	return l, nil
}

func (l *EventLedger) add(t *Timetable, c Counts) {
	switch t.slots[t.slotAt(c.Start)].kind {
	case closedSlot:
		l.OutOfHours += c.Total
	case maintenanceSlot:
		l.Maintenance += c.Total
	case excludedSlot:
		l.Excluded += c.Total
	default:
		l.Good += c.Good
		l.Bad += c.Total - c.Good
	}
}
