package slo

import (
	"errors"
	"slices"
	"time"
)

// allowance bounds the expansion of all rules over one period. Work is counted in days or
// shorter units looked at, and in occurrences passed.
type allowance struct {
	occurrences, work int
}

func newAllowance() *allowance { return &allowance{occurrences: 100_000, work: 2_000_000} }

var (
	errTooMany = errors.New("yields too many occurrences")
	errTooMuch = errors.New("takes too many steps to expand")
)

// unit is the wall-clock length of a frequency's period in ms; of a month or a year, roughly.
func (f frequency) unit() int64 {
	return [...]int64{
		secondly: msPerSecond, minutely: 60 * msPerSecond, hourly: 3600 * msPerSecond,
		daily: msPerDay, weekly: 7 * msPerDay, monthly: 30 * msPerDay, yearly: 365 * msPerDay,
	}[f]
}

// expansion walks a rule from its start, period by period: a period of the rule's frequency
// has a sorted set of bases (its days; or itself, when shorter), each with the same times.
type expansion struct {
	recurrence
	start int64   // wall ms: DTSTART
	times []int64 // ms after each base, sorted
	bases []int64 // wall ms, of the present period

	chosen []int64 // by BYSETPOS, instead of all
	left   *allowance
}

// expand lists, in order, the occurrences of the rule from start on that lie in
// [within.Start, within.End), all in wall ms.
func (r recurrence) expand(start int64, within Period, left *allowance) ([]int64, error) {
	e := expansion{recurrence: r, start: start, left: left}
	e.inheritFromStart()

	var found []int64
	var passed int64
	for period := e.firstPeriod(within.Start); ; period += e.interval {
		if !e.fill(period) {
			return found, nil
		}
		for i := range e.size() {
			if left.work--; left.work < 0 {
				return nil, errTooMuch
			}
			t := e.at(i)
			if t < start {
				continue
			}
			passed++
			if t > e.until || t >= within.End || e.count > 0 && passed > e.count {
				return found, nil
			}
			if t < within.Start {
				continue
			}
			if left.occurrences--; left.occurrences < 0 {
				return nil, errTooMany
			}
			found = append(found, t)
		}
		if left.work--; left.work < 0 {
			return nil, errTooMuch
		}
		if e.startOf(period) >= within.End || e.startOf(period) > e.until {
			return found, nil
		}
	}
}

// inheritFromStart takes from the start what the rule leaves open (RFC 5545: "information,
// not contained in the rule").
func (e *expansion) inheritFromStart() {
	date := time.UnixMilli(e.start).UTC()
	if len(e.weekdays) == 0 && len(e.monthDays) == 0 && len(e.yearDays) == 0 {
		switch {
		case e.freq == weekly, e.freq == yearly && len(e.weeks) > 0:
			e.weekdays = []weekdayNumber{{day: date.Weekday()}}
		case e.freq == monthly:
			e.monthDays = []int{date.Day()}
		case e.freq == yearly:
			e.monthDays = []int{date.Day()}
			if len(e.months) == 0 {
				e.months = []int{int(date.Month())}
			}
		}
	}
	hours, minutes, seconds := []int{0}, []int{0}, []int{0}
	if e.freq > hourly {
		hours = orElse(e.hours, date.Hour())
	}
	if e.freq > minutely {
		minutes = orElse(e.minutes, date.Minute())
	}
	if e.freq > secondly {
		seconds = orElse(e.seconds, date.Second())
	}
	for _, h := range hours {
		for _, m := range minutes {
			for _, s := range seconds {
				e.times = append(e.times, int64(h*3600+m*60+s)*msPerSecond)
			}
		}
	}
}

func orElse(list []int, otherwise int) []int {
	if len(list) > 0 {
		return list
	}
	return []int{otherwise}
}

// firstPeriod is the number of the period to begin with: the start's, or, when nothing
// needs to be counted, the last of the rule's periods that begins before from.
func (e *expansion) firstPeriod(from int64) int64 {
	first := e.periodOf(e.start)
	if e.count > 0 || from <= e.start {
		return first
	}
	return first + (e.periodOf(from)-first)/e.interval*e.interval
}

// periodOf numbers the periods of the frequency; that of t is the one that holds it.
func (e *expansion) periodOf(t int64) int64 {
	switch e.freq {
	case yearly:
		return int64(time.UnixMilli(t).UTC().Year())
	case monthly:
		year, month, _ := time.UnixMilli(t).UTC().Date()
		return int64(year)*12 + int64(month-1)
	case weekly:
		return floorDiv(t-e.weekOrigin(), 7*msPerDay)
	}
	return floorDiv(t, e.freq.unit())
}

// startOf is the wall clock at which a period begins.
func (e *expansion) startOf(period int64) int64 {
	switch e.freq {
	case yearly:
		return time.Date(int(period), 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	case monthly:
		return time.Date(0, time.Month(period+1), 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	case weekly:
		return period*7*msPerDay + e.weekOrigin()
	}
	return period * e.freq.unit()
}

// weekOrigin is the start of a week, by the rule's first day of the week.
func (e *expansion) weekOrigin() int64 {
	return int64(e.weekStart-time.Thursday) * msPerDay // 1970-01-01 was a Thursday
}

// fill computes the bases of a period. It reports false beyond the calendar's end.
func (e *expansion) fill(period int64) bool {
	e.bases = e.bases[:0]
	from := e.startOf(period)
	if from > lastInstant {
		return false
	}
	if e.freq < daily {
		if e.allowsDay(floorDiv(from, msPerDay)) && e.allowsClock(from) {
			e.bases = append(e.bases, from)
		}
	} else {
		for t, end := from, e.startOf(period+1); t < end; t += msPerDay {
			e.left.work--
			if e.allowsDay(floorDiv(t, msPerDay)) {
				e.bases = append(e.bases, t)
			}
		}
	}
	e.choose()
	return true
}

// choose applies BYSETPOS to the present period.
func (e *expansion) choose() {
	e.chosen = e.chosen[:0]
	all := len(e.bases) * len(e.times)
	for _, position := range e.positions {
		i := position - 1
		if position < 0 {
			i = all + position
		}
		if i >= 0 && i < all {
			e.chosen = append(e.chosen, e.bases[i/len(e.times)]+e.times[i%len(e.times)])
		}
	}
	slices.Sort(e.chosen)
	e.chosen = slices.Compact(e.chosen)
}

// size is the number of occurrences in the present period, at the i-th of them.
func (e *expansion) size() int {
	if len(e.positions) > 0 {
		return len(e.chosen)
	}
	return len(e.bases) * len(e.times)
}

func (e *expansion) at(i int) int64 {
	if len(e.positions) > 0 {
		return e.chosen[i]
	}
	return e.bases[i/len(e.times)] + e.times[i%len(e.times)]
}

// allowsClock holds a period shorter than a day against the BY parts not finer than it.
func (e *expansion) allowsClock(t int64) bool {
	clock := time.UnixMilli(t).UTC()
	return allows(e.hours, clock.Hour()) &&
		(e.freq > minutely || allows(e.minutes, clock.Minute())) &&
		(e.freq > secondly || allows(e.seconds, clock.Second()))
}

func allows(list []int, n int) bool { return len(list) == 0 || slices.Contains(list, n) }

// allowsFrom holds the nth of total against numbers that may count from the end.
func allowsFrom(list []int, n, total int) bool {
	return slices.Contains(list, n) || slices.Contains(list, n-total-1)
}

// allowsDay holds a date against the BY parts that are about dates.
func (e *expansion) allowsDay(day int64) bool {
	weekday := weekdayOf(day)
	if len(e.weekdays) > 0 && !slices.ContainsFunc(e.weekdays, func(w weekdayNumber) bool { return w.day == weekday }) {
		return false
	}
	date := time.Unix(day*24*60*60, 0).UTC()
	year, month, dom := date.Date()
	return allows(e.months, int(month)) &&
		(len(e.monthDays) == 0 || allowsFrom(e.monthDays, dom, daysIn(year, month))) &&
		(len(e.yearDays) == 0 || allowsFrom(e.yearDays, date.YearDay(), daysInYear(year))) &&
		(len(e.weeks) == 0 || e.allowsWeek(date)) &&
		(len(e.weekdays) == 0 || e.allowsWeekday(date))
}

// allowsWeekday holds a date against BYDAY, whose numbers count in the month or, where the
// rule is about whole years, in the year.
func (e *expansion) allowsWeekday(date time.Time) bool {
	year, month, n := date.Date()
	length := daysIn(year, month)
	if e.freq == yearly && len(e.months) == 0 {
		n, length = date.YearDay(), daysInYear(year)
	}
	for _, w := range e.weekdays {
		if w.day == date.Weekday() && (w.nth == 0 || w.nth == (n+6)/7 || w.nth == -(length-n+7)/7) {
			return true
		}
	}
	return false
}

// allowsWeek holds a date against BYWEEKNO. A week belongs to the year that has its fourth
// day (ISO 8601, generalised to any first day of the week).
func (e *expansion) allowsWeek(date time.Time) bool {
	fourth := date.AddDate(0, 0, 3-(int(date.Weekday()-e.weekStart)+7)%7)
	week := (fourth.YearDay() + 6) / 7
	weeks := week + (daysInYear(fourth.Year())-fourth.YearDay())/7
	return allowsFrom(e.weeks, week, weeks)
}

// weekdayOf is the weekday of a date, given as days since 1970-01-01, a Thursday.
func weekdayOf(day int64) time.Weekday {
	return time.Weekday(((day+int64(time.Thursday))%7 + 7) % 7)
}

func daysInYear(year int) int { return 365 + daysIn(year, time.February) - 28 }

func daysIn(year int, month time.Month) int {
	switch month {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
