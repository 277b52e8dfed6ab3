package probes

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

// MinICMPTimeout is the least timeout that an ICMP check can have: the last 0.12 s before a
// deadline are spent on closing, not on listening.
const MinICMPTimeout = 250 * time.Millisecond

// maxSpacing is the most time between two packets of one probe.
const maxSpacing = 150 * time.Millisecond

// icmpProbe sends echo requests (RFC 792; RFC 4443 section 4) to one address and counts the
// replies. The packets leave at most maxSpacing apart, all in the first half of the time there
// is, so that the last of them has as long again to be answered.
//
// Latency is the median round trip of the packets that were answered, each timed on the
// monotonic clock from the return of the send to the reading of the reply; the resolution of a
// name is not in it. The median leaves out the first packet's wait for address resolution on
// the link (ARP, RFC 826), which a mean would show.
//
// No answer at all is Timeout. A router's ICMP error is not seen (pro-bing drops them), so a
// target that the network cannot reach is Timeout too, which is just as down. An error on
// sending comes from this host alone, and is unknown: NoPermission where a rule forbids it,
// Link where there is no route.
type icmpProbe struct {
	host    string
	packets int
	maxLoss int // percent
	sockets *sockets
}

func newICMP(c wire.Check, s *sockets) (Prober, error) {
	if err := checkHost(c.ICMP.Host); err != nil {
		return nil, fmt.Errorf("icmp.host %q: %w", c.ICMP.Host, err)
	}
	if c.TimeoutMS < MinICMPTimeout.Milliseconds() {
		return nil, fmt.Errorf("timeout_ms %d: an ICMP probe needs %d or more", c.TimeoutMS, MinICMPTimeout.Milliseconds())
	}
	return icmpProbe{host: c.ICMP.Host, packets: c.ICMP.Packets, maxLoss: c.ICMP.MaxLossPercent, sockets: s}, nil
}

func (p icmpProbe) Probe(ctx context.Context) Outcome {
	addr, err := p.resolve(ctx)
	if err != nil {
		return failed(ctx, err, wire.AgentFault)
	}
	r, err := p.sockets.ping(ctx, addr, p.packets)
	switch {
	case err == nil:
		return p.judge(r)
	case errors.Is(err, errPermission):
		return Outcome{Reason: wire.NoPermission, Detail: detail(err.Error())}
	case errors.Is(err, errNoSlot), errors.Is(err, errLate):
		return Outcome{Reason: wire.AgentFault, Detail: err.Error()} // though the deadline is past
	}
	return failed(ctx, err, wire.AgentFault)
}

// resolve gives a name half of the time there is; the other half belongs to the packets.
func (p icmpProbe) resolve(ctx context.Context) (netip.Addr, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	return resolve(ctx, p.host)
}

func (p icmpProbe) judge(r round) Outcome {
	lost := r.sent - len(r.rtts)
	o := Outcome{Reason: wire.OK, Latency: r.median()}
	switch {
	case len(r.rtts) == 0:
		o.Reason = wire.Timeout
	case lost*100 > p.maxLoss*r.sent:
		o.Reason = wire.Loss
	}
	if lost > 0 {
		o.Detail = fmt.Sprintf("%d of %d lost", lost, r.sent)
	}
	return o
}
