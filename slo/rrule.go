package slo

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// recurrence is an RFC 5545 recurrence rule (section 3.3.10) over a wall clock without a
// zone. An empty list allows everything that the frequency yields.
type recurrence struct {
	freq      frequency
	interval  int64
	count     int64 // 0: no end by count
	until     int64 // wall ms, inclusive
	weekStart time.Weekday

	months, weeks, yearDays, monthDays []int
	weekdays                           []weekdayNumber
	hours, minutes, seconds            []int
	positions                          []int
}

type frequency uint8

const (
	secondly frequency = iota
	minutely
	hourly
	daily
	weekly
	monthly
	yearly
)

// weekdayNumber is one BYDAY entry: the nth such day of the month or year, from the end
// when negative, or each when 0.
type weekdayNumber struct {
	nth int
	day time.Weekday
}

var frequencies = map[string]frequency{
	"SECONDLY": secondly, "MINUTELY": minutely, "HOURLY": hourly,
	"DAILY": daily, "WEEKLY": weekly, "MONTHLY": monthly, "YEARLY": yearly,
}

var weekdayNames = map[string]time.Weekday{
	"SU": time.Sunday, "MO": time.Monday, "TU": time.Tuesday, "WE": time.Wednesday,
	"TH": time.Thursday, "FR": time.Friday, "SA": time.Saturday,
}

// longestRule is far more than a person writes, and bounds the work of parsing.
const longestRule = 1000

// CheckRRule says what is wrong with the value of an RRULE (RFC 5545, section 3.3.10), if
// anything. UNTIL must be local: the rules here run on a wall clock.
func CheckRRule(s string) error {
	_, err := parseRRule(s)
	return err
}

// parseRRule reads the value of an RRULE, without the name.
func parseRRule(s string) (*recurrence, error) {
	if len(s) > longestRule {
		return nil, fmt.Errorf("longer than %d characters", longestRule)
	}
	r := &recurrence{interval: 1, until: math.MaxInt64, weekStart: time.Monday}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(strings.ToUpper(s), ";") {
		name, value, _ := strings.Cut(part, "=")
		if seen[name] {
			return nil, fmt.Errorf("%q: %s twice", s, name)
		}
		seen[name] = true
		if err := r.set(name, value); err != nil {
			return nil, fmt.Errorf("%q: %w", s, err)
		}
	}
	if err := r.check(seen); err != nil {
		return nil, fmt.Errorf("%q: %w", s, err)
	}
	return r, nil
}

func (r *recurrence) set(name, value string) (err error) {
	switch name {
	case "FREQ":
		var known bool
		if r.freq, known = frequencies[value]; !known {
			return fmt.Errorf("FREQ %q: unknown", value)
		}
	case "INTERVAL":
		r.interval, err = parseCount(name, value)
	case "COUNT":
		r.count, err = parseCount(name, value)
	case "UNTIL":
		r.until, err = parseUntil(value)
	case "WKST":
		var known bool
		if r.weekStart, known = weekdayNames[value]; !known {
			return fmt.Errorf("WKST %q: not a weekday", value)
		}
	case "BYDAY":
		r.weekdays, err = parseWeekdays(value)
	case "BYMONTH":
		r.months, err = parseNumbers(name, value, 1, 12)
	case "BYWEEKNO":
		r.weeks, err = parseNumbers(name, value, -53, 53)
	case "BYYEARDAY":
		r.yearDays, err = parseNumbers(name, value, -366, 366)
	case "BYMONTHDAY":
		r.monthDays, err = parseNumbers(name, value, -31, 31)
	case "BYHOUR":
		r.hours, err = parseNumbers(name, value, 0, 23)
	case "BYMINUTE":
		r.minutes, err = parseNumbers(name, value, 0, 59)
	case "BYSECOND": // RFC 5545 allows 60, a leap second, which our clocks do not have
		r.seconds, err = parseNumbers(name, value, 0, 59)
	case "BYSETPOS":
		r.positions, err = parseNumbers(name, value, -366, 366)
	default:
		return fmt.Errorf("%q: unknown part", name)
	}
	return err
}

// check holds the rule against the limits that RFC 5545 sets between its parts.
func (r *recurrence) check(seen map[string]bool) error {
	byRules := 0
	for name := range seen {
		if strings.HasPrefix(name, "BY") && name != "BYSETPOS" {
			byRules++
		}
	}
	numbered := slices.ContainsFunc(r.weekdays, func(w weekdayNumber) bool { return w.nth != 0 })
	switch {
	case !seen["FREQ"]:
		return errors.New("FREQ is missing")
	case seen["COUNT"] && seen["UNTIL"]:
		return errors.New("COUNT and UNTIL exclude each other")
	case seen["BYWEEKNO"] && r.freq != yearly:
		return errors.New("BYWEEKNO needs FREQ=YEARLY")
	case seen["BYYEARDAY"] && (r.freq == daily || r.freq == weekly || r.freq == monthly):
		return errors.New("BYYEARDAY does not go with this FREQ")
	case seen["BYMONTHDAY"] && r.freq == weekly:
		return errors.New("BYMONTHDAY does not go with FREQ=WEEKLY")
	case numbered && r.freq != monthly && r.freq != yearly:
		return errors.New("a numbered BYDAY needs FREQ=MONTHLY or YEARLY")
	case numbered && seen["BYWEEKNO"]:
		return errors.New("a numbered BYDAY does not go with BYWEEKNO")
	case seen["BYSETPOS"] && byRules == 0:
		return errors.New("BYSETPOS needs another BY part")
	}
	return nil
}

// parseCount reads a number from 1 to a million, which keeps the steps of every frequency
// inside the arithmetic.
func parseCount(name, value string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 1 || n > 1_000_000 || !isDigits(value) {
		return 0, fmt.Errorf("%s %q: want a number from 1 to 1000000", name, value)
	}
	return n, nil
}

// parseNumbers reads a list of whole numbers from low to high; 0 is allowed only where low
// is 0.
func parseNumbers(name, value string, low, high int) ([]int, error) {
	var numbers []int
	for text := range strings.SplitSeq(value, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < low || n > high || n == 0 && low != 0 {
			return nil, fmt.Errorf("%s %q: out of range", name, text)
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), nil
}

func parseWeekdays(value string) ([]weekdayNumber, error) {
	var days []weekdayNumber
	for text := range strings.SplitSeq(value, ",") {
		number, name := text[:max(0, len(text)-2)], text[max(0, len(text)-2):]
		day, known := weekdayNames[name]
		if !known {
			return nil, fmt.Errorf("BYDAY %q: not a weekday", text)
		}
		nth := 0
		if number != "" {
			n, err := strconv.Atoi(number)
			if err != nil || n == 0 || n < -53 || n > 53 {
				return nil, fmt.Errorf("BYDAY %q: number out of range", text)
			}
			nth = n
		}
		days = append(days, weekdayNumber{nth, day})
	}
	return days, nil
}

// parseUntil reads a local date, which means its 00:00, or a local date and time.
func parseUntil(value string) (int64, error) {
	if strings.HasSuffix(value, "Z") {
		return 0, fmt.Errorf("UNTIL %q: must be local, without Z", value)
	}
	layout := "20060102T150405"
	if !strings.Contains(value, "T") {
		layout = "20060102"
	}
	t, err := time.Parse(layout, value)
	if err != nil || len(value) != len(layout) {
		return 0, fmt.Errorf("UNTIL %q: want a form such as 20261231T020000", value)
	}
	return t.UnixMilli(), nil
}
