package slo

import "time"

// BudgetState is where a period stands against its error budget (docs/measurement.md, section 4).
// The zero value is NotMeasured.
type BudgetState uint8

// NotMeasured is a period in which nothing was measured yet: neither good nor bad.
const (
	NotMeasured BudgetState = iota
	Met
	AtRisk
	Breached
)

// String is the state as pages, mails and the API write it.
func (s BudgetState) String() string {
	switch s {
	case Met:
		return "met"
	case AtRisk:
		return "at_risk"
	case Breached:
		return "breached"
	default:
		return "not_measured"
	}
}

// riskLookBack is the present whose burn is held against what is left of a period.
const riskLookBack = 6 * time.Hour

// Status is where the input's period stands at its Now. Breached comes before all else; then
// a period without good and bad time is NotMeasured; then it is AtRisk when less than a
// quarter of the budget remains, or the burn of the last six hours would end it within the
// period; else it is Met.
func Status(in Input) (BudgetState, error) {
	table, err := NewTimetable(in.Terms, in.Period)
	if err != nil {
		return NotMeasured, err
	}
	l, err := table.Ledger(in.Now, in.Service, in.Series)
	if err != nil {
		return NotMeasured, err
	}
	return table.Status(l, in.Now, in.Service, in.Series)
}

// Status is the function of that name for a ledger that this timetable gave for the same now,
// service and series.
func (t *Timetable) Status(l Ledger, now int64, service Node, series map[string][]Span) (BudgetState, error) {
	switch {
	case l.Breached:
		return Breached, nil
	case l.Good+l.Bad == 0:
		return NotMeasured, nil
	case 4*l.Remaining < l.Budget:
		return AtRisk, nil
	}
	burn, err := t.Burn(now, riskLookBack, service, series)
	if err != nil {
		return NotMeasured, err
	}
	if burn.ends(l.Remaining, t.toCome(now)) {
		return AtRisk, nil
	}
	return Met, nil
}

// ends reports whether a budget comes to its end in so much counted time at this burn.
func (b Burn) ends(remaining, toCome int64) bool {
	return b.Bad > 0 && compareProducts(uint64(toCome), uint64(b.Bad), uint64(remaining), uint64(b.Measured)) >= 0
}
