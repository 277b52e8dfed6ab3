package timeline

import (
	"context"
	"math"

	"github.com/nines-monitor/nines/slo"
)

// refold folds again from the hour that starts at start, which was changed, up to the first
// hour's edge that comes out as it was, or up to the newest. It gives the start of the last
// hour that it has passed through, and counts the results in hours that come out otherwise.
// An error leaves everything as it was.
//
// Spans are replaced from where the fold before that hour was settled to where it is settled
// at the edge that agrees: what lies before is settled by observations before the hour, what
// lies after follows from an equal carry.
func (h *head) refold(ctx context.Context, start int64) (through int64, unstored int, err error) {
	r, err := h.startRefold(ctx, start)
	if err != nil {
		return 0, 0, err
	}
	for from := start; from <= h.newest.start && !r.agrees; from += pageMS {
		hours, err := h.page(ctx, from)
		if err != nil {
			return 0, 0, err
		}
		r.pass(hours)
	}
	until := int64(math.MaxInt64)
	if r.agrees {
		until, _ = settledUntil(r.folder.Carry())
	}
	h.settled.replace(r.from, until, r.folder.Take(nil))
	for _, p := range r.passed {
		if p.hour.edge.carry != p.edge.carry || !p.hour.folded {
			p.hour.dirty = true
			unstored += len(p.hour.results)
		}
		if p.hour.edge, p.hour.folded = p.edge, true; p.hour.dirty {
			h.hours[p.hour.start] = p.hour
		}
	}
	if !r.agrees {
		h.folder, h.params = r.folder, r.params
	}
	return r.passed[len(r.passed)-1].hour.start, unstored, nil
}

// refold is one pass over hours that were folded before.
type refold struct {
	folder *slo.Folder
	params slo.Params // in force where the pass is
	from   int64      // ms: what is settled starts here
	passed []passed
	agrees bool // the edge of the last hour passed is as it was
}

// passed is an hour and the edge that it comes out with.
type passed struct {
	hour *hour
	edge edge
}

// startRefold goes on from the edge before an hour, or from nothing if it is the first.
func (h *head) startRefold(ctx context.Context, start int64) (refold, error) {
	before, err := h.before(ctx, start)
	if err != nil {
		return refold{}, err
	}
	if before == nil {
		r := refold{params: h.firstParams(), from: h.hours[start].results[0].T}
		r.folder = slo.NewFolder(r.params)
		return r, h.recall(ctx, r.from)
	}
	r := refold{params: before.edge.inForce()}
	r.from, _ = settledUntil(before.edge.carry)
	r.folder = slo.ResumeFolder(r.params, before.edge.carry)
	return r, h.recall(ctx, r.from)
}

// firstParams are those of the earliest hour in memory that was folded: they hold for whatever
// turns up before a series' first observation.
func (h *head) firstParams() slo.Params {
	first := h.newest
	for _, x := range h.hours {
		if x.folded && x.start < first.start {
			first = x
		}
	}
	return first.edge.params
}

// recall makes sure that the settled spans that end after t are in memory.
func (h *head) recall(ctx context.Context, t int64) error {
	if h.settled.since <= t {
		return nil
	}
	stored, err := h.store.Spans(ctx, h.series, t, h.settled.since)
	if err != nil {
		return err
	}
	h.settled.extend(t, stored)
	return nil
}

// pass folds hours again, up to the first whose edge comes out as it was.
func (r *refold) pass(hours []*hour) {
	for _, x := range hours {
		e := x.edge
		if !x.folded {
			e.params = r.params
		}
		x.fold(r.folder)
		e.carry = r.folder.Carry()
		r.params = e.inForce()
		r.passed = append(r.passed, passed{x, e})
		if r.agrees = x.folded && e.carry == x.edge.carry; r.agrees {
			return
		}
	}
}
