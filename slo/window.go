package slo

import (
	"errors"
	"fmt"
	"time"
)

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

var errNoZone = errors.New("time zone: missing")

// ParsePeriod is the period that a text names, in a zone: "2026-10" for Month, "2026-Q1" for
// Quarter, "2026" for Year, "2026-W11" (ISO 8601, from Monday) for Week. Rolling periods have
// no names.
func ParsePeriod(kind WindowKind, of string, zone *time.Location) (Period, error) {
	if zone == nil {
		return Period{}, errNoZone
	}
	first, err := parseFirstDay(kind, of)
	if err != nil {
		return Period{}, err
	}
	return Window{Kind: kind, Zone: zone}.from(first), nil
}

func parseFirstDay(kind WindowKind, of string) (time.Time, error) {
	var year, part int
	var canonical string
	var first time.Time
	switch kind {
	case Month:
		_, _ = fmt.Sscanf(of, "%4d-%2d", &year, &part)
		canonical = fmt.Sprintf("%04d-%02d", year, part)
		first = time.Date(year, time.Month(part), 1, 0, 0, 0, 0, time.UTC)
	case Quarter:
		_, _ = fmt.Sscanf(of, "%4d-Q%1d", &year, &part)
		canonical = fmt.Sprintf("%04d-Q%d", year, part)
		first = time.Date(year, time.Month(3*part-2), 1, 0, 0, 0, 0, time.UTC)
	case Year:
		_, _ = fmt.Sscanf(of, "%4d", &year)
		canonical = fmt.Sprintf("%04d", year)
		first = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	case Week:
		_, _ = fmt.Sscanf(of, "%4d-W%2d", &year, &part)
		canonical = fmt.Sprintf("%04d-W%02d", year, part)
		// The fourth of January is always in week 1.
		first = monday(time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)).AddDate(0, 0, 7*(part-1))
	default:
		return time.Time{}, fmt.Errorf("window kind %v: its periods have no names", kind)
	}
	// Only the text that the period would be called by names it: no 2026-13, no 2026-W54.
	if canonical != of || year < 1 || label(kind, first) != of {
		return time.Time{}, fmt.Errorf("%v %q: want a form such as %s", kind, of, kind.example())
	}
	return first, nil
}

// At is the window that holds the instant t (ms). A rolling window is the one that ends at t.
func (w Window) At(t int64) Period {
	if w.Kind == Rolling {
		return Period{t - w.Length.Milliseconds(), t}
	}
	return w.from(firstDay(w.Kind, w.dateAt(t)))
}

// Next is the calendar window after the one that p is; for Rolling, the one that starts
// where p ends.
func (w Window) Next(p Period) Period {
	if w.Kind == Rolling {
		return w.At(p.End + w.Length.Milliseconds())
	}
	return w.At(p.End)
}

// Previous is the window that ends where p starts.
func (w Window) Previous(p Period) Period {
	if w.Kind == Rolling {
		return w.At(p.Start)
	}
	// The middle of the window before is far from every clock change at its edges.
	return w.At(p.Start - 2*msPerDay)
}

// Label is what the window that holds t is called, as ParsePeriod reads it: "2026-10",
// "2026-Q1", "2026", "2026-W11". A rolling window is called by its length: "720h0m0s".
func (w Window) Label(t int64) string {
	if w.Kind == Rolling {
		return w.Length.String()
	}
	return label(w.Kind, w.dateAt(t))
}

// Validate says what is wrong with the window, if anything: no zone, or no length of whole
// milliseconds.
func (w Window) Validate() error {
	switch {
	case w.Kind > Rolling:
		return fmt.Errorf("window kind %d: unknown", w.Kind)
	case w.Kind != Rolling && w.Zone == nil:
		return errNoZone
	case w.Kind == Rolling && w.Length <= 0:
		return errors.New("length: must be above 0")
	case w.Kind == Rolling && w.Length%time.Millisecond != 0:
		return errors.New("length: finer than a millisecond")
	}
	return nil
}

func (w Window) dateAt(t int64) time.Time {
	return time.Unix(localDay(w.Zone, t)*24*60*60, 0).UTC()
}

// from is the calendar window whose first date is given.
func (w Window) from(first time.Time) Period {
	after := first
	switch w.Kind {
	case Month:
		after = first.AddDate(0, 1, 0)
	case Quarter:
		after = first.AddDate(0, 3, 0)
	case Year:
		after = first.AddDate(1, 0, 0)
	case Week:
		after = first.AddDate(0, 0, 7)
	}
	return Period{dayStart(w.Zone, dateOf(first).day()), dayStart(w.Zone, dateOf(after).day())}
}

// firstDay is the first date of the calendar window that a date is in.
func firstDay(kind WindowKind, date time.Time) time.Time {
	year, month, _ := date.Date()
	switch kind {
	case Quarter:
		month -= (month - 1) % 3
	case Year:
		month = time.January
	case Week:
		return monday(date)
	}
	return time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
}

func monday(date time.Time) time.Time {
	return date.AddDate(0, 0, -(int(date.Weekday())+6)%7)
}

func label(kind WindowKind, date time.Time) string {
	switch kind {
	case Quarter:
		return fmt.Sprintf("%04d-Q%d", date.Year(), (date.Month()+2)/3)
	case Year:
		return fmt.Sprintf("%04d", date.Year())
	case Week:
		year, week := date.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	}
	return date.Format("2006-01")
}

// String is the kind as contracts and cases write it.
func (k WindowKind) String() string {
	switch k {
	case Month:
		return "month"
	case Quarter:
		return "quarter"
	case Year:
		return "year"
	case Week:
		return "week"
	case Rolling:
		return "rolling"
	}
	return fmt.Sprintf("window kind %d", uint8(k))
}

func (k WindowKind) example() string {
	return [...]string{Month: "2026-10", Quarter: "2026-Q1", Year: "2026", Week: "2026-W11"}[k]
}
