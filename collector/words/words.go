// Package words says durations, instants and shares to people, in mails and reports.
//
// It promises one wording everywhere, and that no number looks better than it is: nothing is
// rounded, durations are exact to the millisecond, percentages are truncated. It refuses to
// compute: what it is given, it says.
package words

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nines-monitor/nines/slo"
)

// NotMeasured is said where there is no number, because nothing was measured.
const NotMeasured = "not measured"

const (
	second = 1000
	minute = 60 * second
	hour   = 60 * minute
)

// Duration says a length in ms, exactly: "0 s", "43 min 12 s", "2 h 05 min", "744 h",
// "1 min 03.25 s". Below zero it begins with a minus sign.
func Duration(ms int64) string {
	if ms < 0 {
		return "−" + Duration(-ms)
	}
	var parts []string
	add := func(n int64, unit string) {
		format := "%d %s"
		if len(parts) > 0 {
			format = "%02d %s"
		}
		parts = append(parts, fmt.Sprintf(format, n, unit))
	}
	if h := ms / hour; h > 0 {
		add(h, "h")
	}
	if m := ms % hour / minute; m > 0 || len(parts) > 0 && ms%minute > 0 {
		add(m, "min")
	}
	switch rest := ms % minute; {
	case rest%second != 0:
		format := "%d.%03d"
		if len(parts) > 0 {
			format = "%02d.%03d"
		}
		parts = append(parts, strings.TrimRight(fmt.Sprintf(format, rest/second, rest%second), "0")+" s")
	case rest > 0 || len(parts) == 0:
		add(rest/second, "s")
	}
	return strings.Join(parts, " ")
}

// Instant says an instant (ms) by the clock of a zone, to the second, with the zone's name:
// "Tue 3 Nov 2026, 14:05:07 CET".
func Instant(ms int64, zone *time.Location) string {
	return time.UnixMilli(ms).In(zone).Format("Mon 2 Jan 2006, 15:04:05 MST")
}

// ShortInstant says an instant (ms) by the clock of a zone, to the second, for a table whose
// caption names the year: "Tue 3 Nov 14:05:07 CET".
func ShortInstant(ms int64, zone *time.Location) string {
	return time.UnixMilli(ms).In(zone).Format("Mon 2 Jan 15:04:05 MST")
}

// Month says a month as people do: "October 2026" for "2026-10". Other text comes back as it is.
func Month(of string) string {
	t, err := time.Parse("2006-01", of)
	if err != nil {
		return of
	}
	return t.Format("January 2006")
}

// Percent says a share with four decimals, truncated: "99.9876 %".
func Percent(f slo.Fraction) string {
	p, ok := f.Percent()
	if !ok {
		return NotMeasured
	}
	return p + " %"
}

// Count says how many there are of something, by a noun that takes an s: "1 outage", "3 outages".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// Line makes one line of any text: what would break a line or steer a terminal becomes a
// space, all else stays as typed.
func Line(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}
