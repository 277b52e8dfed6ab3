package timeline

import (
	"slices"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
)

// changes are what the journal up to a position has become and the store does not have.
type changes struct {
	applied journal.Position
	heads   []snapshot
	results int // in hours that are not stored
}

// snapshot is what of a head the store does not have, to be stored and then confirmed, or
// taken back.
type snapshot struct {
	head    *head
	hours   []*hour
	results [][]wire.Result // of hours, as they were
	edges   []edge
	fold    store.Fold // without its chunks
}

// take gives what has changed, and counts it as stored.
func (h *head) take() snapshot {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := snapshot{head: h, fold: store.Fold{Series: h.series}}
	for _, x := range h.hours {
		if x.dirty {
			x.dirty, x.storing = false, true
			s.hours, s.results, s.edges = append(s.hours, x), append(s.results, x.results), append(s.edges, x.edge)
		}
	}
	s.fold.From, s.fold.Until, s.fold.Spans = h.settled.changed()
	h.settled.changedFrom, h.settled.changedUntil = 0, 0
	return s
}

// encode makes the snapshot what the store takes.
func (s snapshot) encode() store.Fold {
	for i, x := range s.hours {
		s.fold.Chunks = append(s.fold.Chunks, store.Chunk{Series: s.fold.Series, Hour: x.start, Observations: s.results[i], Carry: s.edges[i].encode()})
	}
	slices.SortFunc(s.fold.Chunks, func(a, b store.Chunk) int { return int((a.Hour - b.Hour) / hourMS) })
	return s.fold
}

// confirm forgets what is stored and need not stay in memory.
func (s snapshot) confirm() {
	h := s.head
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, x := range s.hours {
		x.storing = false
		h.release(x)
	}
	if h.settled.changedFrom == h.settled.changedUntil {
		h.settled.trim(h.folder.Carry().Seen)
	}
}

// takeBack counts the snapshot as not stored after all.
func (s snapshot) takeBack() {
	h := s.head
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, x := range s.hours {
		x.dirty, x.storing = true, false
	}
	if s.fold.From < s.fold.Until {
		h.settled.change(s.fold.From, s.fold.Until)
	}
}
