package probes_test

import (
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/probes"
	"github.com/nines-monitor/nines/probes/probestest"
)

// echo gives a check of host with a short round of packets.
func echo(host string, packets, maxLoss int) func(*testing.T) wire.Check {
	return func(*testing.T) wire.Check {
		return wire.Check{ICMP: &wire.ICMP{Host: host, Packets: packets, MaxLossPercent: maxLoss}}
	}
}

// The cases hold for either kind of socket.
var echoes = map[string]probestest.Case{
	"a host":                                   {Target: echo("127.0.0.1", 2, 0), Want: wire.OK},
	"a host over IPv6":                         {Target: echo("::1", 2, 0), Want: wire.OK},
	"a host by name":                           {Target: echo(named, 1, 0), Want: wire.OK},
	"a host by a name that IPv6 alone has":     {Target: echo(named6, 1, 0), Want: wire.OK},
	"a host that answers nothing":              {Target: echo(silent, 3, 34), Want: wire.Timeout, Waits: true},
	"a host that is not on its link":           {Target: echo(absent, 3, 34), Want: wire.Timeout, Waits: true},
	"a host that a router turns back":          {Target: echo(turnsBack, 3, 34), Want: wire.Timeout, Waits: true},
	"a quarter lost where a quarter may be":    {Target: echo(losesFirst, 4, 25), Want: wire.OK, Waits: true},
	"a quarter lost where less may be":         {Target: echo(losesFirst, 4, 24), Want: wire.Loss, Waits: true},
	"a host that this host's firewall bars":    {Target: echo(walledOff, 2, 0), Want: wire.NoPermission},
	"a host that this host's routes forbid":    {Target: echo(prohibited, 2, 0), Want: wire.NoPermission},
	"a v6 host that this host's routes forbid": {Target: echo(prohibited6, 2, 0), Want: wire.NoPermission},
	"a host that a rule forbids ICMP to":       {Target: echo(noEcho, 2, 0), Want: wire.NoPermission},
	"a host that this host blackholes":         {Target: echo(blackholed, 2, 0), Want: wire.Link},
	"a host that this host knows no way to":    {Target: echo(unreachable, 2, 0), Want: wire.Link},
	"a host that this host has no route to":    {Target: echo(nowhere, 2, 0), Want: wire.Link},
	"a v6 host that this host has no route to": {Target: echo(nowhere6, 2, 0), Want: wire.Link},
	"a name that does not exist":               {Target: echo(unknownName, 2, 0), Want: wire.DNSNotFound},
	"a name whose resolver fails":              {Target: echo(brokenName, 2, 0), Want: wire.DNSFailure},
	"a name whose resolver is silent":          {Target: echo(silentName, 2, 0), Want: wire.DNSTimeout, Waits: true},
}

func TestICMPUnprivileged(t *testing.T) {
	probestest.Run(t, echoes)
}

// With ping_group_range closed there are no unprivileged sockets, and raw ones take over.
func TestICMPRaw(t *testing.T) {
	setForTest(t, pingGroups, closed)
	probestest.Run(t, echoes)
}

// A host may change its mind while an agent runs; no restart is needed.
func TestICMPFollowsTheHost(t *testing.T) {
	p := newProber(t, echo("127.0.0.1", 1, 0)(t))
	for _, groups := range []string{openToAll, closed, openToAll} {
		setForTest(t, pingGroups, groups)
		if got := p.Probe(t.Context()); got.Reason != wire.OK {
			t.Errorf("Probe with ping_group_range %q = %s (%s), want %s", groups, got.Reason, got.Detail, wire.OK)
		}
	}
}

func TestICMPWithoutCapability(t *testing.T) {
	for name, tc := range map[string]struct {
		groups string
		host   string
		want   wire.Reason
	}{
		"unprivileged sockets need none":             {openToAll, "127.0.0.1", wire.OK},
		"unprivileged sockets need none, v6":         {openToAll, "::1", wire.OK},
		"neither kind of socket is given out":        {closed, "127.0.0.1", wire.NoPermission},
		"neither kind of socket is given out, v6":    {closed, "::1", wire.NoPermission},
		"nor does the target's silence make it down": {closed, silent, wire.NoPermission},
	} {
		t.Run(name, func(t *testing.T) {
			setForTest(t, pingGroups, tc.groups)
			check := echo(tc.host, 1, 0)(t)
			if got := elsewhere(t, hardship{DropNetRaw: true}, check); got.Reason != tc.want {
				t.Errorf("Probe without CAP_NET_RAW = %s (%s), want %s", got.Reason, got.Detail, tc.want)
			}
		})
	}
}

// The round trip to this machine takes microseconds, and the pauses between the packets and
// after them are not in it.
func TestICMPLatencyIsTheRoundTrip(t *testing.T) {
	got := newProber(t, echo("127.0.0.1", 3, 0)(t)).Probe(t.Context())
	if got.Reason != wire.OK || got.Latency <= 0 || got.Latency > 100*time.Millisecond {
		t.Errorf("Probe of loopback = %+v, want ok within 100 ms", got)
	}
}

func TestICMPTimeoutHasALeast(t *testing.T) {
	check := wire.Check{ID: "hasty", IntervalMS: 1000, TimeoutMS: 249, DownAfter: 1, UpAfter: 1, ICMP: &wire.ICMP{Host: "127.0.0.1", Packets: 1}}
	_, err := probes.New(check)
	if want := "check hasty: timeout_ms 249: an ICMP probe needs 250 or more"; err == nil || err.Error() != want {
		t.Errorf("New = %v, want %q", err, want)
	}
}
