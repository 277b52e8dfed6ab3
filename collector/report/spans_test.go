package report

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func TestMidnight(t *testing.T) {
	for name, tc := range map[string]struct {
		zone       string
		year       int
		month      time.Month
		day        int
		want, next string // UTC
	}{
		"an ordinary day":                            {"Europe/Berlin", 2026, 10, 1, "2026-09-30T22:00:00Z", "2026-10-01T22:00:00Z"},
		"a day of 25 hours":                          {"Europe/Berlin", 2026, 10, 25, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		"a day of 23 hours":                          {"Europe/Berlin", 2026, 3, 29, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		"a day without 00:00":                        {"America/Santiago", 2026, 9, 6, "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"},
		"a day with 00:00 twice":                     {"Atlantic/Azores", 2026, 10, 25, "2026-10-25T00:00:00Z", "2026-10-26T01:00:00Z"},
		"the day that Samoa left out is empty":       {"Pacific/Apia", 2011, 12, 30, "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"},
		"a zone that never changed":                  {"UTC", 2026, 2, 28, "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"},
		"a day far east, where noon is still abroad": {"Pacific/Kiritimati", 2026, 1, 1, "2025-12-31T10:00:00Z", "2026-01-01T10:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			zone, err := time.LoadLocation(tc.zone)
			if err != nil {
				t.Fatal(err)
			}
			utc := func(day int) string {
				return time.UnixMilli(midnight(tc.year, tc.month, day, zone)).UTC().Format(time.RFC3339)
			}
			if got, next := utc(tc.day), utc(tc.day+1); got != tc.want || next != tc.next {
				t.Errorf("midnight = %s, %s the day after; want %s, %s", got, next, tc.want, tc.next)
			}
		})
	}
}
