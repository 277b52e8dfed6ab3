package schedule

import "github.com/nines-monitor/nines/internal/wire"

// grid is the set of instants k*interval + phase, in ms since the Unix epoch.
type grid struct{ interval, phase int64 }

func gridOf(c wire.Check) grid { return grid{c.IntervalMS, c.PhaseMS()} }

// at gives the last instant that is not after t.
func (g grid) at(t int64) int64 {
	into := (t - g.phase) % g.interval
	if into < 0 {
		into += g.interval
	}
	return t - into
}

// after gives the first instant that is after t.
func (g grid) after(t int64) int64 { return g.at(t) + g.interval }
