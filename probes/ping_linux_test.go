package probes

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

// A probe that finds every raw socket in use says so in good time, and blames the agent.
func TestRawSlots(t *testing.T) {
	s := newSockets(1)
	s.last4.Store(int32(raw))
	p := limited{icmpProbe{host: "127.0.0.1", packets: 1, sockets: s}, time.Second}

	if got := p.Probe(t.Context()); got.Reason != wire.OK || len(s.slots) != 0 {
		t.Fatalf("Probe with a free slot = %s (%s), %d slots kept; want %s and none", got.Reason, got.Detail, len(s.slots), wire.OK)
	}
	if s.last4.Load() != int32(raw) {
		t.Errorf("after a raw probe that worked the mode to try first is %d, want %d", s.last4.Load(), raw)
	}
	s.slots <- struct{}{} // another probe's
	start := time.Now()
	got := p.Probe(t.Context())
	if took := time.Since(start); got.Reason != wire.AgentFault || got.Detail != errNoSlot.Error() || took > time.Second {
		t.Errorf("Probe without a slot = %s (%s) after %v, want %s (%v) within a second", got.Reason, got.Detail, took, wire.AgentFault, errNoSlot)
	}
	time.AfterFunc(20*time.Millisecond, s.release)
	if got := p.Probe(t.Context()); got.Reason != wire.OK {
		t.Errorf("Probe with a slot that is given back soon = %s (%s), want %s", got.Reason, got.Detail, wire.OK)
	}
}

// A host so busy that a probe starts when its time is over has not seen its target fail.
func TestPingTooLate(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), -time.Second)
	defer cancel()
	for name, m := range map[string]mode{"unprivileged": unprivileged, "raw": raw} {
		s := newSockets(1)
		s.last4.Store(int32(m))
		s.slots <- struct{}{}
		p := icmpProbe{host: "127.0.0.1", packets: 1, sockets: s}
		if got := p.Probe(ctx); got.Reason != wire.AgentFault {
			t.Errorf("Probe, %s, after its deadline = %s (%s), want %s", name, got.Reason, got.Detail, wire.AgentFault)
		}
	}
}

func TestMedian(t *testing.T) {
	const ms = time.Millisecond
	for name, tc := range map[string]struct {
		rtts []time.Duration
		want time.Duration
	}{
		"none":                        {nil, 0},
		"one":                         {[]time.Duration{3 * ms}, 3 * ms},
		"two":                         {[]time.Duration{8 * ms, 3 * ms}, 5500 * time.Microsecond},
		"three, the first an outlier": {[]time.Duration{90 * ms, 2 * ms, 4 * ms}, 4 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			before := slices.Clone(tc.rtts)
			r := round{sent: len(tc.rtts), rtts: tc.rtts}
			if got := r.median(); got != tc.want || !slices.Equal(r.rtts, before) {
				t.Errorf("median of %v = %v, left as %v; want %v", before, got, r.rtts, tc.want)
			}
		})
	}
}
