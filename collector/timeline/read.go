package timeline

import (
	"context"
	"slices"

	"github.com/nines-monitor/nines/slo"
)

// spans gives the spans that overlap [from, to), and the one that follows upon the last.
func (h *head) spans(ctx context.Context, from, to int64) ([]slo.Span, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.newest == nil {
		return nil, nil
	}
	older, err := h.olderSpans(ctx, from)
	if err != nil {
		return nil, err
	}
	found := overlapping(nil, older, from, to)
	found = overlapping(found, h.settled.spans, from, to)
	return overlapping(found, h.folder.Provisional(), from, to), nil
}

// olderSpans gives the settled spans that end after from and are not in memory. Those of the
// recent past it brings there instead, and then gives none.
func (h *head) olderSpans(ctx context.Context, from int64) ([]slo.Span, error) {
	if from >= h.settled.since {
		return nil, nil
	}
	reach := from
	kept := h.folder.Carry().Seen - keptDays*24*hourMS
	if from >= kept {
		reach = kept
	}
	stored, err := h.store.Spans(ctx, h.series, reach, h.settled.since)
	if err != nil {
		return nil, err
	}
	older := h.settled.before(stored)
	if from < kept || len(older)+len(h.settled.spans) > keptSpans {
		return older, nil
	}
	h.settled.extend(reach, older)
	return nil, nil
}

// overlapping appends those of spans, which are in order and do not overlap each other, that
// overlap [from, to), or that start where the last of found ends.
func overlapping(found, spans []slo.Span, from, to int64) []slo.Span {
	first, _ := slices.BinarySearchFunc(spans, from, func(s slo.Span, t int64) int {
		if s.End <= t {
			return -1
		}
		return 1
	})
	for _, s := range spans[first:] {
		if s.Start >= to && (len(found) == 0 || found[len(found)-1].End != s.Start || found[len(found)-1].Start >= to) {
			break
		}
		found = append(found, s)
	}
	return found
}
