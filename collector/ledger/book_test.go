package ledger_test

import (
	"slices"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/collector/ledger/ledgertest"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

const document = `
effective = 2026-10-01
[client]
id = "acme"
name = "Acme"
time_zone = "UTC"
[[site]]
id = "hq"
name = "HQ"
[[check]]
id = "web"
site = "hq"
interval = "60s"
tcp = { address = "192.0.2.1:80" }
[[check]]
id = "db"
site = "hq"
interval = "60s"
tcp = { address = "192.0.2.1:5432" }
[[service]]
id = "erp"
name = "ERP"
up_when = { all = ["web", "db"] }
[[slo]]
id = "erp-availability"
service = "erp"
objective = "99%"
window = "month"
`

func at(clock string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", "2026-10-"+clock)
	if err != nil {
		panic(err)
	}
	return t
}

// world is a day of which one hour was down.
func world(t *testing.T) *ledgertest.World {
	t.Helper()
	w := ledgertest.New(t, document)
	w.Observe("acme", "web", at("05 00:00"), at("06 00:00"), wire.OK)
	w.Observe("acme", "db", at("05 00:00"), at("05 10:00"), wire.OK)
	w.Observe("acme", "db", at("05 10:00"), at("05 11:00"), wire.Refused)
	w.Observe("acme", "db", at("05 11:00"), at("06 00:00"), wire.OK)
	return w
}

func answer(t *testing.T, b *ledger.Book, now time.Time) slo.Ledger {
	t.Helper()
	a, err := b.Answer(t.Context(), "acme", "erp-availability", now.UnixMilli(), now.UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	return a.Ledger
}

// TestAnAgentHasNoSayWhileItIsNotAssigned: registering a second agent must not turn recorded
// downtime into unknown time, and revoking one must not take its say of the past.
func TestAnAgentHasNoSayWhileItIsNotAssigned(t *testing.T) {
	now := at("06 00:00")
	b := world(t).Source()
	before := answer(t, b, now)
	if before.Down != time.Hour.Milliseconds() {
		t.Fatalf("down for %d ms with one agent, want an hour", before.Down)
	}
	spare := func(since, until time.Time) store.Assignment {
		return store.Assignment{Agent: "spare", Since: since.UnixMilli(), Until: until.UnixMilli()}
	}
	still := time.UnixMilli(0)
	for name, tc := range map[string]struct {
		spare         store.Assignment
		down, unknown time.Duration // in the period, more than with one agent
	}{
		"registered now":               {spare(now, still), 0, 0},
		"registered in the outage":     {spare(at("05 10:30"), still), -30 * time.Minute, 30 * time.Minute},
		"registered before everything": {spare(at("01 00:00"), still), -time.Hour, time.Hour},
		"revoked in the outage":        {spare(at("01 00:00"), at("05 10:15")), -15 * time.Minute, 15 * time.Minute},
		"here for ten minutes of it":   {spare(at("05 10:20"), at("05 10:30")), -10 * time.Minute, 10 * time.Minute},
		"gone before it":               {spare(at("01 00:00"), at("05 09:00")), 0, 0},
		"registered after the first":   {spare(at("20 00:00"), still), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b.AgentsOf = func(string, string) []store.Assignment {
				return []store.Assignment{tc.spare, {Agent: ledgertest.Agent, Since: 1}}
			}
			got := answer(t, b, now)
			if got.Down != before.Down+tc.down.Milliseconds() || got.Unknown != before.Unknown+tc.unknown.Milliseconds() || got.Up != before.Up {
				t.Errorf("up %d, down %d, unknown %d ms; before: %d, %d, %d", got.Up, got.Down, got.Unknown, before.Up, before.Down, before.Unknown)
			}
			spans, err := b.Explain(t.Context(), "acme", "erp-availability", slo.Period{Start: at("05 00:00").UnixMilli(), End: now.UnixMilli()}, now.UnixMilli())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range spans {
				if s.Class != slo.ClassDown {
					continue
				}
				for _, e := range s.Evidence {
					if e.Series != "db@"+ledgertest.Agent || s.Cause != e.Series || wire.Reason(s.Reason) != wire.Refused {
						t.Errorf("down because of %s (%s), %+v; want the agent that saw it", s.Cause, wire.Reason(s.Reason), e)
					}
				}
			}
		})
	}
}

func TestPresentNamesTheCheckThatFails(t *testing.T) {
	b := world(t).Source()
	for name, tc := range map[string]struct {
		now  time.Time
		want ledger.Present
	}{
		"up":       {at("05 09:59"), ledger.Present{State: slo.Up, Since: at("05 00:00").UnixMilli()}},
		"down":     {at("05 10:30"), ledger.Present{State: slo.Down, Since: at("05 10:00").UnixMilli(), Reason: wire.Refused, Cause: "db"}},
		"up again": {at("05 11:30"), ledger.Present{State: slo.Up, Since: at("05 11:00").UnixMilli()}},
	} {
		got, err := b.Present(t.Context(), "acme", "erp", tc.now.UnixMilli())
		got.LastObservation = 0
		if err != nil || got.State != tc.want.State || got.Since != tc.want.Since || got.Reason != tc.want.Reason || got.Cause != tc.want.Cause {
			t.Errorf("Present(%s) = %+v, %v; want %+v", name, got, err, tc.want)
		}
	}
	b.AgentsOf = func(string, string) []store.Assignment { return nil }
	got, err := b.Present(t.Context(), "acme", "erp", at("05 12:00").UnixMilli())
	if err != nil || got.State != slo.Unknown || !slices.Equal(got.Unserved, []string{"hq"}) {
		t.Errorf("Present without an agent = %+v, %v; want unknown, and the site that has none", got, err)
	}
}

// TestAnAgentThatIsReplacedLeavesItsPast: one agent goes, another comes, and a gap between
// them is unknown.
func TestAnAgentThatIsReplacedLeavesItsPast(t *testing.T) {
	now := at("07 00:00")
	b := world(t).Source()
	b.AgentsOf = func(string, string) []store.Assignment {
		return []store.Assignment{
			{Agent: ledgertest.Agent, Since: 1, Until: at("06 00:00").UnixMilli()},
			{Agent: "new", Since: at("06 12:00").UnixMilli()},
		}
	}
	got := answer(t, b, now)
	if want := time.Hour.Milliseconds(); got.Down != want {
		t.Errorf("down for %d ms, want %d: the old agent's hour, and nothing of the time without an agent", got.Down, want)
	}
	if want := (23*time.Hour + 2*time.Minute).Milliseconds(); got.Up > want || got.Up < want-2*time.Minute.Milliseconds() {
		t.Errorf("up for %d ms, want the old agent's 23 hours", got.Up)
	}
}

// TestWhatWasObservedBeforeAnyAssignmentCounts: an agent may bring a past along, which another
// that has none does not touch.
func TestWhatWasObservedBeforeAnyAssignmentCounts(t *testing.T) {
	b := world(t).Source()
	b.AgentsOf = func(string, string) []store.Assignment {
		return []store.Assignment{
			{Agent: ledgertest.Agent, Since: at("20 00:00").UnixMilli()},
			{Agent: "spare", Since: at("21 00:00").UnixMilli()},
		}
	}
	if got := answer(t, b, at("06 00:00")); got.Down != time.Hour.Milliseconds() {
		t.Errorf("down for %d ms, want an hour", got.Down)
	}
}
