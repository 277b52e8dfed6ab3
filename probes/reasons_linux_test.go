package probes_test

import (
	"crypto/tls"
	"testing"

	"github.com/nines-monitor/nines/internal/wire"
)

// What goes wrong on the agent's own host is unknown, never down, whatever the protocol.
func TestOwnFaults(t *testing.T) {
	up := serve(t, "127.0.0.1:0", listen)
	tcp := tcpCheck(up)
	icmp := echo("127.0.0.1", 1, 0)(t)
	web := url("http://" + up + "/")(t)
	webByName, icmpByName := url("http://answers.test/")(t), echo(named, 1, 0)(t)
	tlsServer := secured(t, &tls.Config{Certificates: []tls.Certificate{certificate(t, false, nil)}}, false)

	for name, tc := range map[string]struct {
		hardship hardship
		check    wire.Check
		want     wire.Reason
	}{
		"no file descriptor left, tcp":             {hardship{Files: true}, tcp, wire.AgentFault},
		"no file descriptor left, http":            {hardship{Files: true}, web, wire.AgentFault},
		"no file descriptor left, icmp":            {hardship{Files: true}, icmp, wire.AgentFault},
		"no file descriptor left, raw icmp":        {hardship{Files: true, NoPingSockets: true}, icmp, wire.AgentFault},
		"no file descriptor left for the resolver": {hardship{Files: true}, webByName, wire.AgentFault},
		"no local port left":                       {hardship{Ports: true}, tcp, wire.AgentFault},
		"no way to the resolver":                   {hardship{Resolver: nowhere}, webByName, wire.Link},
		"no way to the resolver, icmp":             {hardship{Resolver: nowhere}, icmpByName, wire.Link},
		"no leave to ask the resolver":             {hardship{Resolver: prohibited}, webByName, wire.NoPermission},
		"a resolver that refuses is the network's": {hardship{Resolver: "127.0.0.9"}, webByName, wire.DNSFailure},
		"no trusted certificate on this host":      {hardship{NoRoots: true}, tlsServer, wire.AgentFault},
		"no link, tcp":                             {hardship{NoLink: true}, tcp, wire.Link},
		"no link, http":                            {hardship{NoLink: true}, web, wire.Link},
		"no link, icmp":                            {hardship{NoLink: true}, icmp, wire.Link},
		"no link, to another host":                 {hardship{NoLink: true}, tcpCheck("10.8.0.2:80"), wire.Link},
	} {
		t.Run(name, func(t *testing.T) {
			got := elsewhere(t, tc.hardship, tc.check)
			if got.Reason != tc.want {
				t.Errorf("Probe = %s (%s), want %s", got.Reason, got.Detail, tc.want)
			}
			if got.Detail == "" {
				t.Errorf("Probe = %s without a detail for the technician", got.Reason)
			}
		})
	}
}
