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
	var own ownFault
	d := net.Dialer{KeepAlive: -1, Resolver: own.resolver()}
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, own.explain(err)
	}
	return conn, nil
}

// resolve gives the address to probe for host, which may be an address already: of several,
// the first in the order of RFC 6724, which puts those first that this host can reach.
func resolve(ctx context.Context, host string) (netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap(), nil
	}
	var own ownFault
	addrs, err := own.resolver().LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, own.explain(err)
	}
	return addrs[0].Unmap(), nil // a lookup without error has an address
}

// ownFault remembers why this host could not speak to a resolver. The net package keeps
// nothing of such an error but its text, and a probe must know whose fault it was. Each lookup
// has its own, and with it its own resolver, since lookups through one resolver are shared.
type ownFault struct {
	mu  sync.Mutex
	err error
}

func (o *ownFault) resolver() *net.Resolver {
	return &net.Resolver{
		PreferGo: runtime.GOOS == "linux", // with cgo or without, a build resolves alike
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			var d net.Dialer
			conn, err := d.DialContext(ctx, network, address)
			if err != nil && reasonOf(ctx, err, wire.DNSFailure).Status() == wire.Unknown {
				o.mu.Lock()
				o.err = err
				o.mu.Unlock()
			}
			return conn, err
		},
	}
}

// explain replaces err by this host's own fault, unless a resolver gave an answer all the same.
func (o *ownFault) explain(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var dns *net.DNSError
	if o.err == nil || !errors.As(err, &dns) || dns.IsNotFound {
		return err
	}
	return fmt.Errorf("look up %s: %w", dns.Name, o.err)
}

// route asks this host for its way to addr, and gives OK, or the reason why it has none: its
// own table holds no route, or a rule of its own forbids it. Connecting a datagram socket
// looks the route up and sends nothing. A network that turns packets back farther on is not
// seen here, which tells the two apart.
func route(addr netip.Addr) (wire.Reason, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 9)))
	if err != nil {
		return routeReason(err), fmt.Errorf("no way out of this host: %w", err)
	}
	return wire.OK, conn.Close()
}
