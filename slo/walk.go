package slo

import "sync"

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
	for _, s := range t.slots[t.slotAt(part.Start):] {
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
