package ingest

import (
	"fmt"

	"github.com/VictoriaMetrics/metrics"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/collector/timeline"
	"github.com/nines-monitor/nines/internal/wire"
)

// counts are ingest's metrics.
type counts struct {
	set                     *metrics.Set
	batches                 [3]*metrics.Counter // by verdict
	results, bytes, setAway *metrics.Counter
	took                    *metrics.PrometheusHistogram
}

func newCounts(h *Handler) counts {
	set := h.metrics
	set.NewGauge("nines_ingest_requests_in_flight", func() float64 { return float64(len(h.requests)) })
	c := counts{
		set:     set,
		results: set.NewCounter("nines_ingest_results_total"),
		bytes:   set.NewCounter("nines_ingest_batch_bytes_total"),
		setAway: set.NewCounter("nines_ingest_quarantined_results_total"),
		took:    set.NewPrometheusHistogram("nines_ingest_request_seconds"),
	}
	for v, name := range [...]string{journal.Accepted: wire.Accepted, journal.Duplicate: wire.Duplicate, journal.Fork: "fork"} {
		c.batches[v] = set.NewCounter(fmt.Sprintf("nines_ingest_batches_total{result=%q}", name))
	}
	return c
}

// refused counts an answer that is not a success.
func (c counts) refused(status int) {
	c.set.GetOrCreateCounter(fmt.Sprintf(`nines_ingest_refusals_total{status="%d"}`, status)).Inc()
}

func (c counts) accepted(b wire.Batch, size int, aside []timeline.Aside) {
	c.results.Add(b.Results())
	c.bytes.Add(size)
	for _, a := range aside {
		c.setAway.Add(a.Count)
	}
}
