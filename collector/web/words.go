package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/nines-monitor/nines/collector/words"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// when is an instant as the page shows it: for a program, and for a person in the client's zone.
// The zero value was never.
type when struct {
	MS    int64
	ISO   string // RFC 3339, UTC, to the millisecond
	Clock string // "14 Nov 03:12 CET"
}

func newWhen(ms int64, zone *time.Location) when {
	if ms == 0 {
		return when{}
	}
	return when{ms, instant(ms), time.UnixMilli(ms).In(zone).Format("2 Jan 15:04 MST")}
}

// Never reports that there is no such instant.
func (w when) Never() bool { return w.MS == 0 }

// aged is a when together with how long ago that was.
type aged struct {
	when
	Text string
}

// newAged says how long before now (ms) w was: "for" a state, "ago" for an event.
func newAged(now int64, w when) aged { return aged{w, age(now - w.MS)} }

// instant is ms as the API writes it.
func instant(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}

// age is a length of time in one unit, as one says it. The page's script counts on with the
// same words (static/nines.js).
func age(ms int64) string {
	s := max(0, ms) / 1000
	switch {
	case s < 90:
		return fmt.Sprintf("%d s", s)
	case s < 90*60:
		return fmt.Sprintf("%d min", s/60)
	case s < 48*3600:
		return fmt.Sprintf("%d h", s/3600)
	}
	return fmt.Sprintf("%d days", s/86400)
}

// length is a length of time in its two largest units, cut off and never rounded up.
func length(ms int64) string {
	s := ms / 1000
	switch {
	case 0 < ms && ms < 1000:
		return fmt.Sprintf("%d ms", ms)
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return two(s/60, "min", s%60, "s")
	case s < 86400:
		return two(s/3600, "h", s%3600/60, "min")
	}
	return two(s/86400, "d", s%86400/3600, "h")
}

func two(large int64, largeUnit string, small int64, smallUnit string) string {
	if small == 0 {
		return fmt.Sprintf("%d %s", large, largeUnit)
	}
	return fmt.Sprintf("%d %s %d %s", large, largeUnit, small, smallUnit)
}

// shortPeriod says a month as "Nov 2026"; other periods are called by their labels.
func shortPeriod(label string) string {
	if t, err := time.Parse("2006-01", label); err == nil {
		return t.Format("Jan 2006")
	}
	return label
}

// because is a reason in words; empty when there is none to give.
func because(r wire.Reason) string {
	if r == 0 || r == wire.OK {
		return ""
	}
	return words.Reason(r.String())
}

var budgetWords = map[slo.BudgetState]string{
	slo.NotMeasured: "Not measured", slo.Met: "Met", slo.AtRisk: "At risk", slo.Breached: "Breached",
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
