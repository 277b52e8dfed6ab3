package probes_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/probes/probestest"
)

func TestTCP(t *testing.T) {
	to := func(address string) func(*testing.T) wire.Check {
		return func(*testing.T) wire.Check { return wire.Check{TCP: &wire.TCP{Address: address}} }
	}
	probestest.Run(t, map[string]probestest.Case{
		"a port that accepts":                        {Target: func(t *testing.T) wire.Check { return tcpCheck(serve(t, "127.0.0.1:0", listen)) }, Want: wire.OK},
		"a port that accepts over IPv6":              {Target: func(t *testing.T) wire.Check { return tcpCheck(serve(t, "[::1]:0", listen)) }, Want: wire.OK},
		"a port that accepts, by name":               {Target: byName(named), Want: wire.OK},
		"a port that hangs up at once":               {Target: func(t *testing.T) wire.Check { return tcpCheck(serve(t, "127.0.0.1:0", func(net.Conn) {})) }, Want: wire.OK},
		"a port where nobody listens":                {Target: to("127.0.0.1:1"), Want: wire.Refused},
		"a port whose backlog is full":               {Target: func(t *testing.T) wire.Check { return tcpCheck(fullBacklog(t)) }, Want: wire.Timeout, Waits: true},
		"a host that never answers":                  {Target: to(silent + ":80"), Want: wire.Timeout, Waits: true},
		"a host that a router says is unreachable":   {Target: to(turnsBack + ":80"), Want: wire.Unreachable},
		"a host behind a firewall that says so":      {Target: to(filtered + ":80"), Want: wire.Unreachable},
		"a v6 host behind a firewall that says so":   {Target: to(filtered6), Want: wire.Unreachable},
		"a host that is not on its link":             {Target: to(absent + ":80"), Want: wire.Unreachable},
		"a host that this host's routes forbid":      {Target: to(prohibited + ":80"), Want: wire.NoPermission},
		"a host that this host's routes forbid (v6)": {Target: to("[" + prohibited6 + "]:80"), Want: wire.NoPermission},
		"a host that this host blackholes":           {Target: to(blackholed + ":80"), Want: wire.Link},
		"a host that this host knows no way to":      {Target: to(unreachable + ":80"), Want: wire.Link},
		"a host that this host has no route to":      {Target: to(nowhere + ":80"), Want: wire.Link},
		"a host that this host has no route to (v6)": {Target: to("[" + nowhere6 + "]:80"), Want: wire.Link},
		"a name that does not exist":                 {Target: to(unknownName + ":80"), Want: wire.DNSNotFound},
		"a name whose resolver fails":                {Target: to(brokenName + ":80"), Want: wire.DNSFailure},
		"a name whose resolver is silent":            {Target: to(silentName + ":80"), Want: wire.DNSTimeout, Waits: true},
	})
}

func tcpCheck(address string) wire.Check { return wire.Check{TCP: &wire.TCP{Address: address}} }

func byName(name string) func(*testing.T) wire.Check {
	return func(t *testing.T) wire.Check {
		_, port, _ := net.SplitHostPort(serve(t, "127.0.0.1:0", listen))
		return tcpCheck(net.JoinHostPort(strings.TrimSuffix(name, "."), port))
	}
}

// listen hears what a client says until it hangs up, and says nothing.
func listen(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// serve listens on address until the test ends and hands every connection to handle, then
// closes it. It gives the address it listens on.
func serve(t *testing.T, address string, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	return l.Addr().String()
}

// fullBacklog gives the address of a listener that never accepts and has no room for more.
func fullBacklog(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port := name.(*unix.SockaddrInet4).Port
	conn, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}).String()
}
