package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"time"

	"github.com/nines-monitor/nines/collector/paper"
	"github.com/nines-monitor/nines/collector/words"
	"github.com/nines-monitor/nines/slo"
)

// What the page lists at most, per SLO: of the outages the longest, of the rest the first. The
// JSON has everything.
const (
	mostOutages  = 50
	mostTakenOut = 50
	mostGaps     = 20
)

//go:embed report.html
var pageSource string

var pageTemplate = template.Must(paper.Parse("report", pageSource, nil))

// HTML writes the report as a page of its own, for browsers, mail clients and paper.
func (r *Report) HTML() ([]byte, error) { return r.html(false) }

// html leaves all but the summary out when it is to be short.
func (r *Report) html(short bool) ([]byte, error) {
	var b bytes.Buffer
	p := r.page()
	p.Short, p.File = short, r.file(".html")
	if err := pageTemplate.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("write the report's page: %w", err)
	}
	return b.Bytes(), nil
}

// page is what the template shows: everything is said already.
type page struct {
	Client, Month, Zone  string
	From, To             string
	Demo, Preliminary    bool
	Short                bool
	File                 string // the whole report, when this is the short one
	AsOf, Generated      string
	Effective            string
	Revision             int
	Services             []servicePage
	Promises, Unpromised int
}

type servicePage struct {
	Name string
	SLOs []sloPage
}

type sloPage struct {
	ID, Service, Month   string
	Objective            string
	Availability         string
	Measured             bool
	Best, Worst          string
	Coverage             string
	Verdict              verdict
	Promise              string // "this month", or the window's name
	OtherWindow          bool
	PromiseAvailability  string
	MinCoverage          string
	Agreed, Budget, Used string
	Left                 string
	Overspent            bool
	UsedWidth, LeftWidth int // percent
	BreachedAt           string
	Smallest             string
	Classes              []classRow
	Elapsed              string
	Days                 []dayCell
	DaysLabel            string
	Outages              list
	OutagesTotal         string
	OutagesRest          string // of those that are not listed
	OutagesHours         bool   // some last longer than what of them counts
	TakenOut, Gaps       list
}

type classRow struct{ Name, Time, Meaning string }

// list is a table that may be cut short.
type list struct {
	Count string
	Rows  []listRow
	More  int
}

type listRow struct{ From, To, Length, What, Where string }

// verdict is a word and the tone in which it is said.
type verdict struct{ Word, Tone string }

var verdicts = map[string]verdict{
	slo.ObjectiveMet.String():    {"Met", "met"},
	slo.ObjectiveMissed.String(): {"Missed", "missed"},
	slo.CannotBeProven.String():  {"Cannot be proven", "open"},
	slo.NotApplicable.String():   {"Not applicable", "open"},
}

var standings = map[string]verdict{
	slo.Met.String():         {"Met so far", "met"},
	slo.AtRisk.String():      {"At risk", "risk"},
	slo.Breached.String():    {"Breached", "missed"},
	slo.NotMeasured.String(): {"Not measured", "open"},
}

func (p Promise) verdict() verdict {
	if p.Closed {
		return verdicts[p.Verdict]
	}
	return standings[p.Verdict]
}

func (r *Report) page() page {
	p := page{
		Client: r.Client.Name, Month: words.Month(r.Month), Zone: r.Client.TimeZone,
		From: words.Instant(r.Period.Start, r.zone), To: words.Instant(r.Period.End, r.zone),
		Demo: r.Demo, Preliminary: r.Preliminary,
		AsOf: "no observation yet", Generated: words.Instant(r.GeneratedAt, r.zone),
		Effective: r.Contract.Effective, Revision: r.Contract.Revision,
	}
	if r.DataAsOf != 0 {
		p.AsOf = words.Instant(r.DataAsOf, r.zone)
	}
	for _, s := range r.Services {
		service := servicePage{Name: s.Name}
		for _, o := range s.SLOs {
			service.SLOs = append(service.SLOs, r.sloPage(s.Name, o))
		}
		p.Promises += len(s.SLOs)
		if len(s.SLOs) == 0 {
			p.Unpromised++
		}
		p.Services = append(p.Services, service)
	}
	return p
}

func (r *Report) sloPage(service string, o SLO) sloPage {
	p := sloPage{
		ID: o.ID, Service: service, Month: words.Month(r.Month), Objective: o.Objective,
		Availability: percent(o.Ledger.Availability), Best: percent(o.Ledger.Best), Worst: percent(o.Ledger.Worst),
		Measured: o.Ledger.Availability.Den > 0,
		Coverage: percent(o.Ledger.Coverage),
		Verdict:  o.Promise.verdict(), Promise: words.Month(o.Promise.Label),
		OtherWindow: o.otherWindow(), PromiseAvailability: percent(o.Promise.Availability),
		MinCoverage: o.Promise.MinCoverage,
		Agreed:      words.Duration(o.Promise.Agreed), Budget: words.Duration(o.Promise.Budget), Used: words.Duration(o.Promise.Consumed),
		Left: words.Duration(o.Promise.Remaining), Overspent: o.Promise.Remaining < 0,
		Smallest: words.Duration(o.SmallestOutage),
		Elapsed:  words.Duration(o.Ledger.Elapsed),
		Classes:  classRows(o),
		TakenOut: r.takenOutList(o.TakenOut),
		Gaps:     r.gapList(o.Unmeasured),
	}
	if p.Overspent {
		p.Left = words.Duration(-o.Promise.Remaining)
	}
	p.UsedWidth, p.LeftWidth = shares(o.Promise)
	if o.Promise.BreachedAt != 0 {
		p.BreachedAt = words.Instant(o.Promise.BreachedAt, r.zone)
	}
	p.listOutages(o.Outages, r.zone)
	p.Days, p.DaysLabel = r.dayCells(o)
	return p
}

func percent(s Share) string { return words.Percent(slo.Fraction(s)) }

// shares are the percents of the budget used and left, as widths of a bar.
func shares(p Promise) (used, left int) {
	switch {
	case p.Remaining < 0:
		return 100, 0
	case p.Budget == 0:
		return 0, 100
	}
	used = int((p.Consumed*100 + p.Budget - 1) / p.Budget)
	return used, 100 - used
}

func classRows(o SLO) []classRow {
	l := o.Ledger
	return []classRow{
		{"Up", words.Duration(l.Up), "the service worked"},
		{"Down", words.Duration(l.Down), "the service failed"},
		{"Unknown", words.Duration(l.Unknown), "nobody could tell" + countsAs(o.UnknownCountsAs)},
		{"Maintenance", words.Duration(l.Maintenance), "announced, and within its cap" + countsAs(o.MaintenanceCountsAs)},
		{"Excluded", words.Duration(l.Excluded), "approved exclusions; not counted"},
		{"Out of hours", words.Duration(l.OutOfHours), "outside the service hours; not counted"},
	}
}

// countsAs says a policy of the contract.
func countsAs(policy string) string {
	if policy == "excluded" {
		return "; not counted"
	}
	return "; counts as " + policy
}

// listOutages lists the longest outages in the order of time, and sums up the rest.
func (p *sloPage) listOutages(outages []Outage, zone *time.Location) {
	p.Outages.Count = words.Count(len(outages), "outage")
	var total, listed int64
	for _, o := range outages {
		total += o.Counted
		p.OutagesHours = p.OutagesHours || o.Counted != o.End-o.Start
	}
	for _, o := range longest(outages, mostOutages) {
		listed += o.Counted
		p.Outages.Rows = append(p.Outages.Rows, listRow{
			From: words.ShortInstant(o.Start, zone), To: words.ShortInstant(o.End, zone),
			Length: words.Duration(o.Counted), What: words.Reason(o.Reason), Where: o.Check,
		})
	}
	p.Outages.More = len(outages) - len(p.Outages.Rows)
	p.OutagesTotal, p.OutagesRest = words.Duration(total), words.Duration(total-listed)
}

// longest gives the n outages of which the most counts, in the order of time; of equals the
// earlier ones.
func longest(outages []Outage, n int) []Outage {
	if len(outages) <= n {
		return outages
	}
	sorted := slices.Clone(outages)
	slices.SortStableFunc(sorted, func(a, b Outage) int { return cmp.Compare(b.Counted, a.Counted) })
	sorted = sorted[:n]
	slices.SortFunc(sorted, func(a, b Outage) int { return cmp.Compare(a.Start, b.Start) })
	return sorted
}

func (r *Report) takenOutList(taken []TakenOut) list {
	rows := list{More: max(0, len(taken)-mostTakenOut)}
	for _, t := range taken[:min(len(taken), mostTakenOut)] {
		row := listRow{
			From: words.ShortInstant(t.Start, r.zone), To: words.ShortInstant(t.End, r.zone),
			Length: words.Duration(t.End - t.Start), What: words.Reason(t.Class), Where: t.Title,
		}
		if row.Where == "" {
			row.Where = t.ID
		}
		rows.Rows = append(rows.Rows, row)
	}
	return rows
}

func (r *Report) gapList(gaps []Gap) list {
	rows := list{More: max(0, len(gaps)-mostGaps)}
	for _, g := range gaps[:min(len(gaps), mostGaps)] {
		row := listRow{
			From: words.ShortInstant(g.Start, r.zone), To: words.ShortInstant(g.End, r.zone),
			Length: words.Duration(g.End - g.Start), What: words.Reason(g.Reason),
		}
		if row.What == "" {
			row.What = "no observation"
		}
		rows.Rows = append(rows.Rows, row)
	}
	return rows
}

// dayCell is one day of the month's strip.
type dayCell struct{ Number, Mark, Tone, Title string }

// dayCells draws the month: a mark and a tone for each day, and one sentence for those who
// cannot see them.
func (r *Report) dayCells(o SLO) (cells []dayCell, label string) {
	count := make(map[string]int)
	objective, _ := slo.ParseObjective(o.Objective)
	for i, d := range o.Days {
		c := dayCell{Number: strconv.Itoa(i + 1), Title: d.title(r.Month)}
		c.Mark, c.Tone = d.mark(objective)
		if d == (Day{Date: d.Date}) {
			c.Title += ": not yet"
			c.Mark = " "
		}
		count[c.Tone]++
		cells = append(cells, c)
	}
	label = fmt.Sprintf("%s: %d up throughout, %d with little down time, %d with more, %d hardly measured, %d that do not count or are yet to come",
		words.Count(len(cells), "day"), count["up"], count["some"], count["down"], count["unknown"], count["none"])
	return cells, label
}

// mark says a day in one sign. Colour is never all that carries it.
func (d Day) mark(o slo.Objective) (mark, tone string) {
	measured := slo.Fraction{Num: d.Up, Den: d.Up + d.Down}
	switch {
	case d.Up+d.Down+d.Unknown == 0 && d.Maintenance+d.Excluded > 0:
		return "m", "none"
	case d.Up+d.Down+d.Unknown == 0:
		return "–", "none"
	case d.Down > 0 && o.Met(measured):
		return "!", "some"
	case d.Down > 0:
		return "✕", "down"
	case d.Unknown > d.Up:
		return "?", "unknown"
	}
	return "✓", "up"
}

func (d Day) title(month string) string {
	date, err := time.Parse(time.DateOnly, d.Date)
	if err != nil {
		return month
	}
	title := date.Format("Mon 2 Jan")
	for _, part := range []struct {
		name string
		ms   int64
	}{{"up", d.Up}, {"down", d.Down}, {"unknown", d.Unknown}, {"maintenance", d.Maintenance}, {"excluded", d.Excluded}, {"out of hours", d.OutOfHours}} {
		if part.ms > 0 {
			title += ", " + part.name + " " + words.Duration(part.ms)
		}
	}
	return title
}
