package timeline

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"

	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// head is where the fold of one series stands, with what the store does not have yet. Whoever
// changes it has Timeline.folding, and for what readers see also mu, but for moments only: the
// store is read for late results without it.
type head struct {
	series store.Series
	store  store.Store

	hours   map[int64]*hour // by start: the newest, and those not stored as they are
	touched []int64         // starts of hours that late results have changed and that are yet to be folded again, in order

	mu      sync.Mutex
	folder  *slo.Folder // its settled spans are always taken
	params  slo.Params  // in force now
	settled settled
	newest  *hour // nil: never observed
}

// newHead makes the head of a series that the store does not know.
func newHead(st store.Store, s store.Series) *head {
	return &head{series: s, store: st, hours: map[int64]*hour{}, settled: settled{since: math.MinInt64}}
}

// restoreHead goes on from the newest chunk of a series.
func restoreHead(st store.Store, c store.Chunk) (*head, error) {
	newest, err := restoreHour(c)
	if err != nil {
		return nil, err
	}
	h := newHead(st, c.Series)
	h.newest = newest
	h.hours[newest.start] = newest
	h.resume(newest.edge)
	h.settled.since, _ = settledUntil(newest.edge.carry)
	return h, nil
}

func restoreHour(c store.Chunk) (*hour, error) {
	e, err := decodeEdge(c.Carry)
	if err != nil {
		return nil, err
	}
	if len(c.Observations) == 0 {
		return nil, errors.New("the chunk has no observations")
	}
	return &hour{start: c.Hour, results: c.Observations, edge: e, folded: true}, nil
}

func (h *head) resume(e edge) {
	h.params = e.inForce()
	h.folder = slo.ResumeFolder(h.params, e.carry)
}

// added counts what became of results.
type added struct {
	fresh    int // folded in
	late     int // of these, not in order of time
	unstored int // results in hours that must be stored because of it
}

func (a *added) add(b added) {
	a.fresh, a.late, a.unstored = a.fresh+b.fresh, a.late+b.late, a.unstored+b.unstored
}

// add folds in results that are in order of time: those after all that were seen before at
// once, late ones by folding their hours again. After an error it is to be called again with
// the same results.
func (h *head) add(ctx context.Context, results []wire.Result, params func(now slo.Params) slo.Params) (added, error) {
	var done added
	late := 0
	if h.newest != nil {
		late = countUntil(results, h.folder.Carry().Seen+1)
	}
	if late > 0 {
		var err error
		if done, err = h.addLate(ctx, results[:late]); err != nil {
			return done, err
		}
	}
	inForce := h.params
	if late < len(results) {
		inForce = params(h.params)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for rest := results[late:]; len(rest) > 0; {
		n := countUntil(rest, hourOf(rest[0].T)+hourMS)
		h.addNext(rest[:n], inForce)
		rest = rest[n:]
		done.add(added{fresh: n, unstored: n})
	}
	return done, nil
}

// countUntil counts the results before t.
func countUntil(results []wire.Result, t int64) int {
	n, _ := slices.BinarySearchFunc(results, wire.Result{T: t}, byInstant)
	return n
}

// addNext folds in results of one hour that are later than all that were seen.
func (h *head) addNext(results []wire.Result, params slo.Params) {
	if h.newest == nil {
		h.params = params
		h.folder = slo.NewFolder(params)
	}
	if start := hourOf(results[0].T); h.newest == nil || h.newest.start != start {
		before := h.newest
		h.newest = &hour{start: start, edge: edge{params: h.params}}
		h.hours[start] = h.newest
		h.release(before)
	}
	x := h.newest
	if params != h.params {
		x.edge.revised = append(x.edge.revised, revision{at: results[0].T, params: params})
		h.folder.Revise(results[0].T, params)
		h.params = params
	}
	for _, r := range results {
		h.folder.Add(observation(r))
	}
	x.results = append(x.results, results...)
	x.edge.carry, x.folded, x.dirty = h.folder.Carry(), true, true
	if fresh := h.folder.Take(nil); len(fresh) > 0 {
		h.settled.replace(fresh[0].Start, fresh[len(fresh)-1].End, fresh)
	}
}

// release forgets an hour that the store has as it is.
func (h *head) release(x *hour) {
	if x != nil && x != h.newest && !x.dirty && !x.storing && h.hours[x.start] == x {
		delete(h.hours, x.start)
	}
}

// last is the newest result.
func (h *head) last() (wire.Result, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.newest == nil {
		return wire.Result{}, false
	}
	return h.newest.results[len(h.newest.results)-1], true
}
