package timeline

import (
	"cmp"
	"slices"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// hourMS is the length of a chunk.
const hourMS = 3_600_000

// hourOf is the start of the hour that holds t, which is not negative.
func hourOf(t int64) int64 { return t - t%hourMS }

// hour holds the observations of one series in one UTC hour, and where the fold stands after
// them. Its results are shared with whoever stores them: they are appended to or replaced,
// never changed in place.
type hour struct {
	start   int64
	results []wire.Result // in order of time
	edge    edge
	folded  bool // edge is that of a fold: false for an hour that was only just made
	dirty   bool // has changed since it was last taken to be stored
	storing bool // is being stored
}

// edge is what a fold needs to go on after an hour, and what it needed to pass through it.
type edge struct {
	params  slo.Params // in force at the hour's start
	revised []revision // within the hour
	carry   slo.Carry  // after the hour's last observation
}

// revision puts parameters in force from the observation at an instant on.
type revision struct {
	at     int64 // ms
	params slo.Params
}

// inForce are the parameters at the hour's end.
func (e edge) inForce() slo.Params {
	if n := len(e.revised); n > 0 {
		return e.revised[n-1].params
	}
	return e.params
}

// merge adds late results, which are in order of time, and reports whether any was new. The
// first accepted of an instant stands.
func (h *hour) merge(late []wire.Result) bool {
	fresh := make([]wire.Result, 0, len(h.results)+len(late))
	fresh = append(fresh, h.results...)
	for _, x := range late {
		if _, there := slices.BinarySearchFunc(h.results, x, byInstant); !there {
			fresh = append(fresh, x)
		}
	}
	if len(fresh) == len(h.results) {
		return false
	}
	slices.SortFunc(fresh, byInstant)
	h.results, h.dirty = fresh, true
	return true
}

func byInstant(a, b wire.Result) int { return cmp.Compare(a.T, b.T) }

// fold passes f through the hour's observations, under the parameters of their time.
func (h *hour) fold(f *slo.Folder) {
	revised := h.edge.revised // each at an observation
	for _, x := range h.results {
		for len(revised) > 0 && revised[0].at <= x.T {
			f.Revise(revised[0].at, revised[0].params)
			revised = revised[1:]
		}
		f.Add(observation(x))
	}
}

// settledUntil is the instant that parts what a fold with that carry has settled, which ends
// there at the latest, from what it has not, which starts there at the earliest. It is false
// for a fold that has seen nothing.
func settledUntil(c slo.Carry) (int64, bool) {
	switch {
	case c.Open:
		return c.Held.Start, true
	case c.Run.Length > 0:
		return c.Run.Start, true
	default:
		return c.Seen + 1, c.Observed
	}
}
