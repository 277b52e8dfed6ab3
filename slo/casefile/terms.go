package casefile

import (
	"slices"
	"time"

	"github.com/nines-monitor/nines/slo"
)

func decodeTerms(fields map[string]value) (slo.Terms, error) {
	var t slo.Terms
	objective := fields["objective"]
	if err := objective.want(text); err != nil {
		return t, err
	}
	var err error
	if t.Objective, err = slo.ParseObjective(objective.text); err != nil {
		return t, objective.wrap(err)
	}
	if f, given := fields["unknown"]; given {
		t.Unknown, err = oneOf(f, map[string]slo.UnknownPolicy{
			"excluded": slo.UnknownExcluded, "up": slo.UnknownAsUp, "down": slo.UnknownAsDown,
		})
		if err != nil {
			return t, err
		}
	}
	if f, given := fields["service_hours"]; given {
		if t.Hours, err = decodeHours(f); err != nil {
			return t, err
		}
	}
	if f, given := fields["maintenance"]; given {
		if t.Maintenance, err = decodeList(f, decodeMaintenance); err != nil {
			return t, err
		}
	}
	if f, given := fields["maintenance_policy"]; given {
		if t.Policy, err = decodePolicy(f); err != nil {
			return t, err
		}
	}
	if f, given := fields["exclusions"]; given {
		if t.Exclusions, err = decodeList(f, decodeExclusion); err != nil {
			return t, err
		}
	}
	return t, nil
}

func decodeList[T any](v value, decode func(value) (T, error)) ([]T, error) {
	if err := v.want(array); err != nil {
		return nil, err
	}
	list := make([]T, len(v.items))
	for i, item := range v.items {
		var err error
		if list[i], err = decode(item); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func decodeHours(v value) (*slo.Calendar, error) {
	fields, err := v.object([]string{"time_zone", "rules"}, []string{"closed_dates"})
	if err != nil {
		return nil, err
	}
	c := new(slo.Calendar)
	if c.Zone, err = fields["time_zone"].zone(); err != nil {
		return nil, err
	}
	if c.Rules, err = decodeList(fields["rules"], decodeRule); err != nil {
		return nil, err
	}
	if f, given := fields["closed_dates"]; given {
		c.Closed, err = decodeList(f, func(v value) (slo.Date, error) { return parseText(v, slo.ParseDate) })
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

var weekdays = map[string]time.Weekday{
	"mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday,
	"fri": time.Friday, "sat": time.Saturday, "sun": time.Sunday,
}

func decodeRule(v value) (slo.HoursRule, error) {
	var rule slo.HoursRule
	fields, err := v.object([]string{"days", "from", "to"}, nil)
	if err != nil {
		return rule, err
	}
	days, err := decodeList(fields["days"], func(v value) (time.Weekday, error) { return oneOf(v, weekdays) })
	if err != nil {
		return rule, err
	}
	if len(days) == 0 {
		return rule, fields["days"].errorf("empty")
	}
	for _, day := range days {
		rule.Days[day] = true
	}
	if rule.From, err = parseText(fields["from"], slo.ParseClock); err != nil {
		return rule, err
	}
	if rule.From == 24*time.Hour {
		return rule, fields["from"].errorf("24:00 is not a start")
	}
	rule.To, err = parseText(fields["to"], slo.ParseClock)
	return rule, err
}

// decodeMaintenance reads either form: two instants, or a local start.
func decodeMaintenance(v value) (slo.Maintenance, error) {
	local := []string{"start", "time_zone", "duration"}
	if slices.ContainsFunc(v.fields, func(f field) bool { return slices.Contains(local[1:], f.name) }) {
		return decodeLocalMaintenance(v, local)
	}
	fields, err := v.object([]string{"start", "end"}, []string{"announced_at"})
	if err != nil {
		return slo.Maintenance{}, err
	}
	var m slo.Maintenance
	if m.Period, err = decodePeriod(fields); err != nil {
		return m, err
	}
	return withAnnouncement(m, fields)
}

func decodeLocalMaintenance(v value, required []string) (slo.Maintenance, error) {
	var m slo.Maintenance
	fields, err := v.object(required, []string{"rrule", "except", "announced_at"})
	if err != nil {
		return m, err
	}
	if m.Start, err = parseText(fields["start"], slo.ParseLocalTime); err != nil {
		return m, err
	}
	if m.Zone, err = fields["time_zone"].zone(); err != nil {
		return m, err
	}
	if m.Duration, err = fields["duration"].positiveDuration(); err != nil {
		return m, err
	}
	if f, given := fields["rrule"]; given {
		if m.RRule, err = parseText(f, readRRule); err != nil {
			return m, err
		}
	}
	if f, given := fields["except"]; given {
		m.Except, err = decodeList(f, func(v value) (slo.LocalTime, error) { return parseText(v, slo.ParseLocalTime) })
		if err != nil {
			return m, err
		}
	}
	if err := m.Validate(); err != nil {
		return m, v.within(err)
	}
	return withAnnouncement(m, fields)
}

// readRRule refuses the empty rule, which package slo takes for none at all.
func readRRule(s string) (string, error) { return s, slo.CheckRRule(s) }

func withAnnouncement(m slo.Maintenance, fields map[string]value) (slo.Maintenance, error) {
	f, given := fields["announced_at"]
	if !given {
		return m, nil
	}
	var err error
	m.Announced = true
	m.AnnouncedAt, err = f.instant()
	return m, err
}

func decodePeriod(fields map[string]value) (slo.Period, error) {
	start, err := fields["start"].instant()
	if err != nil {
		return slo.Period{}, err
	}
	end, err := fields["end"].instant()
	if err != nil {
		return slo.Period{}, err
	}
	if end < start {
		return slo.Period{}, fields["end"].errorf("before start")
	}
	return slo.Period{Start: start, End: end}, nil
}

func decodePolicy(v value) (slo.MaintenancePolicy, error) {
	var p slo.MaintenancePolicy
	fields, err := v.object(nil, []string{"notice", "cap", "counts_as"})
	if err != nil {
		return p, err
	}
	if f, given := fields["notice"]; given {
		p.HasNotice = true
		if p.Notice, err = f.duration(); err != nil {
			return p, err
		}
		if p.Notice < 0 {
			return p, f.errorf("negative")
		}
	}
	if f, given := fields["cap"]; given {
		p.HasCap = true
		if p.Cap, err = f.duration(); err != nil {
			return p, err
		}
		if p.Cap < 0 {
			return p, f.errorf("negative")
		}
	}
	if f, given := fields["counts_as"]; given {
		p.CountsAs, err = oneOf(f, map[string]slo.CountsAs{"excluded": slo.CountsExcluded, "up": slo.CountsUp})
	}
	return p, err
}

func decodeExclusion(v value) (slo.Exclusion, error) {
	var e slo.Exclusion
	fields, err := v.object([]string{"start", "end", "reason"}, nil)
	if err != nil {
		return e, err
	}
	if e.Period, err = decodePeriod(fields); err != nil {
		return e, err
	}
	e.Reason, err = oneOf(fields["reason"], map[string]string{
		"client": "client", "third_party": "third_party", "force_majeure": "force_majeure",
	})
	return e, err
}

// parseText reads a string by one of the parsers of package slo.
func parseText[T any](v value, parse func(string) (T, error)) (T, error) {
	var none T
	if err := v.want(text); err != nil {
		return none, err
	}
	parsed, err := parse(v.text)
	if err != nil {
		return none, v.wrap(err)
	}
	return parsed, nil
}
