package slo

import (
	"math"
	"time"
)

// zoneSpan is a stretch of time over which a zone keeps one offset from UTC.
type zoneSpan struct {
	Period
	offset int64 // ms, local minus UTC
}

// zoneSpans lists the offsets of a zone that hold anywhere in p, in order and without gaps;
// the first and the last reach beyond p.
func zoneSpans(zone *time.Location, p Period) []zoneSpan {
	var spans []zoneSpan
	for t := p.Start; ; {
		at := time.UnixMilli(t).In(zone)
		_, offset := at.Zone()
		from, to := at.ZoneBounds()
		s := zoneSpan{Period{math.MinInt64 / 2, math.MaxInt64 / 2}, int64(offset) * msPerSecond}
		if !from.IsZero() {
			s.Start = from.UnixMilli()
		}
		if !to.IsZero() {
			s.End = to.UnixMilli()
		}
		spans = append(spans, s)
		if s.End >= p.End {
			return spans
		}
		t = s.End
	}
}

// zoneAround lists the offsets that can matter to wall clocks of the given day range: an
// offset is never more than a day and a half from UTC.
func zoneAround(zone *time.Location, wall Period) []zoneSpan {
	return zoneSpans(zone, Period{wall.Start - 2*msPerDay, wall.End + 2*msPerDay})
}

// instantOf is the instant at which the wall clock shows wall: the earlier one when it does
// so twice; by the offset in force before the gap when it never does (RFC 5545, 3.3.5).
func instantOf(spans []zoneSpan, wall int64) int64 {
	for i, s := range spans {
		t := wall - s.offset
		switch {
		case t < s.Start:
			return wall - spans[max(i-1, 0)].offset // skipped by the change to s
		case t < s.End:
			return t
		}
	}
	return wall - spans[len(spans)-1].offset
}

// firstInstantOf is the first instant at which the wall clock shows wall or later.
func firstInstantOf(spans []zoneSpan, wall int64) int64 {
	for _, s := range spans {
		if t := max(wall-s.offset, s.Start); t < s.End {
			return t
		}
	}
	return wall - spans[len(spans)-1].offset
}

// dayStart is the first instant of a date, given as days since 1970-01-01.
func dayStart(zone *time.Location, day int64) int64 {
	wall := day * msPerDay
	return firstInstantOf(zoneAround(zone, Period{wall, wall}), wall)
}

// localDay is the date that the wall clock shows at t, as days since 1970-01-01.
func localDay(zone *time.Location, t int64) int64 {
	_, offset := time.UnixMilli(t).In(zone).Zone()
	return floorDiv(t+int64(offset)*msPerSecond, msPerDay)
}
