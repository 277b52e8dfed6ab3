package contract

import (
	"slices"
	"strings"
	"time"

	"github.com/nines-monitor/nines/slo"
)

// maxRolling bounds a rolling window: what is measured is kept for longer than that.
const maxRolling = 366 * 24 * time.Hour

var weekdays = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday,
	"thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
}

func (p *parser) allCalendars() {
	p.calendarIDs = named(p, "calendar", p.in.Calendar, func(t calendarTable) string { return t.ID })
	p.calendars = make(map[string]*slo.Calendar, len(p.calendarIDs))
	for i, in := range p.in.Calendar {
		p.calendars[in.ID] = p.calendar(at("calendar", i, ""), in)
	}
}

func (p *parser) calendar(place string, in calendarTable) *slo.Calendar {
	c := &slo.Calendar{Zone: p.zone(place+".time_zone", in.TimeZone, p.Client.Zone)}
	if len(in.Rules) == 0 {
		p.doc.Add(place+".rules", `missing: say when service is promised, such as [{ days = ["mon"], from = "07:00", to = "19:00" }]`)
	}
	for i, r := range in.Rules {
		c.Rules = append(c.Rules, p.hours(at(place+".rules", i, ""), r))
	}
	for _, d := range in.Closed {
		c.Closed = append(c.Closed, slo.Date(d))
	}
	return c
}

func (p *parser) hours(place string, in ruleTable) slo.HoursRule {
	r := slo.HoursRule{From: in.From.since, To: in.To.since}
	if len(in.Days) == 0 {
		p.doc.Add(place+".days", `missing: list the days, such as ["mon", "tue"]`)
	}
	for i, name := range in.Days {
		day, ok := weekdays[name]
		if !ok {
			p.doc.Add(at(place+".days", i, ""), `%q: want mon, tue, wed, thu, fri, sat or sun`, name)
		}
		r.Days[day] = true
	}
	p.required(place+".from", !in.From.given, `say from when, such as "07:00"`)
	p.required(place+".to", !in.To.given, `say until when, such as "19:00" or "24:00"`)
	if r.From >= 24*time.Hour {
		p.doc.Add(place+".from", "24:00 is no time to start: use 00:00 of the next day")
	}
	return r
}

func (p *parser) allSLOs() {
	for i, in := range p.in.SLO {
		p.slo(at("slo", i, ""), in)
	}
}

func (p *parser) slo(place string, in sloTable) {
	p.required(place+".service", !p.doc.Has(place+".service"), "say which service is promised")
	p.refers(place+".service", "service", in.Service, p.services)
	p.required(place+".objective", !p.doc.Has(place+".objective"), `say what is promised, such as "99.9%"`)
	terms := slo.Terms{
		Objective: p.percentage(place+".objective", in.Objective),
		Hours:     p.hoursOf(place+".calendar", in.Calendar),
		Policy:    p.policy(place+".maintenance", in.Maintenance),
		Unknown: [...]slo.UnknownPolicy{slo.UnknownExcluded, slo.UnknownAsUp, slo.UnknownAsDown}[p.oneOf(
			place+".unknown", in.Unknown, "excluded", "up", "down")],
	}
	for _, m := range p.Maintenance {
		if m.Touches(in.Service) {
			terms.Maintenance = append(terms.Maintenance, m.Window)
		}
	}
	out := SLO{ID: in.ID, Service: in.Service, Window: p.window(place+".window", in.Window), Terms: terms}
	if in.MinCoverage != nil {
		out.MinCoverage = p.percentage(place+".min_coverage", *in.MinCoverage)
	}
	p.SLOs = append(p.SLOs, out)
}

func (p *parser) hoursOf(key, id string) *slo.Calendar {
	if !p.doc.Has(key) {
		return nil
	}
	p.refers(key, "calendar", id, p.calendarIDs)
	return p.calendars[id]
}

func (p *parser) percentage(key string, in percent) slo.Objective {
	o, err := slo.ParseObjective(in.text)
	if err != nil {
		p.doc.Add(key, `%q: want more than "0%%" and at most "100%%", with no more than 16 decimals`, in.text+"%")
	}
	return o
}

func (p *parser) window(key, text string) slo.Window {
	kinds := []slo.WindowKind{slo.Month, slo.Quarter, slo.Year, slo.Week}
	i := slices.IndexFunc(kinds, func(k slo.WindowKind) bool { return k.String() == text })
	switch {
	case !p.doc.Has(key):
		return slo.Window{Kind: slo.Month, Zone: p.Client.Zone}
	case i >= 0:
		return slo.Window{Kind: kinds[i], Zone: p.Client.Zone}
	}
	length, rolling := strings.CutPrefix(text, "rolling ")
	d, err := slo.ParseDuration(length)
	switch {
	case !rolling || err != nil:
		p.doc.Add(key, `%q: want "month", "quarter", "year", "week", or a length such as "rolling 28d"`, text)
	case d < time.Hour || d > maxRolling || d%time.Millisecond != 0:
		p.doc.Add(key, `%q: want a length of 1h to 366d`, text)
	}
	return slo.Window{Kind: slo.Rolling, Length: d}
}

func (p *parser) policy(place string, in *policyTable) slo.MaintenancePolicy {
	var policy slo.MaintenancePolicy
	if in == nil {
		return policy
	}
	set(&policy.Notice, in.Notice)
	policy.HasCap = in.Cap != nil
	set(&policy.Cap, in.Cap)
	if policy.Notice < 0 {
		p.doc.Add(place+".notice", "%s: must not be negative", spoken(policy.Notice))
	}
	if policy.Cap < 0 {
		p.doc.Add(place+".cap", "%s: must not be negative", spoken(policy.Cap))
	}
	policy.CountsAs = [...]slo.CountsAs{slo.CountsExcluded, slo.CountsUp}[p.oneOf(
		place+".counts_as", in.CountsAs, "excluded", "up")]
	return policy
}
