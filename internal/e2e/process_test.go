package e2e

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// stopWithin is how long a program may take to stop in order.
const stopWithin = 15 * time.Second

// process is one running program. Its output is shown when the test fails.
type process struct {
	name string
	cmd  *exec.Cmd
	out  transcript
	done chan struct{}
	err  error // of Wait, once done is closed
}

// start runs a program until the test ends, if it is not stopped before.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{name: name, cmd: exec.Command(filepath.Join(bin, name), args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // the usual case: it has ended already
		<-p.done
		if t.Failed() {
			t.Logf("output of %s %s:\n%s", name, strings.Join(args, " "), p.out.String())
		}
	})
	return p
}

// stop asks the program to end with SIGTERM, and fails the test unless it does so in order.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopWithin):
		t.Fatalf("%s did not stop within %s of SIGTERM", p.name, stopWithin)
	}
	if p.err != nil {
		t.Fatalf("%s after SIGTERM: %v, want exit code 0", p.name, p.err)
	}
}

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatalf("signal %s: %v", p.name, err)
	}
}

// command runs a program to its end and gives its standard output.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, errout, code := try(t, name, args...)
	if code != 0 {
		t.Fatalf("%s %s: exit code %d\n%s", name, strings.Join(args, " "), code, errout)
	}
	return out
}

// try runs a program to its end, whatever that is.
func try(t *testing.T, name string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, name), args...)
	var out, errout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errout
	_ = cmd.Run() // the exit code says it
	if cmd.ProcessState == nil {
		t.Fatalf("%s could not be started", name)
	}
	return out.String(), errout.String(), cmd.ProcessState.ExitCode()
}

// transcript collects output; it may be read while it is written.
type transcript struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}

// eventually polls until ok, and fails the test with what was waited for when that takes too long.
func eventually(t *testing.T, within time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain for: %s", within, what)
		}
		<-tick.C
	}
}
