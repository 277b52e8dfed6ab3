package web

import (
	"time"

	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/slo"
)

type sloView struct {
	ID        string // shown when a service has several
	Objective string
	Label     string // of the period
	LedgerURL string

	Percent     string // empty: nothing measured
	Best, Worst string // empty: as the estimate
	Measured    string // coverage in words; empty: complete
	Unproven    bool   // less was measured than the contract wants

	Budget string // met, not_proven, at_risk, breached or not_measured
	Word   string
	Left   string // of the budget, in words
	Of     string // the whole budget
	Share  int    // of the budget that is left, percent
	Breach when

	Strip stripView
}

// notProven is what a promise that is met so far is called while too little was measured to
// prove it.
const notProven = "not_proven"

// isProven reports whether enough of the period was measured for its result to prove anything.
func isProven(a ledger.Answer) bool {
	verdict := a.Ledger.Verdict(a.SLO.MinCoverage)
	return verdict == slo.ObjectiveMet || verdict == slo.ObjectiveMissed
}

// measured says how much of the time was measured and, where that is too little, how much least is.
func measured(coverage slo.Fraction, least slo.Objective) string {
	text := "nothing measured"
	if percent, ok := coverage.Percent(); ok {
		text = percent + " % measured"
	}
	if least.IsZero() || least.Met(coverage) {
		return text
	}
	return text + " of " + least.String() + " % wanted"
}

func newSLOView(f sloFacts, zone *time.Location) sloView {
	l := f.Ledger
	v := sloView{
		ID: f.SLO.ID, Objective: f.Terms.Objective.String(), Label: shortPeriod(f.Label),
		Budget: f.State.String(), Word: budgetWords[f.State], Of: length(l.Budget),
		Breach: newWhen(f.BreachedAt, zone), Strip: newStripView(f.days),
		Unproven: !isProven(f.Answer),
	}
	if f.State == slo.Met && v.Unproven {
		v.Budget, v.Word = notProven, "Not proven yet"
	}
	v.Percent, _ = l.Availability.Percent()
	if v.Percent == "" {
		return v
	}
	if l.Best.Compare(l.Availability) != 0 || l.Worst.Compare(l.Availability) != 0 {
		v.Best, _ = l.Best.Percent()
		v.Worst, _ = l.Worst.Percent()
	}
	if l.Coverage.Num < l.Coverage.Den || v.Unproven {
		v.Measured = measured(l.Coverage, f.SLO.MinCoverage)
	}
	switch {
	case l.Remaining >= 0:
		v.Left = length(l.Remaining) + " left"
	default:
		v.Left = length(-l.Remaining) + " over"
	}
	if l.Budget > 0 && l.Remaining > 0 {
		v.Share = int(l.Remaining * 100 / l.Budget)
	}
	return v
}
