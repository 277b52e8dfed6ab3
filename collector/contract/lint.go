package contract

import (
	"slices"
	"time"

	"github.com/nines-monitor/nines/slo"
)

// lint finds what a good colleague would raise about a contract that is right as it stands.
func (p *parser) lint() {
	p.lintFeeds()
	p.lintPeople()
	params := p.paramsByService()
	for i, s := range p.SLOs {
		p.lintSLO(i, s, params[s.Service])
	}
	for i, m := range p.Maintenance {
		p.lintRule(at("maintenance", i, ""), m.Window)
		p.lintNotice(at("maintenance", i, ""), m)
	}
	p.Warnings.Sort()
}

func (p *parser) warn(key, format string, args ...any) {
	p.Warnings = append(p.Warnings, p.doc.Problem(key, format, args...))
}

// lintFeeds finds what leads nowhere on the way from a site to an SLO.
func (p *parser) lintFeeds() {
	probed, fed, promised := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range p.Checks {
		probed[c.Site] = true
	}
	for _, s := range p.Services {
		for _, id := range s.UpWhen.Leaves() {
			fed[id] = true
		}
	}
	calendars := map[string]bool{}
	for i, s := range p.SLOs {
		promised[s.Service] = true
		calendars[p.in.SLO[i].Calendar] = true
	}
	for i, s := range p.Sites {
		if !probed[s.ID] {
			p.warn(at("site", i, ""), "no check is made at %s", s.ID)
		}
	}
	for i, c := range p.Checks {
		if !fed[c.Wire.ID] {
			p.warn(at("check", i, ""), "%s is probed, but no service depends on it", c.Wire.ID)
		}
	}
	for i, s := range p.Services {
		if !promised[s.ID] {
			p.warn(at("service", i, ""), "%s is watched, but no slo promises anything about it", s.ID)
		}
	}
	for i, c := range p.in.Calendar {
		if !calendars[c.ID] {
			p.warn(at("calendar", i, ""), "no slo uses %s", c.ID)
		}
	}
}

// lintPeople finds contacts who hear of nothing, and news that nobody hears of.
func (p *parser) lintPeople() {
	breachHeard := false
	for i, c := range p.Contacts {
		place := at("contact", i, "")
		reported := p.Report != nil && slices.Contains(p.Report.To, c.ID)
		breachHeard = breachHeard || slices.Contains(c.Gets, GetsBreach)
		switch {
		case len(c.Gets) == 0 && !reported:
			p.warn(place, "%s is told of nothing: give gets", c.ID)
		case slices.Contains(c.Gets, GetsReport) && !reported:
			p.warn(place+".gets", "%s gets reports, but [report] does not send any there", c.ID)
		}
	}
	if !breachHeard && len(p.SLOs) > 0 {
		p.warn("contact", `nobody is told of a breach: add "breach" to a contact's gets`)
	}
}

// lintSLO finds promises that the probes cannot prove, and hours that never come.
func (p *parser) lintSLO(i int, s SLO, params []slo.Params) {
	place := at("slo", i, "")
	window := s.Window.At(days(p.Effective, p.Client.Zone, 1).End)
	var agreed int64
	for _, open := range s.Terms.Hours.Open(window) {
		agreed += open.End - open.Start
	}
	if agreed == 0 {
		p.warn(place+".calendar", "%s has no hour in its first window: nothing is promised", p.in.SLO[i].Calendar)
		return
	}
	if err := s.Terms.Objective.Lint(agreed, params...); err != nil {
		p.warn(place+".objective", "%v", err)
	}
	policy := s.Terms.Policy
	for _, m := range s.Terms.Maintenance {
		length := m.Duration
		if m.Zone == nil {
			length = time.Duration(m.Period.End-m.Period.Start) * time.Millisecond
		}
		if policy.HasCap && length > policy.Cap {
			p.warn(place+".maintenance.cap", "%s lasts %s, longer than the cap of %s: the rest of it counts against the objective", m.ID, spoken(length), spoken(policy.Cap))
		}
	}
}

// paramsByService gives the terms of the checks that each service depends on.
func (p *parser) paramsByService() map[string][]slo.Params {
	byCheck := make(map[string]slo.Params, len(p.Checks))
	for _, c := range p.Checks {
		byCheck[c.Wire.ID] = c.Fold
	}
	byService := make(map[string][]slo.Params, len(p.Services))
	for _, s := range p.Services {
		for _, id := range s.UpWhen.Leaves() {
			byService[s.ID] = append(byService[s.ID], byCheck[id])
		}
	}
	return byService
}

// lintNotice finds windows that count without anybody having been told in time.
func (p *parser) lintNotice(place string, m Maintenance) {
	if m.Window.Announced {
		return
	}
	for _, s := range p.SLOs {
		if notice := s.Terms.Policy.Notice; notice > 0 && m.Touches(s.Service) {
			p.warn(place+".announced_at", "missing: counts as announced long ago; %s asks for %s notice: write announced_at", s.ID, spoken(notice))
			return
		}
	}
}

// lintRule finds rules that never yield anything.
func (p *parser) lintRule(place string, m slo.Maintenance) {
	if m.RRule == "" {
		return
	}
	const eightYears = 8 * 366 // has a 29 February wherever it starts
	occurrences, err := m.Occurrences(days(m.Start.Date, m.Zone, 400))
	if err == nil && len(occurrences) == 0 {
		occurrences, err = m.Occurrences(days(m.Start.Date, m.Zone, eightYears))
	}
	if err == nil && len(occurrences) == 0 {
		p.warn(place+".rrule", "yields no occurrence in eight years")
	}
}
