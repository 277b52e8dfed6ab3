package ledger

import (
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// Outage is a stretch of a period that counts as down.
type Outage struct {
	slo.Period
	Reason wire.Reason // of its beginning
	Cause  string      // the series that decided, at its beginning
}

// Outages finds the stretches that count as down among the classes of a period, as Explain
// gives them, in order. What touches is one outage, whatever it was that failed; maintenance
// or an exclusion in between makes it two.
func Outages(spans []slo.ClassSpan) []Outage {
	var outages []Outage
	for _, s := range spans {
		if s.Class != slo.ClassDown || s.Start >= s.End {
			continue
		}
		if n := len(outages); n > 0 && outages[n-1].End == s.Start {
			outages[n-1].End = s.End
			continue
		}
		outages = append(outages, Outage{s.Period, wire.Reason(s.Reason), s.Cause})
	}
	return outages
}
