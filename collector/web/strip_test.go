package web

import (
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

func berlin(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestDealingSpansOutToDaysLosesNothing(t *testing.T) {
	zone := berlin(t)
	// The clock was set back on 25 October 2026: that day has 25 hours.
	at := time.Date(2026, 10, 26, 6, 0, 0, 0, zone).UnixMilli()
	days := lastDays(zone, at)
	start, end := days[0].date.UnixMilli(), days[len(days)-1].end()
	down := time.Date(2026, 10, 25, 2, 30, 0, 0, time.UTC).UnixMilli()
	deal(days, []slo.ClassSpan{
		{Period: slo.Period{Start: start - dayMS, End: down}, Class: slo.ClassUp},
		{Period: slo.Period{Start: down, End: down + 30*hour}, Class: slo.ClassDown},
		{Period: slo.Period{Start: down + 30*hour, End: end + dayMS}, Class: slo.ClassUnknown},
	})
	for _, d := range days {
		var sum int64
		for _, ms := range d.in {
			sum += ms
		}
		if want := d.end() - d.date.UnixMilli(); sum != want {
			t.Errorf("%s holds %d ms, want %d", d.date.Format(time.DateOnly), sum, want)
		}
	}
	long := days[len(days)-2]
	if want := 25*hour - (down - long.date.UnixMilli()); long.in[slo.ClassDown] != want {
		t.Errorf("25 October: down %d ms, want %d", long.in[slo.ClassDown], want)
	}
}

func TestABarTellsOfItsDay(t *testing.T) {
	date := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		in    map[slo.Class]int64
		kind  string
		down  bool
		gap   bool
		title string
	}{
		"a good day":               {map[slo.Class]int64{slo.ClassUp: dayMS}, "up", false, false, "Mon 23 Nov: no downtime"},
		"a short outage":           {map[slo.Class]int64{slo.ClassUp: dayMS - minute, slo.ClassDown: minute}, "up", true, false, "Mon 23 Nov: down 1 min"},
		"an outage and a gap":      {map[slo.Class]int64{slo.ClassUp: hour, slo.ClassDown: 90 * second, slo.ClassUnknown: hour}, "up", true, true, "Mon 23 Nov: down 1 min 30 s, unknown 1 h"},
		"nobody looked":            {map[slo.Class]int64{slo.ClassUnknown: dayMS}, "unknown", false, false, "Mon 23 Nov: unknown 1 d"},
		"before all time":          {nil, "unknown", false, false, "Mon 23 Nov: not measured"},
		"a holiday":                {map[slo.Class]int64{slo.ClassOutOfHours: dayMS}, "hours", false, false, "Mon 23 Nov: no service hours"},
		"a day of maintenance":     {map[slo.Class]int64{slo.ClassMaintenance: dayMS}, "maintenance", false, false, "Mon 23 Nov: maintenance 1 d"},
		"an hour that is not ours": {map[slo.Class]int64{slo.ClassUp: dayMS - hour, slo.ClassExcluded: hour}, "up", false, false, "Mon 23 Nov: excluded 1 h"},
	} {
		t.Run(name, func(t *testing.T) {
			d := day{date: date}
			for class, ms := range tc.in {
				d.in[class] = ms
			}
			got := newBar(0, d)
			if got.Kind != tc.kind || got.Down > 0 != tc.down || got.Gap > 0 != tc.gap || got.Title != tc.title {
				t.Errorf("newBar = %+v, want kind %s, down %v, gap %v, title %q", got, tc.kind, tc.down, tc.gap, tc.title)
			}
		})
	}
}

// A strip is drawn anew when something other than good time has been added, and once a minute.
func TestAStripIsKeptWhileNothingHappens(t *testing.T) {
	w := practice(t)
	r := &reader{opts: w.options()}
	read := func(at int64) strip {
		t.Helper()
		if f := r.read(t.Context(), at); len(f.faults) > 0 {
			t.Fatalf("read: %v", f.faults)
		}
		return r.strips[stripKey{"acme", "mail-availability"}]
	}
	now := noon.UnixMilli()
	if first, second := read(now), read(now+30*second); second.drawnAt != first.drawnAt {
		t.Errorf("30 s later without news the strip was drawn at %d, want it kept from %d", second.drawnAt, first.drawnAt)
	}
	w.up("acme.mail", 55*24*time.Hour, w.outage(time.Minute, time.Hour, wire.Refused))
	if third := read(now + 31*second); third.drawnAt != now+31*second || third.days[stripDays-1].in[slo.ClassDown] == 0 {
		t.Errorf("after an outage the strip is of %d with %d ms down today, want it drawn anew", third.drawnAt, third.days[stripDays-1].in[slo.ClassDown])
	}
}
