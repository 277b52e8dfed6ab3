package probes

import (
	"context"
	"fmt"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

// tcpProbe connects and hangs up. It neither sends nor reads a byte, so a target that accepts
// and then says nothing is up.
//
// Latency runs from the start of the probe until the connection stands: resolution of the
// name, then the three-way handshake (RFC 9293, section 3.5) with the first address of the
// name that takes it.
type tcpProbe struct {
	address string
}

func newTCP(c wire.TCP) (Prober, error) {
	if err := checkAddress(c.Address); err != nil {
		return nil, fmt.Errorf("tcp.address %q: %w", c.Address, err)
	}
	return tcpProbe{address: c.Address}, nil
}

func (p tcpProbe) Probe(ctx context.Context) Outcome {
	start := time.Now()
	conn, err := dial(ctx, "tcp", p.address)
	if err != nil {
		return failed(ctx, err, wire.AgentFault)
	}
	latency := time.Since(start)
	conn.Close() //nolint:errcheck // the connection stood: that it went badly afterwards says nothing
	return Outcome{Reason: wire.OK, Latency: latency}
}
