//go:build unix

package probes

import (
	"syscall"

	"github.com/nines-monitor/nines/internal/wire"
)

// errnoReasons gives the meaning of errors of the kernel, as Linux's ip(7), tcp(7) and
// net/ipv4/icmp.c (icmp_err_convert) have it. One that is not listed is AgentFault.
var errnoReasons = map[syscall.Errno]wire.Reason{
	syscall.ECONNREFUSED: wire.Refused,
	syscall.ECONNRESET:   wire.Reset,
	syscall.ECONNABORTED: wire.Reset,
	syscall.EPIPE:        wire.Reset,
	syscall.ETIMEDOUT:    wire.Timeout,

	syscall.EHOSTUNREACH: wire.Unreachable,
	syscall.ENETUNREACH:  wire.Unreachable,
	syscall.EHOSTDOWN:    wire.Unreachable,
	syscall.ENOPROTOOPT:  wire.Unreachable, // ICMP protocol unreachable
	syscall.EPROTO:       wire.Unreachable, // ICMPv6 parameter problem

	syscall.EACCES: wire.NoPermission,
	syscall.EPERM:  wire.NoPermission,

	syscall.ENETDOWN:        wire.Link,
	syscall.EAFNOSUPPORT:    wire.Link, // the host has no such IP version
	syscall.EPROTONOSUPPORT: wire.NoPermission,
}

// routeErrnos are those that a look-up of the route gives too: EACCES for a route of type
// prohibit, EINVAL for blackhole, EAGAIN for throw.
var routeErrnos = map[syscall.Errno]bool{syscall.EACCES: true, syscall.EINVAL: true, syscall.EAGAIN: true}
