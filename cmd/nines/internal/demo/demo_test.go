package demo

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/probes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// someTime is where the tests stand; the plans are the same on every day of the year.
var someTime = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)

func anywhere() Addresses {
	const free = "127.0.0.1:0"
	return Addresses{Shop: free, ERP: free, Files: free, VPN: free}
}

func terms(t *testing.T, at Addresses) *contract.Contract {
	t.Helper()
	text, err := Contract(at, someTime.Add(-History), "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	c, err := contract.Parse("demo.toml", text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestContractIsMarkedAndHasAPlanForEachCheck(t *testing.T) {
	c := terms(t, Addresses{Shop: "127.0.0.1:1", ERP: "127.0.0.1:2", Files: "127.0.0.1:3", VPN: "127.0.0.1:4"})
	if !c.Demo || len(c.Warnings) > 0 {
		t.Errorf("demo %t, warnings %v; want it marked, and nothing to warn of", c.Demo, c.Warnings)
	}
	checks := contract.AgentConfig(c, Site).Checks
	if len(checks) != len(plans) {
		t.Errorf("%d checks for %d plans", len(checks), len(plans))
	}
	for _, check := range checks {
		if _, ok := planOf(check.ID); !ok {
			t.Errorf("check %s has no plan", check.ID)
		}
	}
}

func TestHistoryIsWhatAnAgentWouldHaveSent(t *testing.T) {
	c := terms(t, Addresses{Shop: "127.0.0.1:1", ERP: "127.0.0.1:2", Files: "127.0.0.1:3", VPN: "127.0.0.1:4"})
	from := someTime.Add(-10 * day)
	runs := history(contract.AgentConfig(c, Site).Checks, from, someTime, someTime)
	if len(runs) != len(plans) {
		t.Fatalf("%d runs, want one a check", len(runs))
	}
	for _, run := range runs {
		p, _ := planOf(run.Check)
		failed, silent := 0, 0
		for i, r := range run.Results {
			if (r.T-run.PhaseMS)%run.IntervalMS != 0 {
				t.Fatalf("%s: %d is not on the grid", run.Check, r.T)
			}
			if p.inTrouble(time.UnixMilli(r.T)) != (r.Reason == p.trouble) {
				t.Fatalf("%s at %d: reason %s does not follow the plan", run.Check, r.T, r.Reason)
			}
			if r.Reason != wire.OK {
				failed++
			}
			if i > 0 && r.T-run.Results[i-1].T > run.IntervalMS {
				silent++
			}
		}
		if failed == 0 || failed > len(run.Results)/10 || silent != 1 {
			t.Errorf("%s: %d of %d failed and %d silences; want some, few, and the one night", run.Check, failed, len(run.Results), silent)
		}
	}
}

// TestTargetsFollowTheirPlans turns the targets' clock to healthy times and to trouble, and
// probes them as an agent does.
func TestTargetsFollowTheirPlans(t *testing.T) {
	var clock atomic.Pointer[time.Time]
	clock.Store(&someTime)
	targets, err := Start(anywhere(), func() time.Time { return *clock.Load() })
	if err != nil {
		t.Fatal(err)
	}
	defer targets.Close()
	for _, check := range contract.AgentConfig(terms(t, targets.Addresses), Site).Checks {
		prober, err := probes.New(check)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := planOf(check.ID)
		for _, trouble := range []bool{false, true, false} {
			at := find(t, p, trouble)
			clock.Store(&at)
			want := wire.OK
			if trouble {
				want = p.trouble
			}
			await(t, prober, check, want)
		}
	}
}

// find looks for a moment at which a plan is in trouble, or is not.
func find(t *testing.T, p plan, trouble bool) time.Time {
	t.Helper()
	for at := someTime; at.Before(someTime.Add(30 * day)); at = at.Add(10 * time.Second) {
		if p.inTrouble(at) == trouble {
			return at
		}
	}
	t.Fatalf("%s: no moment with trouble %t in 30 days", p.check, trouble)
	return time.Time{}
}

// await probes until the reason is the one wanted: a target looks at its plan now and then.
func await(t *testing.T, prober probes.Prober, check wire.Check, want wire.Reason) {
	t.Helper()
	var got []string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(check.TimeoutMS)*time.Millisecond)
		o := prober.Probe(ctx)
		cancel()
		if o.Reason == want {
			return
		}
		got = append(got, o.Reason.String())
	}
	t.Fatalf("%s: got %s, want %s", check.ID, strings.Join(got, ", "), want)
}
