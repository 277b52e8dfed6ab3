package slo

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
