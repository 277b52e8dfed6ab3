package watch

import (
	"cmp"
	"slices"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/slo"
)

// duePeriods are the periods of a window that hold any instant from from (ms) to now, and
// those of again that are still the window's own, oldest first. A period that was over before
// the contract took effect is nobody's promise. A rolling window has one, store.Always.
func duePeriods(c *contract.Contract, window slo.Window, from int64, now time.Time, again []slo.Period) []slo.Period {
	if window.Kind == slo.Rolling {
		return []slo.Period{store.Always}
	}
	var periods []slo.Period
	for p := window.At(now.UnixMilli()); len(periods) < mostPeriods; p = window.Previous(p) {
		periods = append(periods, p)
		if p.Start <= from {
			break
		}
	}
	for _, p := range again {
		// After a change of zone or window, the state of the old period is history.
		if !slices.Contains(periods, p) && window.At(p.Start) == p {
			periods = append(periods, p)
		}
	}
	start := effective(c)
	periods = slices.DeleteFunc(periods, func(p slo.Period) bool { return p.End <= start })
	slices.SortFunc(periods, func(a, b slo.Period) int { return cmp.Compare(a.Start, b.Start) })
	return periods
}

// effective is the instant (ms) from which a contract counts.
func effective(c *contract.Contract) int64 {
	d := c.Effective
	if d == (slo.Date{}) {
		return 0
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, c.Client.Zone).UnixMilli()
}
