package slo

import (
	"errors"
	"fmt"
	"time"
)

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

// LocalTime is a wall clock reading without a zone.
type LocalTime struct {
	Date
	Clock time.Duration // since local 00:00, 0 <= Clock < 24 h
}

// Instants that the package computes with lie in the years 1 to 9999.
var (
	firstInstant = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	lastInstant  = time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC).UnixMilli()
)

// Validate says what is wrong with the period, if anything: it ends before it starts, or
// leaves the years 1 to 9999. An empty period is allowed.
func (p Period) Validate() error {
	switch {
	case p.Start < firstInstant || p.Start > lastInstant:
		return errors.New("start: outside the years 1 to 9999")
	case p.End < p.Start:
		return errors.New("end: before start")
	case p.End > lastInstant:
		return errors.New("end: outside the years 1 to 9999")
	}
	return nil
}

// String writes the date as ParseDate reads it.
func (d Date) String() string {
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// String writes the wall clock as ParseLocalTime reads it.
func (l LocalTime) String() string {
	seconds := int(l.Clock / time.Second)
	return fmt.Sprintf("%sT%02d:%02d:%02d", l.Date, seconds/3600, seconds/60%60, seconds%60)
}

// exists reports whether the date is a day of the calendar, in the years 1 to 9999.
func (d Date) exists() bool {
	return d.Year >= 1 && d.Year <= 9999 && dateOf(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)) == d
}

// day is the date as a count of days since 1970-01-01.
func (d Date) day() int64 {
	return floorDiv(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix(), 24*60*60)
}

// wall is the local time as milliseconds of an unbroken wall clock since 1970-01-01T00:00.
func (l LocalTime) wall() int64 { return l.day()*msPerDay + l.Clock.Milliseconds() }
