package slo

import (
	"fmt"
	"strings"
	"time"
)

const (
	msPerSecond = int64(1000)
	msPerDay    = 24 * 60 * 60 * msPerSecond
	clockDay    = 24 * time.Hour
)

// ParseDate reads a day of the calendar, "2026-10-04". The day must exist.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || len(s) != len(time.DateOnly) {
		return Date{}, fmt.Errorf("date %q: want a day that exists, such as 2026-10-04", s)
	}
	return dateOf(t), nil
}

// ParseLocalTime reads a wall clock without a zone, "2026-10-04T02:00:00".
func ParseLocalTime(s string) (LocalTime, error) {
	const layout = "2006-01-02T15:04:05"
	t, err := time.Parse(layout, s)
	if err != nil || len(s) != len(layout) {
		return LocalTime{}, fmt.Errorf("local time %q: want a wall clock without a zone, such as 2026-10-04T02:00:00", s)
	}
	return LocalTime{Date: dateOf(t), Clock: t.Sub(t.Truncate(clockDay))}, nil
}

// ParseClock reads a time of day, "07:00", as the wall clock since local midnight. "24:00"
// is read too; where it makes no sense, Calendar.Validate refuses it.
func ParseClock(s string) (time.Duration, error) {
	if s == "24:00" {
		return clockDay, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, fmt.Errorf("clock %q: want hours and minutes, such as 07:00", s)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

// ParseDuration reads what time.ParseDuration reads and, before that, days of exactly 24 h:
// "28d", "1d12h", "1.5d".
func ParseDuration(s string) (time.Duration, error) {
	unsigned := strings.TrimLeft(s, "+-")
	days, rest, found := strings.Cut(unsigned, "d")
	if !found {
		return parseGoDuration(s, s)
	}
	if sign := s[:len(s)-len(unsigned)]; len(sign) > 1 || strings.Trim(days, "0123456789.") != "" || strings.ContainsAny(rest, "+-d") {
		return 0, durationError(s)
	}
	// A day is 24 hours, so "1.5d" is 1.5 h times 24 and stays exact.
	hours, err := parseGoDuration(days+"h", s)
	if err != nil {
		return 0, err
	}
	var tail time.Duration
	if rest != "" {
		if tail, err = parseGoDuration(rest, s); err != nil {
			return 0, err
		}
	}
	const limit = 1<<63 - 1
	if hours > limit/24 || hours*24 > limit-tail {
		return 0, durationError(s)
	}
	total := hours*24 + tail
	if s[0] == '-' {
		total = -total
	}
	return total, nil
}

func parseGoDuration(part, whole string) (time.Duration, error) {
	d, err := time.ParseDuration(part)
	if err != nil {
		return 0, durationError(whole)
	}
	return d, nil
}

func durationError(s string) error {
	return fmt.Errorf("duration %q: want an amount with its unit, such as 30s, 1h30m or 28d", s)
}

func dateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{Year: year, Month: month, Day: day}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
