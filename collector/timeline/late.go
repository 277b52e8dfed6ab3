package timeline

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
)

// pageMS is how much of the past is read from the store at once: a week.
const pageMS = 7 * 24 * hourMS

// addLate puts results, which are in order of time and none later than the newest, into their
// hours, and folds these again.
func (h *head) addLate(ctx context.Context, results []wire.Result) (added, error) {
	var hours []*hour
	var parts [][]wire.Result
	for rest := results; len(rest) > 0; {
		start := hourOf(rest[0].T)
		x, err := h.open(ctx, start)
		if err != nil {
			return added{}, err
		}
		n := countUntil(rest, start+hourMS)
		hours, parts, rest = append(hours, x), append(parts, rest[:n]), rest[n:]
	}
	var done added
	for i, x := range hours {
		before := len(x.results)
		if !x.merge(parts[i]) {
			continue
		}
		h.hours[x.start] = x
		if n, there := slices.BinarySearch(h.touched, x.start); !there {
			h.touched = slices.Insert(h.touched, n, x.start)
		}
		fresh := len(x.results) - before
		done.add(added{fresh: fresh, late: fresh, unstored: len(x.results)})
	}
	refolded, err := h.refoldTouched(ctx)
	done.unstored += refolded
	return done, err
}

// refoldTouched folds the hours that late results have changed again, each forward until
// nothing changes any more. It counts the results in hours that come out otherwise.
func (h *head) refoldTouched(ctx context.Context) (unstored int, err error) {
	for len(h.touched) > 0 {
		through, n, err := h.refold(ctx, h.touched[0])
		if err != nil {
			return unstored, err
		}
		unstored += n
		passed, _ := slices.BinarySearch(h.touched, through+1)
		h.touched = h.touched[passed:]
	}
	return unstored, nil
}

// finish folds again what an error has kept addLate from folding.
func (h *head) finish(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.refoldTouched(ctx)
	return err
}

// open gives an hour from memory or from the store, or a new one. It does not keep it.
func (h *head) open(ctx context.Context, start int64) (*hour, error) {
	if x := h.hours[start]; x != nil {
		return x, nil
	}
	stored, err := h.store.Chunks(ctx, h.series, start, start+1)
	if err != nil {
		return nil, err
	}
	if len(stored) == 0 {
		return &hour{start: start}, nil
	}
	return restoreHour(stored[0])
}

// before gives the hour before start that has observations, or nil when there is none.
func (h *head) before(ctx context.Context, start int64) (*hour, error) {
	var nearest *hour
	for _, x := range h.hours {
		if x.start < start && (nearest == nil || x.start > nearest.start) {
			nearest = x
		}
	}
	stored, err := h.store.ChunkBefore(ctx, h.series, start)
	if errors.Is(err, store.ErrNotFound) {
		return nearest, nil
	}
	if err != nil {
		return nil, err
	}
	if nearest != nil && nearest.start >= stored.Hour {
		return nearest, nil
	}
	return restoreHour(stored)
}

// page gives the hours of a week that have observations, in order: those in memory, and the
// others from the store.
func (h *head) page(ctx context.Context, from int64) ([]*hour, error) {
	stored, err := h.store.Chunks(ctx, h.series, from, from+pageMS)
	if err != nil {
		return nil, err
	}
	var hours []*hour
	for _, c := range stored {
		if h.hours[c.Hour] == nil {
			x, err := restoreHour(c)
			if err != nil {
				return nil, err
			}
			hours = append(hours, x)
		}
	}
	for _, x := range h.hours {
		if x.start >= from && x.start < from+pageMS {
			hours = append(hours, x)
		}
	}
	slices.SortFunc(hours, func(a, b *hour) int { return cmp.Compare(a.start, b.start) })
	return hours, nil
}
