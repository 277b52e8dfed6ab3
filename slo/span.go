package slo

import "errors"

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

// String is the state as pages and the API write it.
func (s State) String() string {
	switch s {
	case Up:
		return "up"
	case Down:
		return "down"
	}
	return "unknown"
}

// Validate says which of the parameters is out of range, if any.
func (p Params) Validate() error {
	switch {
	case p.Interval <= 0:
		return errors.New("interval: must be above 0")
	case p.StaleAfter != 0 && p.StaleAfter < p.Interval:
		return errors.New("stale_after: shorter than the interval")
	case p.DownAfter < 0:
		return errors.New("down_after: must be at least 1")
	case p.UpAfter < 0:
		return errors.New("up_after: must be at least 1")
	}
	return nil
}

// withDefaults fills in what the zero values stand for.
func (p Params) withDefaults() Params {
	if p.StaleAfter == 0 {
		p.StaleAfter = 2 * p.Interval
	}
	if p.DownAfter == 0 {
		p.DownAfter = 2
	}
	if p.UpAfter == 0 {
		p.UpAfter = 1
	}
	return p
}

// confirms is the length from which a run of the state is confirmed.
func (p Params) confirms(s State) int {
	if s == Down {
		return p.DownAfter
	}
	return p.UpAfter
}
