package web

import (
	"fmt"
	"strings"

	"github.com/nines-monitor/nines/collector/words"
	"github.com/nines-monitor/nines/slo"
)

// A strip's drawing, in its own units: each day is a bar.
const (
	stripBar    = 7
	stripStep   = 10
	stripHeight = 42
)

// stripView is a strip as it is drawn.
type stripView struct {
	Label  string // for those who do not see it
	Width  int
	Height int
	Plain  string    // path of the bars of days that were simply up
	Blank  string    // path of the bars of days that nobody measured
	Bars   []barView // of the other days
}

// barView is one day: its whole height tells whether it was measured, and a lower part, as high
// as the downtime was long, tells of downtime.
type barView struct {
	X, Width int
	Kind     string // up, unknown, maintenance, hours (none promised)
	Down     int    // height of the lower part; 0: no downtime
	DownY    int
	Gap      int // height of an upper part that is unknown
	Title    string
}

func newStripView(days []day) stripView {
	v := stripView{Width: len(days)*stripStep - (stripStep - stripBar), Height: stripHeight}
	downDays := 0
	for i, d := range days {
		outline := fmt.Sprintf("M%d 0h%dv%dh-%dz", i*stripStep, stripBar, stripHeight, stripBar)
		switch {
		case d.isPlain():
			v.Plain += outline
		case d.in[slo.ClassUnknown] == d.total():
			v.Blank += outline
		default:
			v.Bars = append(v.Bars, newBar(i, d))
		}
		if d.in[slo.ClassDown] > 0 {
			downDays++
		}
	}
	v.Label = fmt.Sprintf("Last %s: downtime on %s", words.Count(len(days), "day"), words.Count(downDays, "day"))
	return v
}

// isPlain reports a day on which the service was up whenever it was looked at and promised. Most
// days are like that: they share one shape, and have nothing to tell.
func (d day) isPlain() bool {
	return d.in[slo.ClassUp] > 0 && d.in[slo.ClassUp]+d.in[slo.ClassOutOfHours] == d.total()
}

func (d day) total() (ms int64) {
	for _, in := range d.in {
		ms += in
	}
	return ms
}

func newBar(i int, d day) barView {
	bar := barView{X: i * stripStep, Width: stripBar, Kind: "up", Down: downHeight(d.in[slo.ClassDown])}
	bar.DownY = stripHeight - bar.Down
	known := d.in[slo.ClassUp] + d.in[slo.ClassDown]
	switch {
	case known > 0 && d.in[slo.ClassUnknown] > 0:
		bar.Gap = 7
	case known > 0:
	case d.in[slo.ClassMaintenance] > 0:
		bar.Kind = "maintenance"
	case d.in[slo.ClassOutOfHours] > 0 && d.in[slo.ClassUnknown] == 0:
		bar.Kind = "hours"
	default:
		bar.Kind = "unknown"
	}
	bar.Title = d.date.Format("Mon 2 Jan") + ": " + strings.Join(d.words(), ", ")
	return bar
}

// downHeight grows by steps with the downtime of a day, so that a minute can still be seen.
func downHeight(ms int64) int {
	const minute = 60_000
	switch {
	case ms <= 0:
		return 0
	case ms < 5*minute:
		return 11
	case ms < 30*minute:
		return 19
	case ms < 120*minute:
		return 29
	}
	return stripHeight
}

// words name what of a day was not simply up.
func (d day) words() []string {
	var all []string
	for _, class := range []slo.Class{slo.ClassDown, slo.ClassUnknown, slo.ClassMaintenance, slo.ClassExcluded} {
		if ms := d.in[class]; ms > 0 {
			all = append(all, class.String()+" "+length(ms))
		}
	}
	switch {
	case len(all) > 0:
		return all
	case d.in[slo.ClassUp] > 0:
		return []string{"no downtime"}
	case d.in[slo.ClassOutOfHours] > 0:
		return []string{"no service hours"}
	}
	return []string{"not measured"}
}
