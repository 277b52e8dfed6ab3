package slo

import (
	"slices"
	"testing"
	"time"
)

// FuzzRRule: any rule is an error or yields occurrences that are in order, at or after its
// start, within what was asked for, and the same when asked for in two parts.
func FuzzRRule(f *testing.F) {
	for _, rule := range []string{
		"FREQ=DAILY", "FREQ=MONTHLY;BYDAY=-1SA", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;WKST=SU", "FREQ=SECONDLY",
		"FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR", "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1;COUNT=5", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=HOURLY;INTERVAL=7;BYMINUTE=0,30;UNTIL=20261231T020000", "FREQ=YEARLY;BYHOUR=0,1,2;BYMINUTE=0,1,2;BYSECOND=0,1,2;BYYEARDAY=-1",
		"FREQ=SECONDLY;COUNT=1000000", "FREQ=MINUTELY;BYSETPOS=2;BYSECOND=1,2,3", "FREQ=DAILY;UNTIL=20260101", "",
	} {
		f.Add(rule, int64(0), uint16(40))
	}
	origin := time.Date(2026, 1, 1, 2, 0, 0, 0, time.UTC).UnixMilli()
	f.Fuzz(func(t *testing.T, text string, shift int64, days uint16) {
		rule, err := parseRRule(text)
		if err != nil {
			return
		}
		start := origin + shift%(10*365*24*3600)*msPerSecond
		within := Period{origin, origin + int64(days%800)*msPerDay}
		found, err := rule.expand(start, within, newAllowance())
		if err != nil {
			return
		}
		if !slices.IsSorted(found) || len(slices.Compact(slices.Clone(found))) != len(found) {
			t.Fatalf("%q yields %v, not in order", text, readable(found))
		}
		for _, at := range found {
			if at < start || at < within.Start || at >= within.End {
				t.Fatalf("%q from %d yields %d, outside %v", text, start, at, within)
			}
		}
		middle := (within.Start + within.End) / 2
		first, err1 := rule.expand(start, Period{within.Start, middle}, newAllowance())
		second, err2 := rule.expand(start, Period{middle, within.End}, newAllowance())
		if err1 == nil && err2 == nil && !slices.Equal(append(first, second...), found) {
			t.Fatalf("%q: parts %v, whole %v", text, readable(append(first, second...)), readable(found))
		}
	})
}

// FuzzCalendar: any calendar is refused, or opens stretches that are in order and apart, and
// that hold exactly those instants whose wall clock a rule allows.
func FuzzCalendar(f *testing.F) {
	f.Add("Europe/Berlin", uint8(0b0111110), "08:00", "18:00", "2026-10-26", int64(1_792_000_000_000))
	f.Add("Australia/Lord_Howe", uint8(0b1111111), "22:00", "06:00", "2026-04-05", int64(1_775_300_000_000))
	f.Add("America/Sao_Paulo", uint8(1), "00:00", "24:00", "2018-11-04", int64(1_541_200_000_000))
	f.Add("Pacific/Apia", uint8(0b0100000), "23:30", "23:30", "2011-12-29", int64(1_325_100_000_000))
	f.Fuzz(func(t *testing.T, zone string, days uint8, from, to, closed string, at int64) {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			return
		}
		c := &Calendar{Zone: loc, Rules: make([]HoursRule, 1)}
		for day := range c.Rules[0].Days {
			c.Rules[0].Days[day] = days>>day&1 == 1
		}
		date, err := ParseDate(closed)
		if err == nil {
			c.Closed = append(c.Closed, date)
		}
		var err1, err2 error
		c.Rules[0].From, err1 = ParseClock(from)
		c.Rules[0].To, err2 = ParseClock(to)
		if err1 != nil || err2 != nil || c.Validate() != nil || at < firstInstant || at > lastInstant-8*msPerDay {
			return
		}
		p := Period{at, at + 7*msPerDay}
		open := c.Open(p)
		last := p.Start - 1
		for _, o := range open {
			if o.Start <= last || o.End <= o.Start || o.End > p.End {
				t.Fatalf("Open(%v) = %v: not in order and apart", p, open)
			}
			last = o.End
			for _, edge := range []int64{o.Start, o.End - 1} {
				if !c.allows(edge) {
					t.Fatalf("Open(%v) = %v, but %d is closed", p, open, edge)
				}
			}
			for _, edge := range []int64{o.Start - 1, o.End} {
				if edge >= p.Start && edge < p.End && c.allows(edge) {
					t.Fatalf("Open(%v) = %v, but %d is open", p, open, edge)
				}
			}
		}
	})
}

// allows asks one instant's wall clock, the way a person would.
func (c *Calendar) allows(t int64) bool {
	local := time.UnixMilli(t).In(c.Zone)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	clock := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), time.UTC).Sub(midnight)
	rule := c.Rules[0]
	on := func(day time.Time) bool { return rule.Days[day.Weekday()] && !slices.Contains(c.Closed, dateOf(day)) }
	if rule.To > rule.From {
		return on(midnight) && rule.From <= clock && clock < rule.To
	}
	return on(midnight) && rule.From <= clock || on(midnight.AddDate(0, 0, -1)) && clock < rule.To
}

// FuzzDuration: what time.ParseDuration reads means the same here, and days are 24 hours.
func FuzzDuration(f *testing.F) {
	for _, s := range []string{"1h30m", "28d", "1d12h", "-2d", "1.5d", "d", "1d1d", "106752d", "9999999999d", "+1d-1h", "1h1d", "0.0000001d", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseDuration(s)
		if want, goErr := time.ParseDuration(s); goErr == nil && (err != nil || got != want) {
			t.Fatalf("ParseDuration(%q) = %v, %v, want %v", s, got, err, want)
		}
		if err != nil {
			return
		}
		if again, err := ParseDuration(got.String()); err != nil || again != got {
			t.Fatalf("ParseDuration(%q) = %v, %v, want %v", got.String(), again, err, got)
		}
	})
}

// FuzzObjective: what is read is in range and is written as it was, shortened at most.
func FuzzObjective(f *testing.F) {
	for _, s := range []string{"99.9", "100", "100.0", "0.0000000000000001", "099.90", "0", "-1", "1e2", ".5", "5.", "99.99999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o, err := ParseObjective(s)
		if err != nil {
			return
		}
		again, err := ParseObjective(o.String())
		if err != nil || again != o || o.share == 0 || o.share > whole || len(o.String()) > len(s) {
			t.Fatalf("ParseObjective(%q) = %v; again %v, %v", s, o, again, err)
		}
	})
}

// FuzzDates: what the parsers of dates, local times and clocks read, they write the same.
func FuzzDates(f *testing.F) {
	for _, s := range []string{"2026-10-04", "2026-02-29", "0001-01-01", "2026-10-04T02:00:00", "07:00", "24:00", "7:00", "2026-10-04T24:00:00", "0000-01-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDate(s); err == nil && (d.String() != s || dateOf(time.Unix(d.day()*86400, 0).UTC()) != d) {
			t.Fatalf("ParseDate(%q) = %v", s, d)
		}
		if l, err := ParseLocalTime(s); err == nil && l.String() != s {
			t.Fatalf("ParseLocalTime(%q) = %v", s, l)
		}
		if c, err := ParseClock(s); err == nil && (c < 0 || c > clockDay) {
			t.Fatalf("ParseClock(%q) = %v", s, c)
		}
	})
}
