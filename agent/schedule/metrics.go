package schedule

import (
	"fmt"

	"github.com/VictoriaMetrics/metrics"

	"github.com/nines-monitor/nines/internal/wire"
)

// instruments are what the scheduler says of itself.
type instruments struct {
	set      *metrics.Set
	skipped  *metrics.Counter
	lost     *metrics.Counter
	lateness *metrics.PrometheusHistogram
}

func newInstruments(s *Scheduler) *instruments {
	set := metrics.NewSet()
	set.NewGauge("nines_agent_checks", func() float64 {
		s.mu.Lock()
		defer s.mu.Unlock()
		return float64(len(s.series))
	})
	set.NewGauge("nines_agent_probes_in_flight", func() float64 {
		s.mu.Lock()
		defer s.mu.Unlock()
		return float64(s.inFlight)
	})
	return &instruments{
		set:      set,
		skipped:  set.NewCounter("nines_agent_schedule_skipped_total"),
		lost:     set.NewCounter(`nines_agent_results_lost_total{cause="disk_slow"}`),
		lateness: set.NewPrometheusHistogramExt("nines_agent_schedule_lateness_seconds", []float64{0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1}),
	}
}

func (i *instruments) probed(kind string, reason wire.Reason) {
	i.set.GetOrCreateCounter(fmt.Sprintf("nines_agent_probes_total{kind=%q,reason=%q}", kind, reason)).Inc()
}

// Metrics gives the scheduler's own set.
func (s *Scheduler) Metrics() *metrics.Set { return s.metrics.set }
