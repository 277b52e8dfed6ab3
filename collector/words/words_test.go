package words

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

func TestDuration(t *testing.T) {
	for want, ms := range map[string]int64{
		"0 s":                   0,
		"0.001 s":               1,
		"59 s":                  59_000,
		"1 min":                 60_000,
		"1 min 03.25 s":         63_250,
		"43 min 12 s":           2_592_000,
		"1 h":                   3_600_000,
		"1 h 00 min 01 s":       3_601_000,
		"2 h 05 min":            7_500_000,
		"743 h 59 min 59.999 s": 744*hour - 1,
		"744 h":                 744 * hour,
		"−5 min":                -300_000,
	} {
		if got := Duration(ms); got != want {
			t.Errorf("Duration(%d) = %q, want %q", ms, got, want)
		}
	}
}

func TestPercentNeverRoundsUp(t *testing.T) {
	for want, f := range map[string]slo.Fraction{
		"99.9499 %":    {Num: 9_994_999, Den: 10_000_000},
		"100.0000 %":   {Num: 7, Den: 7},
		"not measured": {},
	} {
		if got := Percent(f); got != want {
			t.Errorf("Percent(%v) = %q, want %q", f, got, want)
		}
	}
}

func TestInstantNamesTheClock(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	// 25 October 2026: 02:30 comes twice in Berlin.
	first := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC).UnixMilli()
	for want, ms := range map[string]int64{
		"Sun 25 Oct 2026, 02:30:00 CEST": first,
		"Sun 25 Oct 2026, 02:30:00 CET":  first + hour,
	} {
		if got := Instant(ms, berlin); got != want {
			t.Errorf("Instant(%d) = %q, want %q", ms, got, want)
		}
	}
}

func TestLine(t *testing.T) {
	typed := "Acme\r\nBcc: all@acme.example\u2028<b>{{.}}</b> \u202eevil =1+1"
	want := "Acme  Bcc: all@acme.example <b>{{.}}</b> \u202eevil =1+1"
	if got := Line(typed); got != want {
		t.Errorf("Line(%q) = %q, want %q", typed, got, want)
	}
}

func TestEveryReasonHasWords(t *testing.T) {
	for _, r := range wire.Reasons() {
		if words := Reason(r.String()); r != wire.OK && words == strings.ReplaceAll(r.String(), "_", " ") {
			t.Errorf("Reason(%s) = %q, want words", r, words)
		}
	}
	if got := Reason("third_party"); got != "third party" {
		t.Errorf("Reason(third_party) = %q", got)
	}
}
