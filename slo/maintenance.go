package slo

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Maintenance is one agreed window, or a rule that yields many.
// Either Period is set (one-off, two instants), or Zone is (local).
type Maintenance struct {
	ID     string // free; comes back in explanations
	Period Period

	Zone     *time.Location
	Start    LocalTime
	Duration time.Duration // elapsed, 0 < Duration <= 30 days
	RRule    string        // RFC 5545, without "RRULE:"; empty means once
	Except   []LocalTime   // local starts that do not take place

	Announced   bool  // false: announced long ago
	AnnouncedAt int64 // ms, when Announced
}

// CountsAs says where counted maintenance goes.
type CountsAs uint8

// Maintenance leaves both sides of the fraction, or counts as up.
const (
	CountsExcluded CountsAs = iota
	CountsUp
)

// MaintenancePolicy bounds which maintenance counts.
type MaintenancePolicy struct {
	Notice    time.Duration // >= 0; an occurrence must be announced so long before its start
	HasNotice bool          // ask for notice even when Notice is 0: announced by the start
	HasCap    bool
	Cap       time.Duration // >= 0, in-hours maintenance per window
	CountsAs  CountsAs
}

// longestMaintenance bounds one occurrence of a local maintenance.
const longestMaintenance = 30 * 24 * time.Hour

// Validate says which part of the maintenance is wrong, if any.
func (m Maintenance) Validate() error {
	if err := m.check(); err != nil {
		return err
	}
	if m.RRule != "" {
		if err := CheckRRule(m.RRule); err != nil {
			return fmt.Errorf("rrule: %w", err)
		}
	}
	return nil
}

// check is Validate without the rule, for those who go on to read it.
func (m Maintenance) check() error {
	if m.Zone == nil {
		return m.Period.Validate()
	}
	switch {
	case m.Period != Period{}:
		return errors.New("start: both instants and a local time")
	case !m.Start.exists() || m.Start.Clock < 0 || m.Start.Clock >= clockDay:
		return fmt.Errorf("start: %s does not exist", m.Start)
	case m.Duration <= 0:
		return errors.New("duration: must be above 0")
	case m.Duration > longestMaintenance:
		return errors.New("duration: more than 30 days")
	case m.Duration%time.Millisecond != 0:
		return errors.New("duration: finer than a millisecond")
	}
	return nil
}

func (p MaintenancePolicy) validate() error {
	switch {
	case p.Notice < 0:
		return errors.New("notice: negative")
	case p.Notice%time.Millisecond != 0:
		return errors.New("notice: finer than a millisecond")
	case p.Cap < 0:
		return errors.New("cap: negative")
	case p.Cap%time.Millisecond != 0:
		return errors.New("cap: finer than a millisecond")
	case p.CountsAs > CountsUp:
		return fmt.Errorf("counts_as: %d does not exist", p.CountsAs)
	}
	return nil
}

// Occurrences lists what of the maintenance touches p, uncut and in order of start,
// whether or not its notice was long enough. It is an error if the rule is wrong, yields
// more than 100,000 occurrences, or takes too long to expand.
func (m Maintenance) Occurrences(p Period) ([]Period, error) {
	return m.occurrences(p, newAllowance())
}

func (m Maintenance) occurrences(p Period, left *allowance) ([]Period, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if m.Zone == nil {
		if m.Period.End <= p.Start || m.Period.Start >= p.End {
			return nil, nil
		}
		return []Period{m.Period}, nil
	}
	length := m.Duration.Milliseconds()
	wall := Period{p.Start - length - 2*msPerDay, p.End + 2*msPerDay}
	starts, err := m.localStarts(wall, left)
	if err != nil || len(starts) == 0 {
		return nil, err
	}
	zones := zoneAround(m.Zone, Period{starts[0], starts[len(starts)-1]})
	excepted := m.excepted()
	occurrences := make([]Period, 0, len(starts))
	for _, local := range starts {
		if _, found := slices.BinarySearch(excepted, local); found {
			continue
		}
		start := instantOf(zones, local)
		if start < p.End && start+length > p.Start {
			occurrences = append(occurrences, Period{start, start + length})
		}
	}
	slices.SortFunc(occurrences, byStart)
	return occurrences, nil
}

func (m Maintenance) localStarts(within Period, left *allowance) ([]int64, error) {
	start := m.Start.wall()
	if m.RRule == "" {
		return []int64{start}, nil
	}
	rule, err := parseRRule(m.RRule)
	if err != nil {
		return nil, fmt.Errorf("rrule: %w", err)
	}
	starts, err := rule.expand(start, within, left)
	if err != nil {
		return nil, fmt.Errorf("rrule: %q: %w", m.RRule, err)
	}
	return starts, nil
}

func (m Maintenance) excepted() []int64 {
	walls := make([]int64, len(m.Except))
	for i, l := range m.Except {
		walls[i] = l.wall()
	}
	slices.Sort(walls)
	return walls
}

// sourced is a period and the place in its list of what it comes from.
type sourced struct {
	Period
	source int
}

// counted is the maintenance that counts in p: announced in time, in hours, and under the
// cap; in order and apart. Where windows overlap, the one that starts first is the source.
func (t Terms) counted(p Period, open []Period) ([]sourced, error) {
	var all []sourced
	left := newAllowance()
	for i, m := range t.Maintenance {
		occurrences, err := m.occurrences(p, left)
		if err != nil {
			return nil, fmt.Errorf("maintenance[%d].%w", i, err)
		}
		for _, o := range occurrences {
			if !m.Announced || t.Policy.inTime(m.AnnouncedAt, o.Start) {
				all = append(all, sourced{o, i})
			}
		}
	}
	counted := intersect(apart(all), open)
	if t.Policy.HasCap {
		counted = capped(counted, t.Policy.Cap.Milliseconds())
	}
	return counted, nil
}

// inTime reports whether an announcement gives an occurrence the notice that is asked for.
func (p MaintenancePolicy) inTime(announced, start int64) bool {
	asked := p.HasNotice || p.Notice > 0
	return !asked || announced <= start-p.Notice.Milliseconds()
}

// apart sorts periods and cuts from each what an earlier one covers.
func apart(ps []sourced) []sourced {
	slices.SortStableFunc(ps, func(a, b sourced) int { return cmp.Compare(a.Start, b.Start) })
	var kept []sourced
	for _, p := range ps {
		if n := len(kept); n > 0 {
			p.Start = max(p.Start, kept[n-1].End)
		}
		if p.Start < p.End {
			kept = append(kept, p)
		}
	}
	return kept
}

// intersect cuts ps to what is open as well; both are in order and apart.
func intersect(ps []sourced, open []Period) []sourced {
	var both []sourced
	for _, p := range ps {
		for len(open) > 0 && open[0].End <= p.Start {
			open = open[1:]
		}
		for _, o := range open {
			if o.Start >= p.End {
				break
			}
			both = append(both, sourced{Period{max(p.Start, o.Start), min(p.End, o.End)}, p.source})
		}
	}
	return both
}

// capped keeps the first ms milliseconds of the periods.
func capped(ps []sourced, ms int64) []sourced {
	for i := range ps {
		length := ps[i].End - ps[i].Start
		if length > ms {
			ps[i].End = ps[i].Start + ms
			if ms == 0 {
				return ps[:i]
			}
			return ps[:i+1]
		}
		ms -= length
	}
	return ps
}
