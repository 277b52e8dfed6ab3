package probes

import (
	"syscall"

	"golang.org/x/sys/windows"

	"github.com/nines-monitor/nines/internal/wire"
)

// errnoReasons gives the meaning of errors of Windows Sockets. One that is not listed is
// AgentFault.
var errnoReasons = map[syscall.Errno]wire.Reason{
	windows.WSAECONNREFUSED: wire.Refused,
	windows.WSAECONNRESET:   wire.Reset,
	windows.WSAECONNABORTED: wire.Reset,
	windows.WSAEDISCON:      wire.Reset,
	windows.WSAETIMEDOUT:    wire.Timeout,

	windows.WSAEHOSTUNREACH: wire.Unreachable,
	windows.WSAENETUNREACH:  wire.Unreachable,
	windows.WSAEHOSTDOWN:    wire.Unreachable,

	windows.WSAEACCES:           wire.NoPermission,
	windows.ERROR_ACCESS_DENIED: wire.NoPermission,

	windows.WSAENETDOWN:     wire.Link,
	windows.WSAEAFNOSUPPORT: wire.Link,
}

// routeErrnos are those that a look-up of the route gives too.
var routeErrnos = map[syscall.Errno]bool{windows.WSAEACCES: true, windows.WSAEADDRNOTAVAIL: true}
