package slo_test

import (
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"github.com/nines-monitor/nines/slo"
)

// world is a random question whose every edge lies on a grid, together with the observations
// that its spans come from.
type world struct {
	tick   int64 // ms
	window slo.Window
	input  slo.Input
	params map[string]slo.Params
	seen   map[string][]slo.Observation // by series, in order of acceptance
}

// The zones change their clocks at midnight, by half an hour, by two hours, across the date
// line, in the middle of Ramadan, or never.
var zoneNames = []string{
	"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo",
	"Africa/Casablanca", "Asia/Kolkata", "Pacific/Chatham", "Antarctica/Troll", "Pacific/Apia",
	"Africa/Cairo", "America/St_Johns", "Asia/Tehran", "Pacific/Auckland",
}

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

func drawZone(t *rapid.T) *time.Location {
	return mustZone(rapid.SampledFrom(zoneNames).Draw(t, "zone"))
}

// drawWorld draws a month of a random zone, with all that a contract can say about it.
func drawWorld(t *rapid.T, tick int64) world {
	w := world{
		tick:   tick,
		window: slo.Window{Kind: slo.Month, Zone: drawZone(t)},
		params: map[string]slo.Params{},
		seen:   map[string][]slo.Observation{},
	}
	// From the month in which Apia skipped a day. Before it, St. John's changed its clocks at
	// one minute past midnight, which no tick here would see.
	month := time.Date(2011, time.December+time.Month(rapid.IntRange(0, 16*12).Draw(t, "month")), 1, 0, 0, 0, 0, time.UTC)
	p, err := slo.ParsePeriod(slo.Month, month.Format("2006-01"), w.window.Zone)
	if err != nil {
		t.Fatal(err)
	}
	w.input.Period = p
	w.input.Now = p.End
	if rapid.Bool().Draw(t, "midway") {
		w.input.Now = w.instant(t, "now")
	}
	w.input.Series = map[string][]slo.Span{}
	var leaves []slo.Node
	for i := range rapid.IntRange(1, 4).Draw(t, "series") {
		name := string(rune('a' + i))
		w.params[name] = drawParams(t, tick)
		w.seen[name] = w.drawObservations(t, w.params[name])
		w.input.Series[name] = slo.Fold(w.params[name], w.seen[name])
		leaves = append(leaves, slo.Leaf(name))
	}
	w.input.Service = drawTree(t, leaves, 2)
	w.input.Terms = w.drawTerms(t)
	return w
}

// instant draws an instant on the grid, from a little before the period to a little after.
func (w world) instant(t *rapid.T, label string) int64 {
	ticks := (w.input.Period.End - w.input.Period.Start) / w.tick
	return w.input.Period.Start + w.tick*rapid.Int64Range(-ticks/20, ticks+ticks/20).Draw(t, label)
}

func (w world) period(t *rapid.T, longest time.Duration) slo.Period {
	start := w.instant(t, "start")
	return slo.Period{Start: start, End: start + w.length(t, longest)}
}

// length draws a duration on the grid in ms, short ones more often.
func (w world) length(t *rapid.T, longest time.Duration) int64 {
	return w.tick * rapid.Int64Range(0, longest.Milliseconds()/w.tick).Draw(t, "length")
}

func drawParams(t *rapid.T, tick int64) slo.Params {
	p := slo.Params{
		Interval:  tick * rapid.Int64Range(1, 10).Draw(t, "interval"),
		DownAfter: rapid.IntRange(0, 4).Draw(t, "down_after"),
		UpAfter:   rapid.IntRange(0, 3).Draw(t, "up_after"),
	}
	if rapid.Bool().Draw(t, "stale") {
		p.StaleAfter = p.Interval + tick*rapid.Int64Range(0, 10).Draw(t, "stale_after")
	}
	return p
}

// drawObservations draws stretches of one state, broken by gaps, blips, repeats and steps
// back, and hands them over out of order.
func (w world) drawObservations(t *rapid.T, p slo.Params) []slo.Observation {
	var seen []slo.Observation
	at := w.input.Period.Start - w.tick*rapid.Int64Range(0, 200).Draw(t, "before")
	for at < w.input.Period.End && len(seen) < 5000 {
		state := rapid.SampledFrom([]slo.State{slo.Up, slo.Up, slo.Up, slo.Down, slo.Down, slo.Unknown}).Draw(t, "state")
		reason := slo.Reason(rapid.IntRange(0, 2).Draw(t, "reason"))
		count := rapid.SampledFrom([]int{1, 1, 2, 3, 5, 20, 100, 1000}).Draw(t, "count")
		for range count {
			seen = append(seen, slo.Observation{T: at, State: state, Reason: reason})
			at += p.Interval
		}
		at += w.tick * rapid.SampledFrom([]int64{0, 0, 0, 0, 1, 5, 30, 500, -1, -20}).Draw(t, "gap")
	}
	if rapid.Bool().Draw(t, "rotated") && len(seen) > 0 {
		cut := rapid.IntRange(0, len(seen)-1).Draw(t, "cut")
		seen = append(seen[cut:len(seen):len(seen)], seen[:cut]...)
	}
	return seen
}

func drawTree(t *rapid.T, leaves []slo.Node, depth int) slo.Node {
	if depth == 0 || rapid.IntRange(0, 2).Draw(t, "leaf") == 0 {
		return rapid.SampledFrom(leaves).Draw(t, "series")
	}
	children := make([]slo.Node, rapid.IntRange(1, 4).Draw(t, "children"))
	for i := range children {
		children[i] = drawTree(t, leaves, depth-1)
	}
	return slo.Quorum(rapid.IntRange(1, len(children)).Draw(t, "need"), children...)
}

func (w world) drawTerms(t *rapid.T) slo.Terms {
	objective, err := slo.ParseObjective(rapid.SampledFrom(
		[]string{"100", "99.99", "99.9", "99.5", "95", "50", "33.3333333333333333", "0.0001"}).Draw(t, "objective"))
	if err != nil {
		t.Fatal(err)
	}
	terms := slo.Terms{
		Objective: objective,
		Unknown:   slo.UnknownPolicy(rapid.IntRange(0, 2).Draw(t, "unknown")),
		Policy: slo.MaintenancePolicy{
			HasNotice: rapid.Bool().Draw(t, "has notice"),
			HasCap:    rapid.Bool().Draw(t, "has cap"),
			CountsAs:  slo.CountsAs(rapid.IntRange(0, 1).Draw(t, "counts as")),
		},
	}
	if terms.Policy.HasNotice {
		terms.Policy.Notice = time.Duration(w.length(t, 72*time.Hour)) * time.Millisecond
	}
	terms.Policy.Cap = time.Duration(w.length(t, 20*time.Hour)) * time.Millisecond
	if rapid.Bool().Draw(t, "has hours") {
		terms.Hours = w.drawCalendar(t)
	}
	for range rapid.IntRange(0, 4).Draw(t, "maintenance") {
		terms.Maintenance = append(terms.Maintenance, w.drawMaintenance(t))
	}
	for range rapid.IntRange(0, 3).Draw(t, "exclusions") {
		terms.Exclusions = append(terms.Exclusions, slo.Exclusion{Period: w.period(t, 48*time.Hour), Reason: "client"})
	}
	return terms
}

func (w world) drawCalendar(t *rapid.T) *slo.Calendar {
	c := &slo.Calendar{Zone: drawZone(t)}
	for range rapid.IntRange(1, 3).Draw(t, "rules") {
		var r slo.HoursRule
		r.Days[rapid.IntRange(0, 6).Draw(t, "day")] = true
		for day := range r.Days {
			r.Days[day] = r.Days[day] || rapid.Bool().Draw(t, "day too")
		}
		r.From = w.clock(t, 0)
		r.To = w.clock(t, 1)
		c.Rules = append(c.Rules, r)
	}
	for range rapid.IntRange(0, 3).Draw(t, "closed") {
		c.Closed = append(c.Closed, w.localTime(t, c.Zone).Date)
	}
	return c
}

// clock draws a time of day on the grid; beyond midnight by extra ticks at most.
func (w world) clock(t *rapid.T, extra int64) time.Duration {
	day := 24 * time.Hour.Milliseconds() / w.tick
	ticks := rapid.OneOf(rapid.SampledFrom([]int64{0, 0, day - 1 + extra, day / 3, day * 3 / 4}),
		rapid.Int64Range(0, day-1+extra)).Draw(t, "clock")
	return time.Duration(ticks*w.tick) * time.Millisecond
}

func (w world) localTime(t *rapid.T, zone *time.Location) slo.LocalTime {
	date := time.UnixMilli(w.instant(t, "date")).In(zone)
	return slo.LocalTime{
		Date:  slo.Date{Year: date.Year(), Month: date.Month(), Day: date.Day()},
		Clock: rapid.OneOf(rapid.Just(2*time.Hour), rapid.Just(time.Duration(0)), rapid.Just(w.clock(t, 0))).Draw(t, "time"),
	}
}

var rules = []string{
	"", "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH",
	"FREQ=WEEKLY;BYDAY=SA;COUNT=3", "FREQ=MONTHLY;BYDAY=1SU", "FREQ=MONTHLY;BYDAY=-1SA", "FREQ=MONTHLY;BYMONTHDAY=-1",
	"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=DAILY;BYHOUR=2,14;COUNT=7", "FREQ=HOURLY;INTERVAL=5",
	"FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU", "FREQ=MONTHLY;BYMONTHDAY=31",
}

func (w world) drawMaintenance(t *rapid.T) slo.Maintenance {
	m := slo.Maintenance{Announced: rapid.Bool().Draw(t, "announced"), AnnouncedAt: w.instant(t, "announced at")}
	if rapid.Bool().Draw(t, "one-off") {
		m.Period = w.period(t, 30*time.Hour)
		return m
	}
	m.Zone = drawZone(t)
	m.Start = w.localTime(t, m.Zone)
	m.Duration = time.Duration(w.tick+w.length(t, 30*time.Hour)) * time.Millisecond
	m.RRule = rapid.SampledFrom(rules).Draw(t, "rrule")
	for range rapid.IntRange(0, 2).Draw(t, "except") {
		m.Except = append(m.Except, slo.LocalTime{Date: w.localTime(t, m.Zone).Date, Clock: m.Start.Clock})
	}
	return m
}
