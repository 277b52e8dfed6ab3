package timeline

import (
	"cmp"
	"context"
	"slices"

	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
)

// addLate puts results, which are in order of time and none later than the newest, into their
// hours, and folds these again.
func (h *head) addLate(ctx context.Context, results []wire.Result) (added, error) {
	hours, err := h.open(ctx, byHour(results))
	if err != nil {
		return added{}, err
	}
	done := h.merge(hours)
	refolded, err := h.refoldTouched(ctx)
	done.unstored += refolded
	return done, err
}

// part is what of late results belongs to one hour.
type part struct {
	start   int64
	results []wire.Result
	hour    *hour // nil: not in memory
}

// byHour parts results, which are in order of time.
func byHour(results []wire.Result) (parts []part) {
	for len(results) > 0 {
		start := hourOf(results[0].T)
		n := countUntil(results, start+hourMS)
		parts = append(parts, part{start: start, results: results[:n]})
		results = results[n:]
	}
	return parts
}

// open finds the hours of the parts in memory or in the store, or makes new ones. It does not
// keep them.
func (h *head) open(ctx context.Context, parts []part) ([]part, error) {
	var missing []*part
	for i := range parts {
		if p := &parts[i]; h.hours[p.start] != nil {
			p.hour = h.hours[p.start]
		} else {
			missing = append(missing, p)
		}
	}
	for len(missing) > 0 {
		n := 1
		for n < len(missing) && missing[n].start < missing[0].start+openMS {
			n++
		}
		if err := h.read(ctx, missing[:n]); err != nil {
			return nil, err
		}
		missing = missing[n:]
	}
	return parts, nil
}

// openMS is how much of the past is read from the store at once to put late results into it.
const openMS = 7 * 24 * hourMS

// read takes hours, which are in order of time, from the store, or makes new ones.
func (h *head) read(ctx context.Context, missing []*part) error {
	stored, err := h.store.Chunks(ctx, h.series, missing[0].start, missing[len(missing)-1].start+1)
	if err != nil {
		return err
	}
	for _, p := range missing {
		p.hour = &hour{start: p.start}
		i, there := slices.BinarySearchFunc(stored, p.start, func(c store.Chunk, start int64) int { return cmp.Compare(c.Hour, start) })
		if !there {
			continue
		}
		if p.hour, err = restoreHour(stored[i]); err != nil {
			return err
		}
	}
	return nil
}

// merge puts late results into their hours.
func (h *head) merge(parts []part) (done added) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range parts {
		before := len(p.hour.results)
		if !p.hour.merge(p.results) {
			continue
		}
		h.hours[p.start] = p.hour
		if n, there := slices.BinarySearch(h.touched, p.start); !there {
			h.touched = slices.Insert(h.touched, n, p.start)
		}
		fresh := len(p.hour.results) - before
		done.add(added{fresh: fresh, late: fresh, unstored: len(p.hour.results)})
	}
	return done
}

// refoldTouched folds the hours that late results have changed again, each forward until
// nothing changes any more. It counts the results in hours that come out otherwise. Readers see
// what comes of it all at once.
func (h *head) refoldTouched(ctx context.Context) (unstored int, err error) {
	past := past{head: h}
	var passes []refold
	for len(h.touched) > 0 {
		var r refold
		if r, err = h.refold(ctx, &past, h.touched[0]); err != nil {
			break
		}
		passes = append(passes, r)
		unstored += r.unstored
		passed, _ := slices.BinarySearch(h.touched, r.through+1)
		h.touched = h.touched[passed:]
	}
	h.show(passes)
	return unstored, err
}

// show lets readers see what refolds have come to.
func (h *head) show(passes []refold) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range passes {
		h.settled.replace(r.from, r.until, r.spans)
		if !r.agrees { // up to the newest
			h.folder, h.params = r.folder, r.params
		}
	}
}

// finish folds again what an error has kept addLate from folding.
func (h *head) finish(ctx context.Context) error {
	_, err := h.refoldTouched(ctx)
	return err
}
