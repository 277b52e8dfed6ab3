package schedule

import (
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

func TestConfirmation(t *testing.T) {
	const u, d, x = wire.Up, wire.Down, wire.Unknown
	type step struct {
		after  time.Duration
		status wire.Status
		state  wire.Status // confirmed after it
		quick  bool
	}
	const s = time.Second
	for name, tc := range map[string]struct {
		downAfter, upAfter int
		steps              []step
	}{
		"an outage and its end": {2, 1, []step{{0, u, u, false}, {30 * s, d, u, true}, {5 * s, d, d, false}, {25 * s, d, d, false}, {30 * s, u, u, false}}},
		"a blip":                {2, 1, []step{{0, u, u, false}, {30 * s, d, u, true}, {5 * s, u, u, false}}},
		"down from the start":   {2, 1, []step{{0, d, x, true}, {5 * s, d, d, false}}},
		"up has to be confirmed": {2, 2, []step{{0, u, x, false}, {30 * s, u, u, false}, {30 * s, d, u, true}, {5 * s, u, u, false},
			{30 * s, d, u, true}, {5 * s, d, d, false}, {30 * s, u, d, false}, {30 * s, u, u, false}}},
		"unknown breaks the row":           {2, 1, []step{{0, u, u, false}, {30 * s, d, u, true}, {5 * s, x, x, false}, {25 * s, d, x, true}, {5 * s, d, d, false}}},
		"silence breaks the row":           {2, 1, []step{{0, u, u, false}, {30 * s, d, u, true}, {61 * s, d, x, true}, {5 * s, d, d, false}}},
		"twice the interval is no silence": {2, 1, []step{{0, u, u, false}, {30 * s, d, u, true}, {60 * s, d, d, false}}},
	} {
		t.Run(name, func(t *testing.T) {
			c := check("a", 30*time.Second)
			c.DownAfter, c.UpAfter = tc.downAfter, tc.upAfter
			var got confirmation
			at := int64(1_800_000_000_000)
			for i, st := range tc.steps {
				at += st.after.Milliseconds()
				got.observe(c, at, st.status)
				if got.state != st.state || got.quick != st.quick {
					t.Errorf("step %d, %v after %v: state %v, quick %v; want %v, %v", i, st.status, st.after, got.state, got.quick, st.state, st.quick)
				}
			}
		})
	}
}
