package timeline

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/nines-monitor/nines/collector/store"
)

// pageMS is how much of the past is read from the store at once to fold it again: a day.
const pageMS = 24 * hourMS

// past is a series' hours as refolds pass through them: each day is read from the store once.
type past struct {
	head  *head
	read  bool
	from  int64   // start of the day that was read last
	hours []*hour // of that day, in order: those in memory, and the others from the store
}

// page gives the hours of the day that holds t, and where the next day starts.
func (p *past) page(ctx context.Context, t int64) (hours []*hour, next int64, err error) {
	from := t - t%pageMS
	next = from + pageMS
	if p.read && p.from == from {
		return p.hours, next, nil
	}
	stored, err := p.head.store.Chunks(ctx, p.head.series, from, next)
	if err != nil {
		return nil, 0, err
	}
	for _, c := range stored {
		if p.head.hours[c.Hour] == nil {
			x, err := restoreHour(c)
			if err != nil {
				return nil, 0, err
			}
			hours = append(hours, x)
		}
	}
	for start := from; start < next; start += hourMS {
		if x := p.head.hours[start]; x != nil {
			hours = append(hours, x)
		}
	}
	slices.SortFunc(hours, func(a, b *hour) int { return cmp.Compare(a.start, b.start) })
	*p = past{head: p.head, read: true, from: from, hours: hours}
	return hours, next, nil
}

// before gives the hour before start that has observations, or nil when there is none.
func (p *past) before(ctx context.Context, start int64) (*hour, error) {
	hours, _, err := p.page(ctx, start)
	if err != nil {
		return nil, err
	}
	if n := startingFrom(hours, start); n > 0 {
		return hours[n-1], nil
	}
	var nearest *hour
	for _, x := range p.head.hours {
		if x.start < start && (nearest == nil || x.start > nearest.start) {
			nearest = x
		}
	}
	stored, err := p.head.store.ChunkBefore(ctx, p.head.series, start)
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

// startingFrom is the index of the first hour that starts at t or later.
func startingFrom(hours []*hour, t int64) int {
	n, _ := slices.BinarySearchFunc(hours, t, func(x *hour, t int64) int { return cmp.Compare(x.start, t) })
	return n
}
