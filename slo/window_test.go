package slo_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nines-monitor/nines/slo"
)

func instant(t testing.TB, s string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

func period(t testing.TB, start, end string) slo.Period {
	t.Helper()
	return slo.Period{Start: instant(t, start), End: instant(t, end)}
}

func TestParsePeriod(t *testing.T) {
	for name, tc := range map[string]struct {
		kind       slo.WindowKind
		of, zone   string
		start, end string
	}{
		"a month that loses an hour":        {slo.Month, "2026-03", "Europe/Berlin", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"},
		"a month that gains an hour":        {slo.Month, "2026-10", "Europe/Berlin", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z"},
		"a quarter":                         {slo.Quarter, "2026-Q4", "UTC", "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		"a leap year":                       {slo.Year, "2028", "Asia/Kolkata", "2027-12-31T18:30:00Z", "2028-12-31T18:30:00Z"},
		"the week of new year's day":        {slo.Week, "2026-W01", "UTC", "2025-12-29T00:00:00Z", "2026-01-05T00:00:00Z"},
		"a week 53":                         {slo.Week, "2026-W53", "UTC", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z"},
		"a month that begins at 01:00":      {slo.Month, "2001-04", "America/Havana", "2001-04-01T05:00:00Z", "2001-05-01T04:00:00Z"},
		"a week that lacks a Friday (Apia)": {slo.Week, "2011-W52", "Pacific/Apia", "2011-12-26T10:00:00Z", "2012-01-01T10:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := slo.ParsePeriod(tc.kind, tc.of, mustZone(tc.zone))
			if want := period(t, tc.start, tc.end); err != nil || got != want {
				t.Errorf("ParsePeriod(%v, %q, %s) = %v, %v, want %v", tc.kind, tc.of, tc.zone, got, err, want)
			}
		})
	}
}

func TestParsePeriodRefuses(t *testing.T) {
	for of, kind := range map[string]slo.WindowKind{
		"2026-13": slo.Month, "2026-00": slo.Month, "2026-1": slo.Month, "2026-010": slo.Month, "02026-1": slo.Month, "2026-03 ": slo.Month, "+026-03": slo.Month,
		"2026-Q0": slo.Quarter, "2026-Q5": slo.Quarter, "2026-q1": slo.Quarter, "26": slo.Year, "0000": slo.Year, "20266": slo.Year, "-026": slo.Year,
		"2025-W53": slo.Week, "2026-W00": slo.Week, "2026-W1": slo.Week, "": slo.Month, "720h": slo.Rolling,
	} {
		if p, err := slo.ParsePeriod(kind, of, time.UTC); err == nil {
			t.Errorf("ParsePeriod(%v, %q) = %v, want an error", kind, of, p)
		}
	}
	if p, err := slo.ParsePeriod(slo.Month, "2026-03", nil); err == nil {
		t.Errorf("ParsePeriod without a zone = %v, want an error", p)
	}
}

func TestWindowsFollowOneAnother(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := slo.Window{Kind: slo.WindowKind(rapid.IntRange(0, 3).Draw(t, "kind")), Zone: drawZone(t)}
		at := rapid.Int64Range(time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()).Draw(t, "at")
		p := w.At(at)
		if at < p.Start || at >= p.End {
			t.Fatalf("%v At(%d) = %v, which does not hold it", w, at, p)
		}
		if named, err := slo.ParsePeriod(w.Kind, w.Label(at), w.Zone); err != nil || named != p {
			t.Fatalf("ParsePeriod(%v, %q) = %v, %v, want %v", w.Kind, w.Label(at), named, err, p)
		}
		next, previous := w.Next(p), w.Previous(p)
		if next.Start != p.End || previous.End != p.Start || w.Previous(next) != p || w.Next(previous) != p {
			t.Fatalf("%v: previous %v, this %v, next %v", w, previous, p, next)
		}
	})
}

func TestRollingWindowsEndWhereAsked(t *testing.T) {
	w := slo.Window{Kind: slo.Rolling, Length: 28 * 24 * time.Hour}
	const day = 24 * 3600 * 1000
	p := w.At(100 * day)
	if want := (slo.Period{Start: 72 * day, End: 100 * day}); p != want {
		t.Errorf("At = %v, want %v", p, want)
	}
	if got, want := w.Previous(p), (slo.Period{Start: 44 * day, End: 72 * day}); got != want {
		t.Errorf("Previous = %v, want %v", got, want)
	}
	if got := w.Next(w.Previous(p)); got != p {
		t.Errorf("Next(Previous) = %v, want %v", got, p)
	}
	if got := w.Label(0); got != "672h0m0s" {
		t.Errorf("Label = %q", got)
	}
}

func TestWindowValidate(t *testing.T) {
	for want, w := range map[string]slo.Window{
		"time zone: missing":               {Kind: slo.Month},
		"length: must be above 0":          {Kind: slo.Rolling},
		"length: finer than a millisecond": {Kind: slo.Rolling, Length: 1},
		"window kind 9: unknown":           {Kind: 9},
	} {
		if err := w.Validate(); err == nil || err.Error() != want {
			t.Errorf("Validate(%v) = %v, want %q", w, err, want)
		}
	}
}

func TestOccurrences(t *testing.T) {
	local := func(zone, start, duration, rule string, except ...string) slo.Maintenance {
		var err error
		m := slo.Maintenance{Zone: mustZone(zone), RRule: rule}
		if m.Start, err = slo.ParseLocalTime(start); err != nil {
			t.Fatal(err)
		}
		if m.Duration, err = slo.ParseDuration(duration); err != nil {
			t.Fatal(err)
		}
		for _, e := range except {
			l, err := slo.ParseLocalTime(e)
			if err != nil {
				t.Fatal(err)
			}
			m.Except = append(m.Except, l)
		}
		return m
	}
	for name, tc := range map[string]struct {
		m        slo.Maintenance
		from, to string
		starts   []string
	}{
		"a start that the clocks skip takes the offset before": {
			local("Europe/Berlin", "2026-03-29T02:30:00", "1h", ""), "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z",
			[]string{"2026-03-29T01:30:00Z"},
		},
		"a start that comes twice is the earlier": {
			local("Europe/Berlin", "2026-10-25T02:30:00", "1h", ""), "2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z",
			[]string{"2026-10-25T00:30:00Z"},
		},
		"a start on a day that was skipped": {
			local("Pacific/Apia", "2011-12-30T12:00:00", "1h", ""), "2011-12-29T00:00:00Z", "2012-01-02T00:00:00Z",
			[]string{"2011-12-30T22:00:00Z"},
		},
		"one that reaches into the period": {
			local("UTC", "2026-02-28T22:00:00", "3h", ""), "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z",
			[]string{"2026-02-28T22:00:00Z"},
		},
		"one that only touches it": {
			local("UTC", "2026-02-28T22:00:00", "2h", ""), "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", nil,
		},
		"thirty days that began long ago": {
			local("UTC", "2026-02-05T00:00:00", "30d", "FREQ=YEARLY"), "2026-03-06T00:00:00Z", "2026-04-01T00:00:00Z",
			[]string{"2026-02-05T00:00:00Z"},
		},
		"the start itself is no occurrence unless the rule yields it": {
			local("UTC", "2026-03-02T02:00:00", "1h", "FREQ=WEEKLY;BYDAY=SU"), "2026-03-01T00:00:00Z", "2026-03-16T00:00:00Z",
			[]string{"2026-03-08T02:00:00Z", "2026-03-15T02:00:00Z"},
		},
		"an excepted one is counted": {
			local("UTC", "2026-03-01T02:00:00", "1h", "FREQ=DAILY;COUNT=3", "2026-03-02T02:00:00"), "2026-03-01T00:00:00Z", "2026-03-16T00:00:00Z",
			[]string{"2026-03-01T02:00:00Z", "2026-03-03T02:00:00Z"},
		},
		"until is inclusive": {
			local("UTC", "2026-03-01T02:00:00", "1h", "FREQ=DAILY;UNTIL=20260302T020000"), "2026-03-01T00:00:00Z", "2026-03-16T00:00:00Z",
			[]string{"2026-03-01T02:00:00Z", "2026-03-02T02:00:00Z"},
		},
		"until a date means its midnight": {
			local("UTC", "2026-03-01T02:00:00", "1h", "FREQ=DAILY;UNTIL=20260302"), "2026-03-01T00:00:00Z", "2026-03-16T00:00:00Z",
			[]string{"2026-03-01T02:00:00Z"},
		},
		"the last working day of the month": {
			local("UTC", "2026-01-30T20:00:00", "1h", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"), "2026-02-01T00:00:00Z", "2026-06-01T00:00:00Z",
			[]string{"2026-02-27T20:00:00Z", "2026-03-31T20:00:00Z", "2026-04-30T20:00:00Z", "2026-05-29T20:00:00Z"},
		},
		"the first of the week's set, in a week that began before the start": {
			local("UTC", "2026-03-04T20:00:00", "1h", "FREQ=WEEKLY;BYDAY=MO,WE;BYSETPOS=1"), "2026-03-01T00:00:00Z", "2026-03-11T00:00:00Z",
			[]string{"2026-03-09T20:00:00Z"},
		},
		"the weekday of the start, in a numbered week": {
			local("UTC", "2026-01-07T20:00:00", "1h", "FREQ=YEARLY;BYWEEKNO=20"), "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
			[]string{"2026-05-13T20:00:00Z"},
		},
		"lower case is the same rule": {
			local("UTC", "2026-03-01T02:00:00", "1h", "freq=daily;count=1"), "2026-03-01T00:00:00Z", "2026-03-16T00:00:00Z",
			[]string{"2026-03-01T02:00:00Z"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tc.m.Occurrences(period(t, tc.from, tc.to))
			if err != nil {
				t.Fatal(err)
			}
			var starts []string
			for _, p := range got {
				starts = append(starts, time.UnixMilli(p.Start).UTC().Format(time.RFC3339))
				if length := p.End - p.Start; length != tc.m.Duration.Milliseconds() {
					t.Errorf("%v lasts %d ms, want %v", p, length, tc.m.Duration)
				}
			}
			if !equalStrings(starts, tc.starts) {
				t.Errorf("Occurrences(%+v)\ngot  %v\nwant %v", tc.m, starts, tc.starts)
			}
		})
	}
}

func equalStrings(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestCheckRRuleRefuses(t *testing.T) {
	for name, rule := range map[string]string{
		"empty":                         "",
		"without a frequency":           "INTERVAL=2",
		"an unknown frequency":          "FREQ=FORTNIGHTLY",
		"an unknown part":               "FREQ=DAILY;BYEASTER=1",
		"a part twice":                  "FREQ=DAILY;FREQ=DAILY",
		"an empty part":                 "FREQ=DAILY;",
		"with its name":                 "RRULE:FREQ=DAILY",
		"interval 0":                    "FREQ=DAILY;INTERVAL=0",
		"interval with a sign":          "FREQ=DAILY;INTERVAL=+1",
		"count 0":                       "FREQ=DAILY;COUNT=0",
		"count and until":               "FREQ=DAILY;COUNT=1;UNTIL=20260101",
		"until an instant":              "FREQ=DAILY;UNTIL=20260101T000000Z",
		"until no day":                  "FREQ=DAILY;UNTIL=20260230",
		"month 13":                      "FREQ=YEARLY;BYMONTH=13",
		"month -1":                      "FREQ=YEARLY;BYMONTH=-1",
		"day 0 of the month":            "FREQ=MONTHLY;BYMONTHDAY=0",
		"day 32 of the month":           "FREQ=MONTHLY;BYMONTHDAY=32",
		"hour 24":                       "FREQ=DAILY;BYHOUR=24",
		"minute 60":                     "FREQ=DAILY;BYMINUTE=60",
		"second 60":                     "FREQ=DAILY;BYSECOND=60",
		"an empty list":                 "FREQ=DAILY;BYHOUR=",
		"a weekday that does not exist": "FREQ=WEEKLY;BYDAY=XX",
		"a weekday of one letter":       "FREQ=WEEKLY;BYDAY=M",
		"the 0th Sunday":                "FREQ=MONTHLY;BYDAY=0SU",
		"the 54th Sunday":               "FREQ=YEARLY;BYDAY=54SU",
		"a numbered weekday, weekly":    "FREQ=WEEKLY;BYDAY=1SU",
		"a numbered weekday in a week":  "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1SU",
		"a week number, monthly":        "FREQ=MONTHLY;BYWEEKNO=1",
		"a day of the year, daily":      "FREQ=DAILY;BYYEARDAY=1",
		"a day of the month, weekly":    "FREQ=WEEKLY;BYMONTHDAY=1",
		"a position in nothing":         "FREQ=DAILY;BYSETPOS=1",
		"week start that is no weekday": "FREQ=WEEKLY;WKST=1",
	} {
		if err := slo.CheckRRule(rule); err == nil {
			t.Errorf("%s: CheckRRule(%q) = nil, want an error", name, rule)
		}
	}
}

func TestExpansionIsBounded(t *testing.T) {
	year := period(t, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
	for _, rule := range []string{"FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=SECONDLY;COUNT=1000000", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"} {
		m := slo.Maintenance{Zone: time.UTC, Start: slo.LocalTime{Date: slo.Date{Year: 2000, Month: 1, Day: 1}}, Duration: time.Minute, RRule: rule}
		if got, err := m.Occurrences(year); err == nil && len(got) > 100_000 {
			t.Errorf("%s: %d occurrences, want an error", rule, len(got))
		} else if err == nil && rule != "FREQ=SECONDLY;COUNT=1000000" {
			t.Errorf("%s: no error", rule)
		}
	}
}
