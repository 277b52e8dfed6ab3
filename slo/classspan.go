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

// ClassSpan is a stretch of a period with one class and one cause. The spans of a period are
// in order, do not overlap, and sum to its elapsed time.
type ClassSpan struct {
	Period
	Class  Class
	Reason Reason // of the series that decided, when Class is up, down or unknown
	Cause  string // which maintenance, exclusion or series; empty when out of hours
}
