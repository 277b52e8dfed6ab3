package spool

import (
	"fmt"

	"github.com/VictoriaMetrics/metrics"
)

// instruments are what the spool says of itself.
type instruments struct {
	set            *metrics.Set
	appended       *metrics.Counter
	batches        *metrics.Counter
	damaged        *metrics.Counter
	refused        *metrics.Counter
	refusedResults *metrics.Counter
	syncErrors     *metrics.Counter
}

func newInstruments(s *Spool) *instruments {
	set := metrics.NewSet()
	set.NewGauge("nines_agent_spool_waiting_results", func() float64 {
		s.mu.Lock()
		defer s.mu.Unlock()
		return float64(s.waiting)
	})
	set.NewGauge("nines_agent_spool_bytes", func() float64 {
		s.mu.Lock()
		defer s.mu.Unlock()
		return float64(s.bytes())
	})
	set.NewGauge("nines_agent_spool_max_bytes", func() float64 { return float64(s.opts.MaxBytes) })
	for _, cause := range []string{"overflow", "disk", "invalid"} {
		set.NewCounter(lostName(cause))
	}
	return &instruments{
		set:            set,
		appended:       set.NewCounter("nines_agent_spool_appended_total"),
		batches:        set.NewCounter("nines_agent_spool_batches_total"),
		damaged:        set.NewCounter("nines_agent_spool_damaged_total"),
		refused:        set.NewCounter("nines_agent_spool_refused_batches_total"),
		refusedResults: set.NewCounter("nines_agent_spool_refused_results_total"),
		syncErrors:     set.NewCounter("nines_agent_spool_sync_errors_total"),
	}
}

func lostName(cause string) string {
	return fmt.Sprintf("nines_agent_results_lost_total{cause=%q}", cause)
}

func (i *instruments) lose(cause string, n int) {
	i.set.GetOrCreateCounter(lostName(cause)).Add(n)
}

// Metrics gives the spool's own set.
func (s *Spool) Metrics() *metrics.Set { return s.metrics.set }
