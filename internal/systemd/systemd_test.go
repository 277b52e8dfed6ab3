package systemd

import (
	"log/slog"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// manager listens as systemd does, on a datagram socket.
func manager(t *testing.T) *net.UnixConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return conn
}

func heard(t *testing.T, conn *net.UnixConn, within time.Duration) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 256)
	n, err := conn.Read(buf)
	if err != nil {
		return ""
	}
	return string(buf[:n])
}

func TestNotifierSpeaksWhileHealthy(t *testing.T) {
	conn := manager(t)
	t.Setenv("WATCHDOG_USEC", "100000")
	t.Setenv("WATCHDOG_PID", "")
	var sick atomic.Bool
	n := Start(slog.New(slog.DiscardHandler), func() bool { return !sick.Load() })
	defer n.Stop()
	for _, want := range []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1"} {
		if got := heard(t, conn, 5*time.Second); got != want {
			t.Fatalf("heard %q, want %q", got, want)
		}
	}
	sick.Store(true)
	for range 20 {
		if heard(t, conn, 300*time.Millisecond) == "" {
			break // what was on its way has come; from here on a sick daemon is silent
		}
	}
	n.Stopping()
	if got := heard(t, conn, 5*time.Second); got != "STOPPING=1" {
		t.Errorf("heard %q, want STOPPING=1", got)
	}
}

func TestNotifierWithoutAManager(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "")
	n := Start(slog.New(slog.DiscardHandler), func() bool { return true })
	n.Stopping()
	n.Stop()
}
