package report

import (
	"strings"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

func outagesOf(spans []slo.ClassSpan) []Outage {
	outages := []Outage{}
	for _, o := range ledger.Outages(spans) {
		check, _, _ := strings.Cut(o.Cause, "@")
		outages = append(outages, Outage{o.Start, o.End, o.Counted, o.Reason.String(), check})
	}
	return outages
}

// takenOut lists the maintenance and the exclusions that were applied, with their titles.
func takenOut(spans []slo.ClassSpan, c *contract.Contract, o contract.SLO) []TakenOut {
	titles := make(map[string]string)
	for _, m := range c.Maintenance {
		titles[m.ID] = m.Title
	}
	for _, e := range o.Terms.Exclusions {
		titles[e.ID] = e.Reason
	}
	taken := []TakenOut{}
	for _, s := range spans {
		if s.Class != slo.ClassMaintenance && s.Class != slo.ClassExcluded {
			continue
		}
		next := TakenOut{s.Start, s.End, s.Class.String(), s.Cause, titles[s.Cause]}
		if n := len(taken); n > 0 && taken[n-1].End == next.Start && taken[n-1].Class == next.Class && taken[n-1].ID == next.ID {
			taken[n-1].End = next.End // the service's state changed, the window did not
			continue
		}
		taken = append(taken, next)
	}
	return taken
}

// gaps lists the unknown time that counts as such.
func gaps(spans []slo.ClassSpan) []Gap {
	unmeasured := []Gap{}
	for _, s := range spans {
		if s.Class != slo.ClassUnknown {
			continue
		}
		next := Gap{Start: s.Start, End: s.End}
		if s.Reason != 0 {
			next.Reason = wire.Reason(s.Reason).String()
		}
		if n := len(unmeasured); n > 0 && unmeasured[n-1].End == next.Start && unmeasured[n-1].Reason == next.Reason {
			unmeasured[n-1].End = next.End
			continue
		}
		unmeasured = append(unmeasured, next)
	}
	return unmeasured
}

// days cuts the classes of a month at the midnights of the zone.
func days(spans []slo.ClassSpan, month slo.Period, zone *time.Location) []Day {
	list := []Day{}
	year, m, _ := time.UnixMilli(month.Start).In(zone).Date()
	for n := 1; ; n++ {
		start, end := midnight(year, m, n, zone), midnight(year, m, n+1, zone)
		if start >= month.End {
			return list
		}
		if start == end {
			continue // a zone that crossed the date line left this day out
		}
		day := Day{Date: time.UnixMilli(start).In(zone).Format(time.DateOnly)}
		for len(spans) > 0 && spans[0].Start < end {
			s := spans[0]
			*day.bucket(s.Class) += max(0, min(s.End, end)-max(s.Start, start))
			if s.End > end {
				break
			}
			spans = spans[1:]
		}
		list = append(list, day)
	}
}

func (d *Day) bucket(c slo.Class) *int64 {
	switch c {
	case slo.ClassOutOfHours:
		return &d.OutOfHours
	case slo.ClassMaintenance:
		return &d.Maintenance
	case slo.ClassExcluded:
		return &d.Excluded
	case slo.ClassUp:
		return &d.Up
	case slo.ClassDown:
		return &d.Down
	}
	return &d.Unknown
}

// midnight is the first instant (ms) of a local date. Where clocks skip 00:00 it is the
// instant after the gap; where they show it twice, the earlier of the two.
func midnight(year int, month time.Month, day int, zone *time.Location) int64 {
	wall := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	noon := time.Date(year, month, day, 12, 0, 0, 0, zone)
	showsMidnight := func(at time.Time) time.Time {
		_, offset := at.In(zone).Zone()
		return wall.Add(-time.Duration(offset) * time.Second)
	}
	after := showsMidnight(noon)
	changed, _ := noon.ZoneBounds()
	if changed.IsZero() {
		return after.UnixMilli()
	}
	before := showsMidnight(changed.Add(-time.Millisecond))
	switch {
	case before.Before(changed):
		return before.UnixMilli()
	case after.Before(changed):
		return changed.UnixMilli()
	}
	return after.UnixMilli()
}
