package slo_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nines-monitor/nines/slo"
)

func msDuration(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// drawSeen draws a world's first series in order of time.
func drawSeen(t *rapid.T) (slo.Params, []slo.Observation) {
	w := drawWorld(t, 5*minute)
	return w.params["a"], naiveSet(w.seen["a"])
}

func TestFoldInPartsIsTheFoldOfTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, seen := drawSeen(t)
		var settled []slo.Span
		folder := slo.NewFolder(p)
		for i, o := range seen {
			if rapid.IntRange(0, 9).Draw(t, "stop") == 0 {
				settled = folder.Take(settled)
				folder = slo.ResumeFolder(p, folder.Carry())
				tail := append(settled[:len(settled):len(settled)], folder.Provisional()...)
				if want := slo.Fold(p, seen[:i]); !equalSpans(tail, want) {
					t.Fatalf("after %d of %v\ngot  %v\nwant %v", i, seen, tail, want)
				}
			}
			if !folder.Add(o) {
				t.Fatalf("Add(%v) = false", o)
			}
			if folder.Add(o) {
				t.Fatalf("Add(%v) again = true", o)
			}
		}
		got := append(folder.Take(settled), folder.Provisional()...)
		if want := slo.Fold(p, seen); !equalSpans(got, want) {
			t.Fatalf("parts of %v\ngot  %v\nwant %v", seen, got, want)
		}
	})
}

func equalSpans(a, b []slo.Span) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

// What is settled stays, whatever is observed later.
func TestSettledSpansNeverChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, seen := drawSeen(t)
		folder := slo.NewFolder(p)
		for _, o := range seen {
			before := append([]slo.Span(nil), folder.Settled()...)
			folder.Add(o)
			if after := folder.Settled(); !equalSpans(after[:len(before)], before) {
				t.Fatalf("Add(%v) changed the settled %v to %v", o, before, after)
			}
		}
	})
}

// Once the carries of two folds agree, their futures do, whatever their pasts were.
func TestEqualCarriesHaveEqualFutures(t *testing.T) {
	met := 0
	rapid.Check(t, func(t *rapid.T) {
		p, seen := drawSeen(t)
		a, b := slo.NewFolder(p), slo.NewFolder(p)
		skipped := rapid.IntRange(0, min(len(seen)-1, 50)).Draw(t, "late")
		for i, o := range seen {
			a.Add(o)
			if i != skipped {
				b.Add(o)
			}
			if i <= skipped || a.Carry() != b.Carry() {
				continue
			}
			met++
			a.Take(nil)
			b.Take(nil)
			for _, o := range seen[i+1:] {
				a.Add(o)
				b.Add(o)
			}
			if !equalSpans(a.Settled(), b.Settled()) || !equalSpans(a.Provisional(), b.Provisional()) {
				t.Fatalf("from equal carries: %v and %v", a.Settled(), b.Settled())
			}
			return
		}
	})
	if met == 0 {
		t.Error("no two carries ever agreed")
	}
}

func TestAddRunIsAddRepeated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawParams(t, minute)
		a, b := slo.NewFolder(p), slo.NewFolder(p)
		at := int64(0)
		for range rapid.IntRange(1, 20).Draw(t, "runs") {
			o := slo.Observation{
				T:      at,
				State:  slo.State(rapid.IntRange(0, 2).Draw(t, "state")),
				Reason: slo.Reason(rapid.IntRange(0, 1).Draw(t, "reason")),
			}
			step := rapid.Int64Range(1, 30*minute).Draw(t, "step")
			count := rapid.Int64Range(1, 10).Draw(t, "count")
			a.AddRun(o, step, count)
			for range count {
				b.Add(o)
				o.T += step
			}
			at = o.T + rapid.Int64Range(-5*minute, 60*minute).Draw(t, "gap")
			if a.Carry() != b.Carry() || !equalSpans(a.Settled(), b.Settled()) {
				t.Fatalf("AddRun: %+v %v, want %+v %v", a.Carry(), a.Settled(), b.Carry(), b.Settled())
			}
		}
	})
}

func TestFold(t *testing.T) {
	const s = int64(1000)
	p := slo.Params{Interval: 10 * s, StaleAfter: 25 * s, DownAfter: 2, UpAfter: 1}
	up := func(t int64) slo.Observation { return slo.Observation{T: t * s, State: slo.Up} }
	down := func(t int64) slo.Observation { return slo.Observation{T: t * s, State: slo.Down, Reason: 7} }
	unknown := func(t int64, why slo.Reason) slo.Observation {
		return slo.Observation{T: t * s, State: slo.Unknown, Reason: why}
	}
	span := func(state slo.State, start, last, end int64, why slo.Reason) slo.Span {
		return slo.Span{Start: start * s, Last: last * s, End: end * s, State: state, Reason: why}
	}
	for name, tc := range map[string]struct {
		seen []slo.Observation
		want []slo.Span
	}{
		"nothing observed": {nil, nil},
		"one success lasts until it is stale": {
			[]slo.Observation{up(0)},
			[]slo.Span{span(slo.Up, 0, 0, 25, 0)},
		},
		"a confirmed outage begins with its first failure": {
			[]slo.Observation{up(0), down(10), down(20)},
			[]slo.Span{span(slo.Up, 0, 0, 10, 0), span(slo.Down, 10, 20, 45, 7)},
		},
		"an unconfirmed failure keeps the state, and keeps it fresh": {
			[]slo.Observation{up(0), down(10)},
			[]slo.Span{span(slo.Up, 0, 0, 35, 0)},
		},
		"silence ends what was known": {
			[]slo.Observation{up(0), up(26)},
			[]slo.Span{span(slo.Up, 0, 0, 25, 0), span(slo.Up, 26, 26, 51, 0)},
		},
		"silence of exactly stale_after does not": {
			[]slo.Observation{up(0), up(25)},
			[]slo.Span{span(slo.Up, 0, 25, 50, 0)},
		},
		"unknown observations are spans with their reason": {
			[]slo.Observation{up(0), unknown(10, 3), unknown(20, 3), unknown(30, 4), up(40)},
			[]slo.Span{span(slo.Up, 0, 0, 10, 0), span(slo.Unknown, 10, 20, 30, 3), span(slo.Unknown, 30, 30, 40, 4), span(slo.Up, 40, 40, 65, 0)},
		},
		"an unknown observation goes stale like others": {
			[]slo.Observation{unknown(0, 3), down(20)},
			[]slo.Span{span(slo.Unknown, 0, 0, 25, 3)},
		},
		"the first accepted of an instant stands": {
			[]slo.Observation{up(10), up(0), down(10), down(0)},
			[]slo.Span{span(slo.Up, 0, 10, 35, 0)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := slo.Fold(p, tc.seen); !equalSpans(got, tc.want) {
				t.Errorf("Fold(%v)\ngot  %v\nwant %v", tc.seen, got, tc.want)
			}
		})
	}
}

func TestReviseStartsANewSegment(t *testing.T) {
	const s = int64(1000)
	folder := slo.NewFolder(slo.Params{Interval: 10 * s, DownAfter: 1})
	folder.Add(slo.Observation{T: 0, State: slo.Up})
	folder.Add(slo.Observation{T: 10 * s, State: slo.Up})
	folder.Revise(15*s, slo.Params{Interval: 10 * s, DownAfter: 2, UpAfter: 2})
	folder.Add(slo.Observation{T: 20 * s, State: slo.Up})
	if got := folder.Provisional(); got != nil {
		t.Errorf("one success under up_after 2: got %v, want nothing known", got)
	}
	folder.Add(slo.Observation{T: 30 * s, State: slo.Up})
	got := append(folder.Take(nil), folder.Provisional()...)
	want := []slo.Span{
		{Start: 0, Last: 10 * s, End: 15 * s, State: slo.Up},
		{Start: 20 * s, Last: 30 * s, End: 50 * s, State: slo.Up},
	}
	if !equalSpans(got, want) {
		t.Errorf("revised fold\ngot  %v\nwant %v", got, want)
	}
}

func TestParamsValidate(t *testing.T) {
	for want, p := range map[string]slo.Params{
		"interval: must be above 0":              {},
		"stale_after: shorter than the interval": {Interval: 2, StaleAfter: 1},
		"down_after: must be at least 1":         {Interval: 1, DownAfter: -1},
		"up_after: must be at least 1":           {Interval: 1, UpAfter: -1},
	} {
		if err := p.Validate(); err == nil || err.Error() != want {
			t.Errorf("Validate(%+v) = %v, want %q", p, err, want)
		}
	}
	if err := (slo.Params{Interval: 1}).Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
}
