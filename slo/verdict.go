package slo

// Verdict is what a closed window comes to.
type Verdict uint8

// The verdicts, in the order in which they are reached (docs/measurement.md, section 4).
const (
	NotApplicable   Verdict = iota // nothing of the window was to be measured
	CannotBeProven                 // too little of it was, or nothing
	ObjectiveMissed                // the budget was overdrawn
	ObjectiveMet
)

// Verdict judges the ledger of a window that is over. Least is the least coverage that the
// contract accepts; its zero value accepts any but none at all.
func (l Ledger) Verdict(least Objective) Verdict {
	switch {
	case l.Good+l.Bad+l.Unknown == 0:
		return NotApplicable
	case l.Coverage.Num == 0, !least.Met(l.Coverage):
		return CannotBeProven
	case l.Breached:
		return ObjectiveMissed
	}
	return ObjectiveMet
}

// String is the verdict as reports and the API write it.
func (v Verdict) String() string {
	switch v {
	case NotApplicable:
		return "not_applicable"
	case CannotBeProven:
		return "cannot_be_proven"
	case ObjectiveMissed:
		return "missed"
	case ObjectiveMet:
		return "met"
	}
	return "unknown"
}
