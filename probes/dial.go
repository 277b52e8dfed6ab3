package probes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"

	"github.com/nines-monitor/nines/internal/wire"
)

// dial connects to address. Its errors are fit for failed: where this host could not even
// reach its resolver, the error says that instead of blaming the name.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	var l lookup
	defer l.end()
	d := net.Dialer{KeepAlive: -1, Resolver: l.resolver()}
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, l.explain(err)
	}
	return conn, nil
}

// resolve gives the address to probe for host, which may be an address already: of several,
// the first in the order of RFC 6724, which puts those first that this host can reach.
func resolve(ctx context.Context, host string) (netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap(), nil
	}
	var l lookup
	defer l.end()
	addrs, err := l.resolver().LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, l.explain(err)
	}
	return addrs[0].Unmap(), nil // a lookup without error has an address
}

// lookup is the resolution of the names of one probe. Package net keeps two things from a
// probe that it must have: whose fault it was that a resolver could not be spoken to (the error
// is kept as text alone), and an end (a query outlives its context by the resolver's own
// timeout, seconds later). A lookup has a resolver of its own, since lookups through one are
// shared.
type lookup struct {
	mu    sync.Mutex
	ended bool
	conns []net.Conn
	fault error // of this host
}

func (l *lookup) resolver() *net.Resolver {
	return &net.Resolver{
		PreferGo: runtime.GOOS == "linux", // with cgo or without, a build resolves alike
		Dial:     l.dial,
	}
}

// dial connects to a resolver, by UDP or by TCP.
func (l *lookup) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil && l.ended:
		conn.Close() //nolint:errcheck // nobody has used it
		return nil, net.ErrClosed
	case err == nil:
		l.conns = append(l.conns, conn)
	case ctx.Err() == nil && reasonOf(ctx, err, wire.DNSFailure).Status() == wire.Unknown:
		l.fault = err
	}
	return conn, err
}

// end hangs up on every resolver, and so ends the queries that are still waiting.
func (l *lookup) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	for _, conn := range l.conns {
		conn.Close() //nolint:errcheck // most are closed already
	}
}

// explain replaces err by this host's own fault, unless a resolver gave an answer all the same.
func (l *lookup) explain(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var dns *net.DNSError
	if l.fault == nil || !errors.As(err, &dns) || dns.IsNotFound {
		return err
	}
	return fmt.Errorf("look up %s: %w", dns.Name, l.fault)
}

// route asks this host for its way to addr, and gives OK, or the reason why it has none: its
// own table holds no route, or a rule of its own forbids it. Connecting a datagram socket
// looks the route up and sends nothing. A network that turns packets back farther on is not
// seen here, which tells the two apart.
func route(addr netip.Addr) wire.Reason {
	const discard = 9 // any port will do
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, discard)))
	if err != nil {
		return routeReason(err)
	}
	conn.Close() //nolint:errcheck // nothing was sent
	return wire.OK
}
