package slo

import (
	"fmt"
	"sort"
)

// Timetable says of every instant of a period how the terms treat it, whatever the state of
// any service: out of hours, maintenance, excluded, or open to be measured. One timetable
// serves any number of services and moments; it is never changed and safe for concurrent use.
type Timetable struct {
	terms  Terms
	period Period
	slots  []slot
}

// slot is a stretch of one treatment; a timetable's slots cover its period in order.
type slot struct {
	Period
	kind   slotKind
	source int // in Terms.Maintenance or Terms.Exclusions
}

type slotKind uint8

const (
	closedSlot slotKind = iota
	maintenanceSlot
	excludedSlot
	openSlot
)

// NewTimetable lays the terms out over a period. What is wrong with either is an error that
// names its place.
func NewTimetable(t Terms, p Period) (*Timetable, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("period.%w", err)
	}
	open, err := t.Hours.bounded(p)
	if err != nil {
		return nil, fmt.Errorf("service_hours.%w", err)
	}
	maintenance, err := t.counted(p, open)
	if err != nil {
		return nil, err
	}
	excluded := make([]sourced, 0, len(t.Exclusions))
	for i, e := range t.Exclusions {
		excluded = append(excluded, sourced{e.Period, i})
	}
	table := &Timetable{terms: t, period: p}
	table.lay(open, maintenance, apart(excluded))
	return table, nil
}

// lay merges the three lists, each in order and apart, into slots.
func (t *Timetable) lay(open []Period, maintenance, excluded []sourced) {
	t.slots = make([]slot, 0, 2*(len(open)+len(maintenance)+len(excluded))+1)
	for at := t.period.Start; at < t.period.End; {
		s := slot{Period: Period{at, t.period.End}, kind: closedSlot}
		for len(open) > 0 && open[0].End <= at {
			open = open[1:]
		}
		for len(maintenance) > 0 && maintenance[0].End <= at {
			maintenance = maintenance[1:]
		}
		for len(excluded) > 0 && excluded[0].End <= at {
			excluded = excluded[1:]
		}
		if len(open) > 0 && s.enter(open[0], openSlot, 0) {
			if len(excluded) > 0 {
				s.enter(excluded[0].Period, excludedSlot, excluded[0].source)
			}
			if len(maintenance) > 0 {
				s.enter(maintenance[0].Period, maintenanceSlot, maintenance[0].source)
			}
		}
		t.add(s)
		at = s.End
	}
}

// enter cuts the slot at the next edge of p and, if p holds the slot's start, gives it p's
// kind and source.
func (s *slot) enter(p Period, kind slotKind, source int) bool {
	if p.Start > s.Start {
		s.End = min(s.End, p.Start)
		return false
	}
	s.End = min(s.End, p.End)
	s.kind, s.source = kind, source
	return true
}

// add appends a slot, joined to the one before when they are alike.
func (t *Timetable) add(s slot) {
	if n := len(t.slots); n > 0 && t.slots[n-1].kind == s.kind && t.slots[n-1].source == s.source {
		t.slots[n-1].End = s.End
		return
	}
	t.slots = append(t.slots, s)
}

// counts reports whether time in the slot is on either side of the fraction.
func (t *Timetable) counts(s slot) bool {
	return s.kind == openSlot || s.kind == maintenanceSlot && t.terms.Policy.CountsAs == CountsUp
}

// InMaintenance reports whether the instant t (ms) lies in maintenance that counts: one in
// hours, announced in time and within the cap.
func (t *Timetable) InMaintenance(at int64) bool {
	i := t.slotAt(at)
	return i < len(t.slots) && t.slots[i].Start <= at && t.slots[i].kind == maintenanceSlot
}

// slotAt is the slot that holds an instant, or else the next one's place.
func (t *Timetable) slotAt(at int64) int {
	return sort.Search(len(t.slots), func(i int) bool { return t.slots[i].End > at })
}
