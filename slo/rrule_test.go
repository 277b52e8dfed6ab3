package slo

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"
)

// drawRule draws a rule that RFC 5545 allows.
func drawRule(t *rapid.T) string {
	freq := frequency(rapid.IntRange(int(secondly), int(yearly)).Draw(t, "freq"))
	names := []string{"SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
	parts := []string{"FREQ=" + names[freq]}
	maybe := func(part string, gen *rapid.Generator[string]) {
		if rapid.IntRange(0, 3).Draw(t, part+"?") == 0 {
			parts = append(parts, part+"="+strings.Join(rapid.SliceOfNDistinct(gen, 1, 3, rapid.ID).Draw(t, part), ","))
		}
	}
	number := func(low, high int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			n := rapid.IntRange(low, high).Filter(func(n int) bool { return n != 0 || low == 0 }).Draw(t, "n")
			return fmt.Sprint(n)
		})
	}
	interval := map[bool]int{true: 400, false: 5}[freq < daily]
	parts = append(parts, fmt.Sprintf("INTERVAL=%d", rapid.IntRange(1, interval).Draw(t, "interval")))
	maybe("BYMONTH", number(1, 12))
	if freq != weekly {
		maybe("BYMONTHDAY", number(-31, 31))
	}
	if freq == yearly || freq < daily {
		maybe("BYYEARDAY", number(-366, 366))
	}
	maybe("BYHOUR", number(0, 23))
	maybe("BYMINUTE", number(0, 59))
	days := []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
	if freq == yearly && rapid.Bool().Draw(t, "by week") {
		parts = append(parts, "BYWEEKNO="+number(-53, 53).Draw(t, "week"), "BYDAY="+rapid.SampledFrom(days).Draw(t, "day"))
	} else if freq == monthly || freq == yearly {
		// Where some are numbered and others not, the other implementation takes only days
		// that are both, RFC 5545 either.
		numbers := []string{"1", "2", "-1", "-2", "5", "-5"}
		if rapid.Bool().Draw(t, "each") {
			numbers = []string{""}
		}
		maybe("BYDAY", rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom(numbers).Draw(t, "nth") + rapid.SampledFrom(days).Draw(t, "day")
		}))
	} else {
		maybe("BYDAY", rapid.SampledFrom(days))
	}
	parts = append(parts, "WKST="+rapid.SampledFrom(days).Draw(t, "week start"))
	// The other implementation begins the first week of a WEEKLY rule at the start, where
	// RFC 5545 has the whole week's set.
	if len(parts) > 2 && freq != weekly && strings.Contains(strings.Join(parts, ";"), "BYDAY") {
		maybe("BYSETPOS", number(-4, 4))
	}
	switch rapid.IntRange(0, 3).Draw(t, "end") {
	case 0:
		parts = append(parts, fmt.Sprintf("COUNT=%d", rapid.IntRange(1, 30).Draw(t, "count")))
	case 1:
		parts = append(parts, "UNTIL=20260"+fmt.Sprint(rapid.IntRange(1, 9).Draw(t, "until"))+"15T120000")
	}
	return strings.Join(parts, ";")
}

// Another implementation of RFC 5545 yields the same occurrences for every rule.
func TestExpandAgreesWithAnotherImplementation(t *testing.T) {
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		text := drawRule(t)
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).
			Add(time.Duration(rapid.IntRange(-400*24*60, 300*24*60).Draw(t, "start")) * time.Minute)
		from := start.AddDate(0, 0, rapid.IntRange(-30, 500).Draw(t, "from"))
		to := from.AddDate(0, 0, rapid.IntRange(0, 60).Draw(t, "days"))
		if strings.HasPrefix(text, "FREQ=SECONDLY") || strings.HasPrefix(text, "FREQ=MINUTELY") {
			from, to = start.AddDate(0, 0, -1), start.AddDate(0, 0, 9)
		}
		rule, err := parseRRule(text)
		if err != nil {
			t.Fatalf("parseRRule(%q): %v", text, err)
		}
		got, err := rule.expand(start.UnixMilli(), Period{from.UnixMilli(), to.UnixMilli()}, newAllowance())
		if err != nil {
			return // cut off: the other one would go on for ever
		}
		if !soonAgain(*rule, start, to) {
			return // the other one would search on to the year 9999
		}
		want := otherExpand(t, text, start, from, to)
		compared++
		if !slices.Equal(got, want) {
			t.Fatalf("%s from %v within [%v, %v)\ngot  %v\nwant %v", text, start, from, to, readable(got), readable(want))
		}
	})
	if compared < 10 {
		t.Errorf("only %d rules could be compared", compared)
	}
	t.Logf("%d rules compared", compared)
}

// soonAgain reports whether the rule, without its end, yields something soon after an instant.
func soonAgain(rule recurrence, start, after time.Time) bool {
	rule.count, rule.until = 0, math.MaxInt64
	soon := 2000 * time.Duration(rule.interval) * time.Duration(min(rule.freq.unit(), msPerDay)) * time.Millisecond
	found, err := rule.expand(start.UnixMilli(), Period{after.UnixMilli(), after.Add(soon).UnixMilli()}, newAllowance())
	return err == nil && len(found) > 0
}

func otherExpand(t *rapid.T, text string, start, from, to time.Time) []int64 {
	option, err := rrule.StrToROption(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	option.Dtstart = start
	if option.Until.IsZero() && option.Count == 0 {
		option.Until = to // keeps it from searching to the year 9999
	}
	rule, err := rrule.NewRRule(*option)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var found []int64
	next := rule.Iterator()
	for at, ok := next(); ok && at.Before(to); at, ok = next() {
		if !at.Before(from) {
			found = append(found, at.UnixMilli())
		}
	}
	return found
}

func readable(ms []int64) []string {
	var out []string
	for _, t := range ms {
		out = append(out, time.UnixMilli(t).UTC().Format("Mon 2006-01-02T15:04:05"))
	}
	return out
}
