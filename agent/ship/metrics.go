package ship

import (
	"fmt"
	"sync/atomic"

	"github.com/VictoriaMetrics/metrics"

	"github.com/nines-monitor/nines/agent/spool"
	"github.com/nines-monitor/nines/internal/wire"
)

// instruments are what the shipper says of itself.
type instruments struct {
	set      *metrics.Set
	sent     func() int64 // ms, of the attempt that was acknowledged last
	now      func() int64
	offsetMS atomic.Int64
	shipped  *metrics.Counter
	rejected *metrics.Counter
}

func newInstruments(sh *Shipper) *instruments {
	set := metrics.NewSet()
	i := &instruments{
		set:      set,
		sent:     sh.client.sign.sent.Load,
		now:      func() int64 { return sh.client.sign.now().UnixMilli() },
		shipped:  set.NewCounter("nines_agent_ship_results_total"),
		rejected: set.NewCounter("nines_agent_ship_rejected_results_total"),
	}
	set.NewGauge("nines_agent_clock_offset_seconds", func() float64 { return float64(i.offsetMS.Load()) / 1000 })
	set.NewGauge("nines_agent_ship_contact_age_seconds", sh.status.sinceContact)
	return i
}

// attempt counts one attempt by what came of it.
func (i *instruments) attempt(outcome string) {
	i.set.GetOrCreateCounter(fmt.Sprintf("nines_agent_ship_attempts_total{outcome=%q}", outcome)).Inc()
}

// accepted counts what was acknowledged, and compares the clocks: the collector read its own
// somewhere between the sending and now.
func (i *instruments) accepted(b spool.Batch, ack wire.Ack) {
	i.attempt(ack.Result)
	i.shipped.Add(b.Results)
	for _, r := range ack.Rejected {
		i.rejected.Add(max(0, r.Count))
	}
	if ack.CollectorTime > 0 {
		i.offsetMS.Store((i.sent()+i.now())/2 - ack.CollectorTime)
	}
}

// Metrics gives the shipper's own set.
func (sh *Shipper) Metrics() *metrics.Set { return sh.metrics.set }
