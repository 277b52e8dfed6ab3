package slo

import "time"

// State is what is known of a series or a service at an instant.
// The zero value is Unknown.
type State uint8

// The three values of the logic (docs/measurement.md, section 2).
const (
	Unknown State = iota
	Up
	Down
)

// Reason is a code that an observation brings along and a span keeps.
// This package carries it and never looks into it; 0 means that none was given.
type Reason uint16

// Observation is one result at one instant.
type Observation struct {
	T      int64 // ms since the Unix epoch, UTC
	State  State
	Reason Reason
}

// Params are the terms by which one series is folded (docs/measurement.md, section 1).
type Params struct {
	Interval   int64 // ms, > 0
	StaleAfter int64 // ms, >= Interval; 0 means twice Interval
	DownAfter  int   // observations, >= 1; 0 means 2
	UpAfter    int   // observations, >= 1; 0 means 1
}

// Span is a stretch [Start, End) of one state of one series.
//
// Last is the last observation before End that belongs to the span: between it and the
// first observation of the next state lies the zone in which the true change happened.
// An Unknown span records an observation that could not measure, with its reason;
// time that no span covers is unknown because nothing was observed.
type Span struct {
	Start, End int64 // ms, half-open
	Last       int64 // ms, Start <= Last
	State      State
	Reason     Reason // of the span's first observation
}

// Node is a service tree: a leaf names a series, an inner node needs Need of its Children up.
type Node struct {
	Series   string // leaf only
	Need     int    // inner only: 1 for any, len(Children) for all
	Children []Node
}

// Period is a half-open stretch of time in ms since the Unix epoch, UTC.
type Period struct {
	Start, End int64
}

// Date is a day of a calendar, in whatever zone it is used with.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Calendar says when service is promised (docs/measurement.md, section 3, "Service hours").
// A nil *Calendar means always.
type Calendar struct {
	Zone   *time.Location
	Rules  []HoursRule
	Closed []Date
}

// HoursRule opens on the listed weekdays from From to To. When To is not after From the
// rule runs past midnight and belongs to the day it starts on.
type HoursRule struct {
	Days [7]bool       // indexed by time.Weekday
	From time.Duration // wall clock since local 00:00, 0 <= From < 24 h
	To   time.Duration // 0 <= To <= 24 h
}

// LocalTime is a wall clock reading without a zone.
type LocalTime struct {
	Date
	Clock time.Duration // since local 00:00, 0 <= Clock < 24 h
}

// Maintenance is one agreed window, or a rule that yields many.
// Either Period is set (one-off, two instants), or Zone is (local).
type Maintenance struct {
	ID     string // free; comes back in explanations
	Period Period

	Zone     *time.Location
	Start    LocalTime
	Duration time.Duration // elapsed, 0 < Duration <= 30 days
	RRule    string        // RFC 5545, without "RRULE:"; empty means once
	Except   []LocalTime   // local starts that do not take place

	Announced   bool  // false: announced long ago
	AnnouncedAt int64 // ms, when Announced
}

// CountsAs says where counted maintenance goes.
type CountsAs uint8

// Maintenance leaves both sides of the fraction, or counts as up.
const (
	CountsExcluded CountsAs = iota
	CountsUp
)

// MaintenancePolicy bounds which maintenance counts.
type MaintenancePolicy struct {
	Notice    time.Duration // >= 0; an occurrence must be announced so long before its start
	HasNotice bool          // ask for notice even when Notice is 0: announced by the start
	HasCap    bool
	Cap       time.Duration // >= 0, in-hours maintenance per window
	CountsAs  CountsAs
}

// Exclusion is an approved interval that leaves both sides of the fraction.
type Exclusion struct {
	ID string
	Period
	Reason string // client, third_party or force_majeure
}

// UnknownPolicy says how unknown time counts.
type UnknownPolicy uint8

// Unknown time leaves the fraction, counts as up, or counts as down.
const (
	UnknownExcluded UnknownPolicy = iota
	UnknownAsUp
	UnknownAsDown
)

// Terms are what one SLO promises, as one revision of the contract has it.
type Terms struct {
	Objective   Objective
	Hours       *Calendar
	Maintenance []Maintenance
	Policy      MaintenancePolicy
	Exclusions  []Exclusion
	Unknown     UnknownPolicy
}

// WindowKind names the form of a Window.
type WindowKind uint8

// Calendar windows run in the client's zone; a rolling one has an exact length.
const (
	Month WindowKind = iota
	Quarter
	Year
	Week
	Rolling
)

// Window is the form of an SLO's window, without saying which one.
type Window struct {
	Kind   WindowKind
	Zone   *time.Location // calendar kinds
	Length time.Duration  // Rolling
}

// Input is one question: this service, these terms, this period, as seen at Now.
type Input struct {
	Period  Period
	Now     int64 // ms; the period is elapsed up to here
	Service Node
	Series  map[string][]Span // by series name, as Fold returns them; a series that is missing was never observed
	Terms   Terms
}

// Ledger is the answer to an Input: every elapsed millisecond of the period in exactly one
// class, and what follows from that (docs/measurement.md, sections 3 and 4).
// OutOfHours, Maintenance, Excluded, Up, Down and Unknown sum to Elapsed. All are ms.
type Ledger struct {
	Period  Period
	Elapsed int64

	OutOfHours  int64
	Maintenance int64
	Excluded    int64
	Up          int64
	Down        int64
	Unknown     int64

	Good, Bad int64
	Agreed    int64 // good + bad + what of the period is still to come and counts

	Availability Fraction
	Best, Worst  Fraction
	Coverage     Fraction

	Budget    int64 // floor of (1 - objective) x Agreed
	Consumed  int64 // Bad
	Remaining int64 // Budget - Consumed
	Breached  bool  // Consumed exceeds the exact budget
}
