package ledger

import (
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// Outage is a stretch of a period in which a service was down without a sign of anything
// else, as slo.Outages has it, with what the spans tell of its beginning.
type Outage struct {
	slo.Period       // ms, from its first counted instant to its last
	Counted    int64 // ms, what of it counts as down
	Reason     wire.Reason
	Cause      string // the series that decided
}

// Outages finds the outages of a period among its classes, as Explain gives them, in order.
// Time that does not count (out of hours, maintenance, excluded) neither ends an outage nor
// lengthens it, as long as the service stays down.
func Outages(spans []slo.ClassSpan) []Outage {
	var outages []Outage
	open := false
	for _, s := range spans {
		switch {
		case s.State != slo.Down:
			open = false
			continue
		case s.Class != slo.ClassDown || s.Start >= s.End:
			continue
		case !open:
			open = true
			outages = append(outages, Outage{Period: slo.Period{Start: s.Start}, Reason: wire.Reason(s.Reason), Cause: s.Cause})
		}
		last := &outages[len(outages)-1]
		last.End = s.End
		last.Counted += s.End - s.Start
	}
	return outages
}
