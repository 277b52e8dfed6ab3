package slo

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Calendar says when service is promised (docs/measurement.md, section 3, "Service hours").
// A nil *Calendar means always.
type Calendar struct {
	Zone   *time.Location
	Rules  []HoursRule
	Closed []Date
}

// HoursRule opens on the listed weekdays from From to To. When To is not after From the
// rule runs past midnight and belongs to the day it starts on.
type HoursRule struct {
	Days [7]bool       // indexed by time.Weekday
	From time.Duration // wall clock since local 00:00, 0 <= From < 24 h
	To   time.Duration // 0 <= To <= 24 h
}

// Validate says what is wrong with the calendar, if anything.
func (c *Calendar) Validate() error {
	if c == nil {
		return nil
	}
	if c.Zone == nil {
		return errNoZone
	}
	for i, r := range c.Rules {
		if err := r.validate(); err != nil {
			return fmt.Errorf("rules[%d].%w", i, err)
		}
	}
	for i, d := range c.Closed {
		if !d.exists() {
			return fmt.Errorf("closed_dates[%d]: %s does not exist", i, d)
		}
	}
	return nil
}

func (r HoursRule) validate() error {
	switch {
	case r.Days == [7]bool{}:
		return errors.New("days: none")
	case r.From < 0 || r.From >= clockDay:
		return errors.New("from: must be at least 00:00 and before 24:00")
	case r.To < 0 || r.To > clockDay:
		return errors.New("to: must be at least 00:00 and at most 24:00")
	case r.From%time.Millisecond != 0 || r.To%time.Millisecond != 0:
		return errors.New("from, to: finer than a millisecond")
	}
	return nil
}

// Open lists the stretches of p in which service is promised, in order and apart. A nil
// calendar is always open.
func (c *Calendar) Open(p Period) []Period {
	if p.End <= p.Start {
		return nil
	}
	if c == nil {
		return []Period{p}
	}
	return c.open(c.week(), p)
}

func (c *Calendar) open(week week, p Period) []Period {
	closed := c.closedDays()
	var open []Period
	for _, z := range zoneSpans(c.Zone, p) {
		// Under one offset the wall clock runs evenly, so the rules are laid on the wall
		// clock and moved to UTC as they are: a repeated hour counts twice, a skipped one
		// not at all.
		part := Period{max(p.Start, z.Start), min(p.End, z.End)}
		// A rule past midnight may reach in from the day before.
		for day := floorDiv(part.Start+z.offset, msPerDay) - 1; day*msPerDay < part.End+z.offset; day++ {
			if _, isClosed := slices.BinarySearch(closed, day); !isClosed {
				open = week.appendDay(open, day, z.offset, part)
			}
		}
	}
	return joinPeriods(open)
}

// week is what a calendar's rules open on each weekday, in ms since local midnight and
// possibly past the next; in order and apart.
type week [7][]Period

func (c *Calendar) week() (w week) {
	all := make([]Period, 0, 7*len(c.Rules))
	for day := range w {
		from := len(all)
		for _, r := range c.Rules {
			to := r.To
			if to <= r.From {
				to += clockDay
			}
			if r.Days[day] {
				all = append(all, Period{r.From.Milliseconds(), to.Milliseconds()})
			}
		}
		w[day] = joinPeriods(all[from:])
	}
	return w
}

// appendDay adds what opens on one date, in UTC by the zone's offset and cut to p.
func (w *week) appendDay(open []Period, day, offset int64, p Period) []Period {
	midnight := day*msPerDay - offset
	for _, o := range w[weekdayOf(day)] {
		o = Period{max(p.Start, midnight+o.Start), min(p.End, midnight+o.End)}
		if o.Start < o.End {
			open = append(open, o)
		}
	}
	return open
}

// mostOpenings bounds how often a calendar may open in a period.
const mostOpenings = 1_000_000

// bounded lays the calendar out over p as Open does, unless it would open too often.
func (c *Calendar) bounded(p Period) ([]Period, error) {
	if c == nil {
		return c.Open(p), nil
	}
	week := c.week()
	perWeek := 0
	for _, day := range week {
		perWeek += len(day)
	}
	if weeks := (p.End-p.Start)/(7*msPerDay) + 1; weeks*int64(perWeek) > mostOpenings {
		return nil, fmt.Errorf("rules: open more than %d times in the period", mostOpenings)
	}
	return c.open(week, p), nil
}

func (c *Calendar) closedDays() []int64 {
	days := make([]int64, len(c.Closed))
	for i, d := range c.Closed {
		days[i] = d.day()
	}
	slices.Sort(days)
	return days
}

func byStart(a, b Period) int { return cmp.Compare(a.Start, b.Start) }

// joinPeriods joins, in place, periods that touch or overlap. They are almost in order: a
// night rule may reach beyond the start of the next day's.
func joinPeriods(ps []Period) []Period {
	if !slices.IsSortedFunc(ps, byStart) {
		slices.SortFunc(ps, byStart)
	}
	joined := ps[:0]
	for _, p := range ps {
		if n := len(joined); n > 0 && p.Start <= joined[n-1].End {
			joined[n-1].End = max(joined[n-1].End, p.End)
			continue
		}
		joined = append(joined, p)
	}
	return joined
}
