package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/ledger/ledgertest"
	"github.com/nines-monitor/nines/internal/wire"
)

// A rolling promise's row is of its own window, whatever the month came to.
func TestARollingPromiseShowsItsOwnWindow(t *testing.T) {
	w := ledgertest.New(t, strings.Replace(hostile, `window = "month"`, `window = "rolling 28d"`, 1))
	w.Observe("evil", "web", utc("2026-09-01T00:00:00Z"), utc("2026-11-02T00:00:00Z"), wire.OK)
	w.Forget("evil", "web", utc("2026-10-01T00:00:00Z"), utc("2026-10-01T12:00:00Z")) // before the window, in the month
	w.Observe("evil", "web", utc("2026-10-01T00:00:00Z"), utc("2026-10-01T12:00:00Z"), wire.Refused)
	r := build(t, w, "evil", "2026-10", afterwards)
	o := r.Services[0].SLOs[0]
	if month, window := percent(o.Ledger.Availability), percent(o.Promise.Availability); month == window || window != "100.0000 %" {
		t.Fatalf("availability of the month %s, of the window %s; want an outage in the month alone", month, window)
	}
	if o.Window != "rolling 28d" || o.Objective != "99" {
		t.Errorf("JSON: window %q, objective %q; want rolling 28d and 99", o.Window, o.Objective)
	}
	page := htmlOf(t, r)
	overview, rest, _ := strings.Cut(page, "</table>")
	if strings.Contains(overview, percent(o.Ledger.Availability)) || !strings.Contains(overview, "100.0000 %") || !strings.Contains(overview, "rolling 28d") {
		t.Errorf("the overview %s\nwant the window's availability, by its name", overview)
	}
	for _, want := range []string{"Availability in October 2026", "Error budget left, rolling 28d", percent(o.Ledger.Availability)} {
		if !strings.Contains(rest, want) {
			t.Errorf("the account lacks %q", want)
		}
	}
	if text := r.Text(); !strings.Contains(text, "99 % in rolling 28d") || !strings.Contains(text, "100.0000 %") || strings.Contains(text, percent(o.Ledger.Availability)) {
		t.Errorf("Text() = %s\nwant the window and its availability", text)
	}
}

func TestTheBarShowsWhatItsLabelSays(t *testing.T) {
	for name, tc := range map[string]struct {
		promise    Promise
		used, left int
	}{
		"nothing used":    {Promise{Budget: 1000, Remaining: 1000}, 0, 100},
		"a quarter used":  {Promise{Budget: 1000, Consumed: 250, Remaining: 750}, 25, 75},
		"a little used":   {Promise{Budget: 1000, Consumed: 1, Remaining: 999}, 1, 99},
		"all of it used":  {Promise{Budget: 1000, Consumed: 1000}, 100, 0},
		"overspent":       {Promise{Budget: 1000, Consumed: 1001, Remaining: -1}, 100, 0},
		"no budget, kept": {Promise{}, 0, 100},
	} {
		if used, left := shares(tc.promise); used != tc.used || left != tc.left {
			t.Errorf("%s: shares = %d, %d; want %d, %d", name, used, left, tc.used, tc.left)
		}
	}
	page := htmlOf(t, build(t, acme(t), "acme", "2026-10", afterwards))
	left, used := strings.Index(page, `class="bar-left"`), strings.Index(page, `class="bar-used"`)
	if left < 0 || used < left {
		t.Errorf("the bar has its left part at %d, its used part at %d; want what is left first, as on the page", left, used)
	}
}

func TestAMonthOfManyOutagesListsTheLongest(t *testing.T) {
	w := ledgertest.New(t, hostile)
	from, to := utc("2026-10-01T00:00:00Z"), utc("2026-11-01T06:00:00Z")
	w.Observe("evil", "web", from, to, wire.OK)
	const short, long = 70, 5
	for i := range short + long {
		start, length := from.Add(time.Duration(i)*8*time.Hour), 10*time.Minute
		if i >= short { // the long ones come last
			length = time.Hour
		}
		w.Forget("evil", "web", start, start.Add(length))
		w.Observe("evil", "web", start, start.Add(length), wire.Refused)
	}
	r := build(t, w, "evil", "2026-10", afterwards)
	page := htmlOf(t, r)
	if n := strings.Count(page, "connection refused</td>"); n != mostOutages {
		t.Errorf("%d outages in the page, want %d", n, mostOutages)
	}
	hidden := short + long - mostOutages
	for _, want := range []string{
		fmt.Sprintf("%d outages, 16 h 40 min counted", short+long),
		fmt.Sprintf("And %d shorter ones, 4 h 10 min in all; the JSON has them.", hidden),
		">1 h</td>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	data, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Services []struct{ SLOs []struct{ Outages []Outage } }
	}
	if err := json.Unmarshal(data, &back); err != nil || len(back.Services[0].SLOs[0].Outages) != short+long {
		t.Errorf("the JSON has %v (%v), want all %d outages", back, err, short+long)
	}
	if text := r.Text(); !strings.Contains(text, "and 65 shorter ones") || strings.Count(text, "  1 h  ") != long {
		t.Errorf("Text() = %s\nwant the longest ten", text)
	}
}

func TestNamesAreIsolatedFromTheTextAroundThem(t *testing.T) {
	page := htmlOf(t, build(t, hostileWorld(t), "evil", "2026-10", afterwards))
	for _, name := range []string{"&lt;script&gt;", "&lt;/td&gt;&lt;img"} {
		_, body, _ := strings.Cut(page, "<body")
		for before, after, found := strings.Cut(body, name); found; before, after, found = strings.Cut(after, name) {
			if open, shut := strings.LastIndex(before, "<bdi"), strings.LastIndex(before, "</bdi"); open <= shut {
				t.Errorf("a name stands outside of <bdi>: …%s%s", before[max(0, len(before)-80):], name)
			}
		}
	}
}
