package schedule

import (
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/nines-monitor/nines/internal/wire"
)

func TestNoBurstAfterAStepOrASleep(t *testing.T) {
	// A host that slept and a clock that was put forward look the same: the wall clock jumps.
	for name, jump := range map[string]time.Duration{
		"a minute": time.Minute, "eight hours": 8 * time.Hour, "thirty years": 30 * 365 * 24 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var checks []wire.Check
				for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
					checks = append(checks, check(id, 30*time.Second))
				}
				r := start(t, Options{}, nil, checks...)
				pass(time.Minute)
				r.step.Store(int64(jump))
				wake := r.now().UnixMilli()
				pass(2 * time.Second)
				soon := 0
				for _, c := range checks {
					for _, at := range r.instants(c.ID) {
						if at >= wake-lateMS {
							soon++
						}
					}
				}
				// Due in these two seconds, or in the second before them, by the grid alone.
				due := 0
				for _, c := range checks {
					if g := gridOf(c); g.at(wake+2000) >= wake-lateMS {
						due++
					}
				}
				if soon > due {
					t.Errorf("%d probes within 2 s of a jump by %v, want at most the %d of the grid", soon, jump, due)
				}
				pass(2 * time.Minute)
				for _, c := range checks {
					ts := r.instants(c.ID)
					if at := ts[len(ts)-1]; at < wake+90_000 || at%c.IntervalMS != c.PhaseMS() {
						t.Errorf("check %s: last instant %d, want the grid to go on after %d", c.ID, at, wake)
					}
					r.increasing(t, c.ID)
				}
			})
		})
	}
}

func TestAStepBackUsesNoInstantTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := check("a", 10*time.Second)
		r := start(t, Options{}, nil, c)
		pass(10 * time.Minute)
		before := r.instants("a")
		r.step.Store(int64(-5 * time.Minute))
		pass(4 * time.Minute)
		if n := len(r.instants("a")); n != len(before) {
			t.Errorf("%d observations while the clock repeats itself, want none", n-len(before))
		}
		pass(5 * time.Minute)
		ts := r.instants("a")
		if next := ts[len(before)]; next != before[len(before)-1]+c.IntervalMS {
			t.Errorf("first instant after the step back %d, want the next unused one, %d", next, before[len(before)-1]+c.IntervalMS)
		}
		r.increasing(t, "a")
	})
}

func TestALateReprobeLeavesItToTheGrid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := check("a", 30*time.Second)
		r := start(t, Options{}, map[string]target{"a": answers(wire.Refused)}, c)
		for len(r.instants("a")) == 0 {
			pass(50 * time.Millisecond)
		}
		first := r.instants("a")[0]
		// The clock jumps over the re-probe, to half a second before the next instant.
		r.step.Add(int64(time.Duration(first+29_500)*time.Millisecond) - r.now().UnixNano())
		pass(20 * time.Second)
		if ts := r.instants("a"); len(ts) < 2 || ts[1] != first+30_000 {
			t.Errorf("instants %v, want the grid's %d next, and no re-probe half a second before it", ts, first+30_000)
		}
	})
}

func TestInstantsIncreaseAcrossARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := check("a", 10*time.Second)
		used := time.Now().Add(3 * time.Minute).UnixMilli() // by a clock that was ahead
		r := start(t, Options{Last: map[string]int64{"a": used}}, nil, c)
		pass(5 * time.Minute)
		ts := r.instants("a")
		if want := gridOf(c).after(used); len(ts) == 0 || ts[0] != want {
			t.Errorf("first instants %v after %d, want %d", ts, used, want)
		}
	})
}

func TestAClockThatWasWrongByMoreThanADayIsNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := check("a", 10*time.Second)
		year := 365 * 24 * time.Hour
		r := start(t, Options{Last: map[string]int64{"a": time.Now().Add(20 * year).UnixMilli()}}, nil, c)
		pass(time.Minute)
		if n := len(r.instants("a")); n < 5 {
			t.Errorf("%d observations a minute after a start with an instant of 20 years ahead, want 6", n)
		}
		r.step.Store(int64(-3 * year))
		pass(time.Minute)
		ts := r.instants("a")
		if at := ts[len(ts)-1]; at > r.now().UnixMilli() || at < r.now().Add(-20*time.Second).UnixMilli() {
			t.Errorf("last instant %d after the clock went back by 3 years to %d, want it to follow the clock", at, r.now().UnixMilli())
		}
	})
}

func TestGrid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := grid{interval: rapid.Int64Range(1, 1e8).Draw(t, "interval")}
		g.phase = rapid.Int64Range(0, g.interval-1).Draw(t, "phase")
		at := rapid.Int64Range(-1e13, 1e14).Draw(t, "t")
		last, next := g.at(at), g.after(at)
		if last > at || next <= at || next-last != g.interval || (last-g.phase)%g.interval != 0 {
			t.Fatalf("grid %+v around %d: last %d, next %d; want neighbours on the grid with it between them", g, at, last, next)
		}
	})
}

func TestInstantsIncreaseWhateverTheClockDoes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Int64Range(-20*3600, 20*3600), 1, 6).Draw(rt, "steps in seconds")
		synctest.Test(t, func(t *testing.T) {
			c := check("a", 10*time.Second)
			r := start(t, Options{}, map[string]target{"a": answers(wire.Refused)}, c)
			for _, s := range steps {
				pass(25 * time.Second)
				// No single step beyond what is believable, and none past it in sum.
				if off := time.Duration(r.step.Load()) + time.Duration(s)*time.Second; off > -believable/2 && off < believable/2 {
					r.step.Store(int64(off))
				}
			}
			pass(25 * time.Second)
			r.increasing(t, "a")
		})
	})
}
