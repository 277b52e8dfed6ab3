package timeline

import (
	"context"
	"math"

	"github.com/nines-monitor/nines/slo"
)

// refold folds again from the hour that starts at start, which was changed, up to the first
// hour's edge that comes out as it was, or up to the newest. An error leaves everything as it was.
//
// Spans are to be replaced from where the fold before that hour was settled to where it is
// settled at the edge that agrees: what lies before is settled by observations before the hour,
// what lies after follows from an equal carry.
func (h *head) refold(ctx context.Context, past *past, start int64) (refold, error) {
	r, err := h.startRefold(ctx, past, start)
	if err != nil {
		return refold{}, err
	}
	for at := start; at <= h.newest.start && !r.agrees; {
		hours, next, err := past.page(ctx, at)
		if err != nil {
			return refold{}, err
		}
		r.pass(hours[startingFrom(hours, at):])
		at = next
	}
	r.until = math.MaxInt64
	if r.agrees {
		r.until, _ = settledUntil(r.folder.Carry())
	}
	r.spans = r.folder.Take(nil)
	r.through = r.passed[len(r.passed)-1].hour.start
	for _, p := range r.passed {
		if p.hour.edge.carry != p.edge.carry || !p.hour.folded {
			p.hour.dirty = true
			r.unstored += len(p.hour.results)
		}
		if p.hour.edge, p.hour.folded = p.edge, true; p.hour.dirty {
			h.hours[p.hour.start] = p.hour
		}
	}
	r.passed = nil
	return r, nil
}

// refold is one pass over hours that were folded before.
type refold struct {
	folder *slo.Folder
	params slo.Params // in force where the pass is
	passed []passed
	agrees bool // the edge of the last hour passed is as it was

	// What comes of it: spans are the settled ones that start in [from, until).
	from, until int64 // ms
	spans       []slo.Span
	through     int64 // ms, start of the last hour passed
	unstored    int   // results in hours that come out otherwise
}

// passed is an hour and the edge that it comes out with.
type passed struct {
	hour *hour
	edge edge
}

// startRefold goes on from the edge before an hour, or from nothing if it is the first.
func (h *head) startRefold(ctx context.Context, past *past, start int64) (refold, error) {
	before, err := past.before(ctx, start)
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
	h.mu.Lock()
	since := h.settled.since
	h.mu.Unlock()
	if since <= t {
		return nil
	}
	stored, err := h.store.Spans(ctx, h.series, t, since)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.settled.since > t { // a reader may have been here
		h.settled.extend(t, stored)
	}
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
