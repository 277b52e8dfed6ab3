package schedule

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/probes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestInstantsLieOnTheGridOfEachCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		checks := []wire.Check{check("a", 10*time.Second), check("b", 30*time.Second), check("c", time.Second)}
		r := start(t, Options{}, nil, checks...)
		pass(10 * time.Minute)
		phases := map[int64]bool{}
		for _, c := range checks {
			phases[c.PhaseMS()] = true
			ts := r.instants(c.ID)
			if want := int(10 * time.Minute / (time.Duration(c.IntervalMS) * time.Millisecond)); len(ts) != want {
				t.Errorf("check %s every %d ms for 10 min: %d observations, want %d", c.ID, c.IntervalMS, len(ts), want)
			}
			for i, at := range ts {
				if at%c.IntervalMS != c.PhaseMS() {
					t.Errorf("check %s: instant %d is off the grid k*%d + %d", c.ID, at, c.IntervalMS, c.PhaseMS())
				}
				if i > 0 && at-ts[i-1] != c.IntervalMS {
					t.Errorf("check %s: %d ms between instants, want %d", c.ID, at-ts[i-1], c.IntervalMS)
				}
			}
		}
		if len(phases) != len(checks) {
			t.Errorf("phases %v: want the checks spread", phases)
		}
	})
}

func TestProbesStartAtTheirInstant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var late []time.Duration
		c := check("a", time.Second)
		g := gridOf(c)
		r := start(t, Options{}, map[string]target{"a": func(context.Context, int) probes.Outcome {
			now := time.Now()
			late = append(late, now.Sub(time.UnixMilli(g.at(now.UnixMilli()))))
			return probes.Outcome{Reason: wire.OK}
		}}, c)
		pass(time.Minute)
		r.stop()
		if len(late) < 59 || slices.Max(late) > time.Millisecond {
			t.Errorf("%d probes, the latest %v after its instant; want 60, each at its instant", len(late), slices.Max(late))
		}
	})
}

func TestTheGridIsTheSameAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := check("a", 30*time.Second)
		first := start(t, Options{}, nil, c)
		pass(95 * time.Second)
		first.stop()
		second := start(t, Options{}, nil, c)
		pass(95 * time.Second)
		all := append(first.instants("a"), second.instants("a")...)
		for i := 1; i < len(all); i++ {
			if all[i]-all[i-1] != c.IntervalMS {
				t.Errorf("instants across a restart %v: want every one %d ms apart", all, c.IntervalMS)
			}
		}
	})
}

func TestAFailureIsProbedAgainQuickly(t *testing.T) {
	// The grid of "a" at 30 s; retry after 5 s unless the case says so.
	for name, tc := range map[string]struct {
		edit    func(*wire.Check)
		reasons []wire.Reason // of the first probes; the rest are up
		latency time.Duration
		gaps    []int64 // ms between the first instants
	}{
		"up: no quick probe":           {reasons: nil, gaps: []int64{30000, 30000}},
		"down: confirmed by the retry": {reasons: []wire.Reason{wire.Refused, wire.Refused, wire.Refused}, gaps: []int64{5000, 25000, 30000}},
		"a blip: up again":             {reasons: []wire.Reason{wire.Refused}, gaps: []int64{5000, 25000, 30000}},
		"three in a row needed": {edit: func(c *wire.Check) { c.DownAfter = 3 },
			reasons: []wire.Reason{wire.Refused, wire.Refused, wire.Refused}, gaps: []int64{5000, 5000, 20000, 30000}},
		"one is enough: nothing to confirm": {edit: func(c *wire.Check) { c.DownAfter = 1 }, reasons: []wire.Reason{wire.Refused}, gaps: []int64{30000}},
		"up has to be confirmed after a first failure too": {edit: func(c *wire.Check) { c.UpAfter = 2 },
			reasons: []wire.Reason{wire.Refused}, gaps: []int64{5000, 5000, 20000, 30000}},
		"a retry of 0 means never":                {edit: func(c *wire.Check) { c.RetryMS = 0 }, reasons: []wire.Reason{wire.Refused}, gaps: []int64{30000, 30000}},
		"unknown is no failure":                   {reasons: []wire.Reason{wire.NoPermission}, gaps: []int64{30000, 30000}},
		"unknown ends the quick probes":           {reasons: []wire.Reason{wire.Refused, wire.NoPermission}, gaps: []int64{5000, 25000, 30000}},
		"the probe's end, when that is later":     {edit: func(c *wire.Check) { c.RetryMS, c.TimeoutMS = 1000, 8000 }, reasons: []wire.Reason{wire.Timeout}, latency: 7990 * time.Millisecond, gaps: []int64{8000, 22000, 30000}},
		"not within a second of the grid":         {edit: func(c *wire.Check) { c.RetryMS = 29050 }, reasons: []wire.Reason{wire.Refused, wire.Refused}, gaps: []int64{30000, 30000}},
		"a second before the grid is still early": {edit: func(c *wire.Check) { c.RetryMS = 29000 }, reasons: []wire.Reason{wire.Refused, wire.Refused}, gaps: []int64{29000, 1000, 30000}},
		"not after the grid":                      {edit: func(c *wire.Check) { c.RetryMS = 40000 }, reasons: []wire.Reason{wire.Refused, wire.Refused}, gaps: []int64{30000, 30000}},
		"a confirmed outage is not hurried": {reasons: slices.Repeat([]wire.Reason{wire.Refused}, 9),
			gaps: []int64{5000, 25000, 30000, 30000, 30000}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := check("a", 30*time.Second)
				if tc.edit != nil {
					tc.edit(&c)
				}
				r := start(t, Options{}, map[string]target{"a": func(_ context.Context, n int) probes.Outcome {
					if n > len(tc.reasons) {
						return probes.Outcome{Reason: wire.OK}
					}
					if tc.latency > 0 {
						<-time.After(tc.latency)
					}
					return probes.Outcome{Reason: tc.reasons[n-1]}
				}}, c)
				pass(5 * time.Minute)
				ts := r.instants("a")
				var gaps []int64
				for i := 1; i < len(ts) && i <= len(tc.gaps); i++ {
					gaps = append(gaps, ts[i]-ts[i-1])
				}
				if !reflect.DeepEqual(gaps, tc.gaps) {
					t.Errorf("after %v with latency %v: gaps %v ms, want %v", tc.reasons, tc.latency, gaps, tc.gaps)
				}
			})
		})
	}
}

func TestWhatChangedIsMarked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reasons := []wire.Reason{wire.OK, wire.OK, wire.Refused, wire.Refused, wire.Timeout, wire.OK, wire.NoPermission, wire.NoPermission, wire.OK}
		want := []bool{true, false, true, true, false, true, true, false, true}
		c := check("a", 30*time.Second)
		c.RetryMS = 0
		r := start(t, Options{}, map[string]target{"a": func(_ context.Context, n int) probes.Outcome {
			return probes.Outcome{Reason: reasons[min(n, len(reasons))-1]}
		}}, c)
		pass(time.Duration(len(reasons)) * 30 * time.Second)
		var got []bool
		for _, o := range r.of("a") {
			got = append(got, o.Changed)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("Changed after %v = %v, want %v", reasons, got, want)
		}
	})
}

func TestASlowTargetDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := check("slow", 5*time.Second)
		r := start(t, Options{}, map[string]target{"slow": takes(time.Hour)}, slow, check("quick", time.Second))
		pass(time.Minute)
		if n := len(r.instants("quick")); n < 59 {
			t.Errorf("%d observations of quick in 60 s beside a slow target, want 60", n)
		}
		for _, o := range r.of("slow") {
			if o.Result.Reason != wire.Timeout {
				t.Errorf("slow target, timeout as long as the interval: %v, want timeout at every instant", o.Result.Reason)
			}
		}
		r.increasing(t, "slow")
	})
}

func TestAnEarlyAnswerWaitsForTheProbeBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := check("a", 6*time.Second) // the quick probe at 4 s is under way when the grid comes
		c.RetryMS = 4000
		r := start(t, Options{}, map[string]target{"a": func(ctx context.Context, n int) probes.Outcome {
			switch n {
			case 1:
				return probes.Outcome{Reason: wire.Refused}
			case 2:
				return takes(time.Hour)(ctx, n)
			}
			return probes.Outcome{Reason: wire.OK}
		}}, c)
		pass(20 * time.Second)
		var got []wire.Reason
		for _, o := range r.of("a")[:3] {
			got = append(got, o.Result.Reason)
		}
		if want := []wire.Reason{wire.Refused, wire.Timeout, wire.OK}; !reflect.DeepEqual(got, want) {
			t.Errorf("order of outcomes %v, want %v", got, want)
		}
		r.increasing(t, "a")
	})
}

func TestTheBoundOnProbesInFlightIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var checks []wire.Check
		hang := map[string]target{}
		for i := range 10 {
			c := check(fmt.Sprint("c", i), 30*time.Second)
			c.TimeoutMS = 30000
			checks = append(checks, c)
			hang[c.ID] = takes(time.Hour)
		}
		r := start(t, Options{InFlight: 3}, hang, checks...)
		pass(31 * time.Second)
		faults := 0
		for _, c := range checks {
			for _, o := range r.of(c.ID) {
				if o.Result.Reason == wire.AgentFault {
					faults++
				}
			}
		}
		if faults < 7 {
			t.Errorf("10 hanging checks, 3 in flight: %d recorded as agent_fault, want at least 7", faults)
		}
	})
}

func TestAProberPastItsDeadlineDoesNotSilenceItsCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		r := start(t, Options{}, map[string]target{"a": func(_ context.Context, n int) probes.Outcome {
			if n == 1 {
				<-free // deaf to its context
			}
			return probes.Outcome{Reason: wire.OK}
		}}, check("a", 10*time.Second))
		pass(65 * time.Second)
		close(free)
		pass(time.Second)
		got := r.of("a")
		if len(got) < 6 || got[0].Result.Reason != wire.AgentFault || got[5].Result.Reason != wire.OK {
			t.Errorf("a deaf prober: %d observations %v, want agent_fault first and the later ones up", len(got), got)
		}
		r.increasing(t, "a")
	})
}

func TestAChangeMovesOnlyWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made := map[string]int{}
		o := Options{New: func(c wire.Check) (probes.Prober, error) {
			made[c.ID]++
			return answers(wire.OK).prober(), nil
		}}
		same, edited, gone := check("same", 10*time.Second), check("edited", 10*time.Second), check("gone", 10*time.Second)
		r := start(t, o, nil, same, edited, gone)
		pass(35 * time.Second)
		before := len(r.instants("gone"))
		edited.IntervalMS = 20000
		r.Set([]wire.Check{same, edited, check("fresh", 5*time.Second)})
		pass(60 * time.Second)
		if want := map[string]int{"same": 1, "edited": 2, "gone": 1, "fresh": 1}; !reflect.DeepEqual(made, want) {
			t.Errorf("probers made %v, want %v", made, want)
		}
		if n := len(r.instants("gone")); n != before {
			t.Errorf("a check that is gone: %d observations after it left, want %d", n, before)
		}
		ts := r.instants("same")
		for i := 1; i < len(ts); i++ {
			if ts[i]-ts[i-1] != 10000 {
				t.Errorf("unchanged check: instants %v, want every one 10 s apart", ts)
			}
		}
		ts = r.instants("edited")
		if last := ts[len(ts)-1]; last%20000 != edited.PhaseMS() {
			t.Errorf("edited check: instant %d, want the grid k*20000 + %d", last, edited.PhaseMS())
		}
		r.increasing(t, "edited")
		if len(r.instants("fresh")) < 11 {
			t.Errorf("fresh check: %d observations in a minute, want 12", len(r.instants("fresh")))
		}
	})
}

func TestABadCheckIsReportedAndTheRestRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{New: func(c wire.Check) (probes.Prober, error) {
			if c.ID == "bad" {
				return nil, errors.New("check bad: http.url: no scheme")
			}
			return answers(wire.OK).prober(), nil
		}}
		r := start(t, o, nil, check("bad", 10*time.Second), check("good", 10*time.Second))
		pass(30 * time.Second)
		bad, good := r.of("bad"), r.of("good")
		if len(bad) < 2 || bad[0].Result.Reason != wire.BadCheck || !strings.Contains(bad[0].Detail, "no scheme") {
			t.Errorf("bad check: %v, want bad_check with the reason", bad)
		}
		if len(good) < 2 || good[0].Result.Reason != wire.OK {
			t.Errorf("good check beside it: %v, want ok", good)
		}
	})
}

func TestStopRecordsNothingFalse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, Options{}, map[string]target{"hangs": takes(time.Hour)}, check("hangs", 5*time.Second), check("up", 5*time.Second))
		pass(7 * time.Second) // one probe of hangs is under way
		before := len(r.of("hangs"))
		began := time.Now()
		r.stop()
		if took := time.Since(began); took > 0 {
			t.Errorf("stop took %v, want no waiting for a hanging probe", took)
		}
		if got := r.of("hangs"); len(got) != before {
			t.Errorf("observations of a probe cut short: %v, want none", got[before:])
		}
	})
}
