package web

import (
	"context"
	"time"

	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/slo"
)

const (
	stripDays    = 30
	stripPeriods = 6 // at most: a strip of weeks spans that many
)

// strip is an SLO's last days, as they were drawn once.
type strip struct {
	days    []day
	drawnAt int64 // ms
	from    slo.Ledger
}

// day is one day of a strip: how much of it, in ms, was in each class, and its date in the
// client's zone. What has not come yet is in none.
type day struct {
	date time.Time
	in   [slo.ClassUnknown + 1]int64
}

// holds reports whether a strip is still worth showing beside a: little time has passed, and no
// time but good time was added.
func (s strip) holds(a ledger.Answer, at int64) bool {
	age := at - s.drawnAt
	was, is := s.from, a.Ledger
	return age >= 0 && age < stripEvery.Milliseconds() && was.Period.Start == is.Period.Start &&
		was.Down == is.Down && was.Unknown == is.Unknown && was.Maintenance == is.Maintenance && was.Excluded == is.Excluded
}

// drawStrip asks for the classes of the SLO's periods that hold the last days, each with its own
// terms, and deals them out to days.
func drawStrip(ctx context.Context, src ledger.Source, a ledger.Answer, at int64) (strip, error) {
	days := lastDays(a.Client.Zone, at)
	first := days[0].date.UnixMilli()
	period := a.Ledger.Period
	if a.SLO.Window.Kind == slo.Rolling {
		period = slo.Period{Start: first, End: at}
	}
	for range stripPeriods {
		spans, err := src.Explain(ctx, a.Client.ID, a.SLO.ID, period, at)
		if err != nil {
			return strip{}, err
		}
		deal(days, spans)
		if period.Start <= first {
			break
		}
		period = a.SLO.Window.Previous(period)
	}
	return strip{days: days, drawnAt: at, from: a.Ledger}, nil
}

// lastDays are the days up to the one that holds at, oldest first, with nothing in them.
func lastDays(zone *time.Location, at int64) []day {
	year, month, date := time.UnixMilli(at).In(zone).Date()
	days := make([]day, stripDays)
	for i := range days {
		days[i].date = time.Date(year, month, date-stripDays+1+i, 0, 0, 0, 0, zone)
	}
	return days
}

// deal adds each span to the days that it touches. Both are in order.
func deal(days []day, spans []slo.ClassSpan) {
	first := 0
	for _, span := range spans {
		for first < len(days) && days[first].end() <= span.Start {
			first++
		}
		for i := first; i < len(days) && days[i].date.UnixMilli() < span.End; i++ {
			overlap := min(span.End, days[i].end()) - max(span.Start, days[i].date.UnixMilli())
			days[i].in[span.Class] += max(0, overlap)
		}
	}
}

func (d day) end() int64 { return d.date.AddDate(0, 0, 1).UnixMilli() }
