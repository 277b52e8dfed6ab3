package contract

import (
	"slices"
	"strings"
	"time"

	"github.com/nines-monitor/nines/slo"
)

// longestMaintenance bounds one occurrence, one-off or not.
const longestMaintenance = 30 * 24 * time.Hour

// maxExcept bounds a list of occurrences that do not take place.
const maxExcept = 1000

// Touches reports whether the maintenance concerns a service.
func (m Maintenance) Touches(service string) bool {
	return len(m.Services) == 0 || slices.Contains(m.Services, service)
}

func (p *parser) allMaintenance() {
	for i, in := range p.in.Maintenance {
		place := at("maintenance", i, "")
		out := Maintenance{ID: in.ID, Title: in.Title, Services: in.Services}
		if p.doc.Has(place + ".title") {
			p.name(place+".title", in.Title)
		}
		if p.doc.Has(place+".services") && len(in.Services) == 0 {
			p.doc.Add(place+".services", "empty: list services, or leave it out for all of them")
		}
		for j, id := range in.Services {
			p.refers(at(place+".services", j, ""), "service", id, p.services)
		}
		out.Window = p.maintenanceWindow(place, in)
		out.Window.ID = in.ID
		switch in.AnnouncedAt.form {
		case anInstant:
			out.Window.Announced, out.Window.AnnouncedAt = true, in.AnnouncedAt.instant
		case aLocalTime:
			p.doc.Add(place+".announced_at", "want an instant with its offset, such as 2026-09-15T09:00:00Z")
		}
		p.Maintenance = append(p.Maintenance, out)
	}
}

func (p *parser) maintenanceWindow(place string, in maintenanceTable) slo.Maintenance {
	switch in.Start.form {
	case anInstant:
		return slo.Maintenance{Period: p.oneOff(place, in)}
	case aLocalTime:
		return p.recurring(place, in)
	}
	p.doc.Add(place+".start", "missing: give a wall clock reading (2026-10-04T02:00:00) with duration, or an instant (2026-10-04T00:00:00Z) with end")
	return slo.Maintenance{}
}

// oneOff reads a maintenance between two instants.
func (p *parser) oneOff(place string, in maintenanceTable) slo.Period {
	for _, key := range []string{"duration", "rrule", "except", "time_zone"} {
		if p.doc.Has(place + "." + key) {
			p.doc.Add(place+"."+key, "goes with a start that is a wall clock reading, without an offset; this one is an instant")
		}
	}
	out := slo.Period{Start: in.Start.instant, End: in.End.instant}
	switch {
	case in.End.form != anInstant:
		p.doc.Add(place+".end", "want an instant, as start is one, such as 2026-10-04T04:00:00Z")
	case out.End <= out.Start:
		p.doc.Add(place+".end", "not after start")
	case out.End-out.Start > longestMaintenance.Milliseconds():
		p.doc.Add(place+".end", "more than 30 days after start")
	}
	return out
}

// recurring reads a maintenance that starts at a wall clock reading, once or by a rule.
func (p *parser) recurring(place string, in maintenanceTable) slo.Maintenance {
	if p.doc.Has(place + ".end") {
		p.doc.Add(place+".end", "goes with a start that is an instant; this one is a wall clock reading: give a duration instead")
	}
	out := slo.Maintenance{
		Zone:  p.zone(place+".time_zone", in.TimeZone, p.Client.Zone),
		Start: in.Start.local,
		RRule: in.RRule,
	}
	p.required(place+".duration", in.Duration == nil, `say how long, such as "4h"`)
	set(&out.Duration, in.Duration)
	if out.Duration <= 0 || out.Duration > longestMaintenance {
		p.doc.Add(place+".duration", "%s: want more than 0 and at most 30d", spoken(out.Duration))
	}
	if len(in.Except) > maxExcept {
		p.doc.Add(place+".except", "%d times: at most %d", len(in.Except), maxExcept)
	}
	for i, e := range in.Except {
		if e.form == anInstant {
			p.doc.Add(at(place+".except", i, ""), "want the wall clock reading of a start, without an offset, such as 2026-11-01T02:00:00")
		}
		out.Except = append(out.Except, e.local)
	}
	if len(in.Except) > 0 && !p.doc.Has(place+".rrule") {
		p.doc.Add(place+".except", "there is no rrule that it could be an exception from")
	}
	if p.doc.Has(place + ".rrule") {
		p.rule(place, out)
	}
	return out
}

// rule checks that a rule of recurrence can be read, and that it can be expanded: one that
// yields too many occurrences is found here rather than in every ledger.
func (p *parser) rule(place string, m slo.Maintenance) {
	key := place + ".rrule"
	if m.RRule == "" {
		p.doc.Add(key, "empty: leave it out for a maintenance that takes place once")
		return
	}
	if err := slo.CheckRRule(m.RRule); err != nil {
		p.doc.Add(key, "%v", err)
		return
	}
	if p.doc.Faulty(place) {
		return
	}
	if _, err := m.Occurrences(days(m.Start.Date, m.Zone, 400)); err != nil {
		p.doc.Add(key, "%s", strings.TrimPrefix(err.Error(), "rrule: "))
	}
}

// days is the time from a date on, for about n days.
func days(from slo.Date, zone *time.Location, n int64) slo.Period {
	start := time.Date(from.Year, from.Month, from.Day, 0, 0, 0, 0, zone).UnixMilli()
	return slo.Period{Start: start, End: start + n*24*time.Hour.Milliseconds()}
}
