package slo

// Class is the bucket into which an elapsed instant falls (docs/measurement.md, section 3).
type Class uint8

// The six classes, in the order in which they are decided.
const (
	ClassOutOfHours Class = iota
	ClassMaintenance
	ClassExcluded
	ClassUp
	ClassDown
	ClassUnknown
)

// String is the class as pages and the API write it.
func (c Class) String() string {
	switch c {
	case ClassOutOfHours:
		return "out_of_hours"
	case ClassMaintenance:
		return "maintenance"
	case ClassExcluded:
		return "excluded"
	case ClassUp:
		return "up"
	case ClassDown:
		return "down"
	}
	return "unknown"
}

// ClassSpan is a stretch of a period with one class and one cause. The spans of a period are
// in order, do not overlap, and sum to its elapsed time.
type ClassSpan struct {
	Period
	Class Class

	// State is the service's, whatever the class.
	State State

	// Reason is that of the first span of Evidence.
	Reason Reason

	// Cause is what decided: the ID of a maintenance or an exclusion, or its place in the
	// terms ("maintenance[0]") when it has none; the date that closed the calendar
	// ("2026-12-25"), or nothing when no rule opens it; else the first series of Evidence.
	Cause string

	// Evidence is what the state rests on.
	Evidence []Evidence
}

// Evidence is a span of a series that decided a service's state: one that shares it, under
// nodes that all share it. Where nothing was observed the span has no Start, Last and End.
type Evidence struct {
	Series string
	Span   Span
}
