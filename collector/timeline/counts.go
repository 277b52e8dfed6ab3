package timeline

import (
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/nines-monitor/nines/collector/store"
)

// counts are the timeline's metrics.
type counts struct {
	results, known, late, unreadable *metrics.Counter
	chunks, spans                    *metrics.Counter
	flush                            *metrics.PrometheusHistogram
}

func newCounts(set *metrics.Set, t *Timeline) counts {
	set.NewGauge("nines_timeline_series", func() float64 {
		t.headsMu.RLock()
		defer t.headsMu.RUnlock()
		return float64(len(t.heads))
	})
	set.NewGauge("nines_timeline_unstored_records", func() float64 {
		t.mu.Lock()
		defer t.mu.Unlock()
		return float64(t.next - 1 - t.stored)
	})
	set.NewGauge("nines_timeline_waiting_records", func() float64 {
		t.mu.Lock()
		defer t.mu.Unlock()
		return float64(len(t.waiting))
	})
	return counts{
		results:    set.NewCounter("nines_timeline_results_total"),
		known:      set.NewCounter("nines_timeline_known_results_total"),
		late:       set.NewCounter("nines_timeline_late_results_total"),
		unreadable: set.NewCounter("nines_timeline_unreadable_records_total"),
		chunks:     set.NewCounter("nines_timeline_stored_chunks_total"),
		spans:      set.NewCounter("nines_timeline_stored_spans_total"),
		flush:      set.NewPrometheusHistogram("nines_timeline_flush_seconds"),
	}
}

// folded counts a record of so many results: those that were not fresh were known by their
// instant already, or set aside.
func (c counts) folded(results int, a added) {
	c.results.Add(a.fresh)
	c.late.Add(a.late)
	c.known.Add(results - a.fresh)
}

func (c counts) stored(folds []store.Fold, took time.Duration) {
	for _, f := range folds {
		c.chunks.Add(len(f.Chunks))
		c.spans.Add(len(f.Spans))
	}
	c.flush.Update(took.Seconds())
}
