package web

import (
	"strings"
	"testing"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// A state says why, which check is to blame when there are several, and where nobody probes.
func TestAStateSaysWhy(t *testing.T) {
	one := contract.Service{UpWhen: slo.Leaf("db")}
	two := contract.Service{UpWhen: slo.All(slo.Leaf("web"), slo.Leaf("db"))}
	twice := contract.Service{UpWhen: slo.All(slo.Leaf("db"), slo.Any(slo.Leaf("db")))}
	now := noon.UnixMilli()
	down := ledger.Present{State: slo.Down, Since: now - 3*minute, Reason: wire.Refused, Cause: "db", LastObservation: now}
	silent := ledger.Present{State: slo.Unknown, Since: now - 3*minute, Cause: "db", LastObservation: now - 3*minute}
	maintained, idle := down, down
	maintained.InMaintenance = true
	idle.Unserved = []string{"shop"}
	const register = ": <code>nines agent register</code>"
	for name, tc := range map[string]struct {
		present ledger.Present
		service contract.Service
		want    string
	}{
		"up":                           {ledger.Present{State: slo.Up, Since: now - 3*minute, LastObservation: now}, two, "Up for 3 min"},
		"down, one check":              {down, one, "Down for 3 min · connection refused"},
		"down, several checks":         {down, two, "Down for 3 min · connection refused · db"},
		"down, one check named twice":  {down, twice, "Down for 3 min · connection refused"},
		"unknown, several checks":      {silent, two, "Unknown for 3 min · no observation · db"},
		"in maintenance":               {maintained, two, "Maintenance · probes say down"},
		"never observed":               {ledger.Present{}, two, "Unknown · no observation yet"},
		"never observed, for a reason": {ledger.Present{Unserved: []string{"shop"}}, two, "Unknown · no agent is registered for site shop" + register},
		"down, a site without agent":   {idle, two, "Down for 3 min · connection refused · db · no agent is registered for site shop" + register},
		"three sites":                  {ledger.Present{Unserved: []string{"a", "b", "c"}}, one, "Unknown · no agent is registered for sites a, b and c" + register},
		"five sites":                   {ledger.Present{Unserved: []string{"a", "b", "c", "d", "e"}}, one, "Unknown · no agent is registered for sites a, b, c and 2 more" + register},
	} {
		t.Run(name, func(t *testing.T) {
			var html strings.Builder
			if err := pages.ExecuteTemplate(&html, "state", dated{newStateView(tc.present, tc.service, noon.Location()), now}); err != nil {
				t.Fatal(err)
			}
			if got := withoutMarks(html.String()); got != tc.want {
				t.Errorf("newStateView on the page = %q, want %q", got, tc.want)
			}
		})
	}
}

// withoutMarks leaves the words and the code of a piece of a page.
func withoutMarks(html string) string {
	text := strings.NewReplacer("<b>", "", "</b>", "", "</time>", "").Replace(html)
	before, age, ok := strings.Cut(text, "<time")
	if !ok {
		return text
	}
	_, age, _ = strings.Cut(age, ">")
	return before + age
}
