package probes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"github.com/nines-monitor/nines/internal/wire"
)

// failed is the outcome of a probe that ended in err; see reasonOf.
func failed(ctx context.Context, err error, otherwise wire.Reason) Outcome {
	return Outcome{Reason: reasonOf(ctx, err, otherwise), Detail: detail(err.Error())}
}

// reasonOf is the one place where an error becomes a reason. The rule behind its order: a
// fault of this host, and whatever nobody has thought of, is unknown; the target is down only
// where the error can have no other meaning. otherwise is the reason of an error that comes
// from none of context, resolver, kernel or TLS.
func reasonOf(ctx context.Context, err error, otherwise wire.Reason) wire.Reason {
	if errors.Is(ctx.Err(), context.Canceled) || errors.Is(err, context.Canceled) {
		return wire.AgentFault // we are shutting down: whatever err says may come of that
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dnsReason(dns)
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errnoReason(errno, err)
	}
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return wire.Timeout
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return wire.Reset
	}
	if reason, ok := tlsReason(err); ok {
		return reason
	}
	if ctx.Err() != nil {
		return wire.Timeout // the connection was closed under the reader's feet at the deadline
	}
	return otherwise
}

func dnsReason(err *net.DNSError) wire.Reason {
	switch {
	case err.IsNotFound:
		return wire.DNSNotFound
	case err.IsTimeout:
		return wire.DNSTimeout
	}
	return wire.DNSFailure
}

// errnoReason explains what the kernel said. Where it may have spoken of the network or of
// itself, the route decides: if this host has no way to the target at all, the target is not
// to blame.
func errnoReason(errno syscall.Errno, err error) wire.Reason {
	reason, listed := errnoReasons[errno]
	if !listed {
		reason = wire.AgentFault
	}
	if !ofTheWay(errno) {
		return reason
	}
	addr, ok := remote(err)
	if !ok {
		return routeReason(err)
	}
	if own := route(addr); own != wire.OK {
		return own
	}
	if errno == syscall.EACCES && addr.Is6() {
		return wire.Unreachable // RFC 4443 section 3.1, code 1: a firewall on the way says so
	}
	return reason
}

// routeReason explains why this host could not send at all.
func routeReason(err error) wire.Reason {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return wire.AgentFault
	}
	switch reason := errnoReasons[errno]; {
	case reason == wire.NoPermission, reason == wire.Link:
		return reason
	case ofTheWay(errno):
		return wire.Link
	}
	return wire.AgentFault
}

// ofTheWay reports whether errno can mean a want of a route on this host.
func ofTheWay(errno syscall.Errno) bool {
	return errnoReasons[errno] == wire.Unreachable || routeErrnos[errno]
}

// remote gives the address that err is about, if it names one.
func remote(err error) (netip.Addr, bool) {
	var op *net.OpError
	if !errors.As(err, &op) {
		return netip.Addr{}, false
	}
	switch a := op.Addr.(type) {
	case *net.TCPAddr:
		return a.AddrPort().Addr().Unmap(), true
	case *net.UDPAddr:
		return a.AddrPort().Addr().Unmap(), true
	case *net.IPAddr:
		addr, ok := netip.AddrFromSlice(a.IP)
		return addr.Unmap().WithZone(a.Zone), ok
	}
	return netip.Addr{}, false
}

// handshakeError marks what went wrong while TLS was being agreed on.
type handshakeError struct{ err error }

func (e handshakeError) Error() string { return "tls: " + strings.TrimPrefix(e.err.Error(), "tls: ") }
func (e handshakeError) Unwrap() error { return e.err }

// tlsReason tells the ways apart in which TLS fails (RFC 5280 section 6 for the certificate,
// RFC 9525 for its names). A server that wants a certificate of its client may say so only
// after the handshake (RFC 8446 section 4.4.2.4); crypto/tls calls that a remote error.
func tlsReason(err error) (wire.Reason, bool) {
	var (
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		unknown   x509.UnknownAuthorityError
		roots     x509.SystemRootsError
		cert      *tls.CertificateVerificationError
		handshake handshakeError
		op        *net.OpError
	)
	switch {
	case errors.As(err, &roots), errors.As(err, &unknown) && noRoots():
		return wire.AgentFault, true // this host trusts nobody: ca-certificates is missing
	case errors.As(err, &name):
		return wire.TLSName, true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return wire.TLSExpired, true
	case errors.As(err, &cert):
		return wire.TLSUntrusted, true
	case errors.As(err, &handshake), errors.As(err, &op) && op.Op == "remote error":
		return wire.TLSHandshake, true
	}
	return 0, false
}

// noRoots reports whether this host has no trusted root certificate at all.
func noRoots() bool {
	pool, err := x509.SystemCertPool()
	return err == nil && pool.Equal(x509.NewCertPool())
}
