package packaging

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/testservers"
)

// The service manager's side of Type=notify, as sd_notify(3) describes it: the real programs must say when they are ready,
// pet the watchdog while they are well, announce that they stop, and end soon and well on SIGTERM.
func TestProgramsTalkToTheServiceManager(t *testing.T) {
	const (
		watchdog = time.Second // as WatchdogSec; a program pets it in half that time
		patience = 20 * time.Second
		stopping = 10 * time.Second // well within TimeoutStopSec
	)
	for name, tc := range map[string]struct {
		program string
		args    func(t *testing.T) []string
	}{
		"an agent whose collector cannot be reached": {"nines-agent", agentArgs},
		"a collector with an empty state":            {"nines", collectorArgs},
	} {
		t.Run(name, func(t *testing.T) {
			manager := listenNotify(t)
			p := start(t, manager, watchdog, build(t, tc.program), tc.args(t)...)

			manager.expect(t, p, "READY=1", patience)
			manager.expect(t, p, "WATCHDOG=1", patience)
			manager.expect(t, p, "WATCHDOG=1", watchdog)
			if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			manager.expect(t, p, "STOPPING=1", stopping)
			select {
			case <-p.ended:
				if p.err != nil {
					t.Errorf("after SIGTERM: %v, want exit 0\n%s", p.err, p.said.String())
				}
			case <-time.After(stopping):
				t.Errorf("still running %s after SIGTERM\n%s", stopping, p.said.String())
			}
		})
	}
}

func agentArgs(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "agent.toml")
	writeFile(t, config, `collector = "http://127.0.0.1:1"`+"\nmetrics = \"\"\nstate = "+quote(filepath.Join(dir, "state"))+"\n")
	return []string{"run", "--config", config}
}

func collectorArgs(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "collector.toml")
	if err := os.Mkdir(filepath.Join(dir, "clients"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, config, `listen = "127.0.0.1:0"`+"\nagents_listen = \"127.0.0.1:0\"\nstate = "+quote(filepath.Join(dir, "state"))+"\n")
	return []string{"collector", "--config", config}
}

// manager is the socket at which a service manager listens.
type manager struct{ conn *net.UnixConn }

func listenNotify(t *testing.T) manager {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify") //nolint:usetesting // a socket's path must be short, t.TempDir's holds the test's name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "socket"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return manager{conn}
}

// expect reads notifications until one has the wanted line.
func (m manager) expect(t *testing.T, p *process, want string, within time.Duration) {
	t.Helper()
	if err := m.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	var heard []string
	buf := make([]byte, 4096)
	for {
		n, err := m.conn.Read(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("no %s within %s, only %q; the program says\n%s", want, within, heard, p.said.String())
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(buf[:n])), "\n")
		if slices.Contains(lines, want) {
			return
		}
		heard = append(heard, lines...)
	}
}

// process is a program that a test has started. It is killed when the test ends, if it still runs.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // of its end; read it after ended is closed
	said  *output
}

// output collects what a process says while the test may read it.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func start(t *testing.T, m manager, watchdog time.Duration, program string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program, args...), ended: make(chan struct{}), said: &output{}}
	p.cmd.Env = append(os.Environ(),
		"NOTIFY_SOCKET="+m.conn.LocalAddr().String(),
		"WATCHDOG_USEC="+strconv.FormatInt(watchdog.Microseconds(), 10))
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		p.err = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill() //nolint:errcheck // it may have ended
		<-p.ended
	})
	return p
}

// build makes the program as it is shipped, and returns its path.
func build(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	run(t, filepath.Join(testservers.Root(t), "tools", "build"), path, "../cmd/"+name)
	return path
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func quote(path string) string { return "'" + path + "'" }
