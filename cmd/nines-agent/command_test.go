package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nines-monitor/nines/agent"
	"github.com/nines-monitor/nines/internal/cli"
	"github.com/nines-monitor/nines/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// command runs one command line and gives what it prints and how it exits.
func command(ctx context.Context, args ...string) (out, errs string, code int) {
	var stdout, stderr bytes.Buffer
	err := Run(ctx, args, cli.Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	code = cli.Exit("nines-agent", err, &stderr)
	return stdout.String(), stderr.String(), code
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "agent.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCommandLines(t *testing.T) {
	unknown := write(t, "collector = \"https://c.example\"\nprobe = true\n")
	for name, tc := range map[string]struct {
		args      []string
		code      int
		out, errs string // parts
	}{
		"help":                   {[]string{"--help"}, 0, "Probes what a site depends on", ""},
		"help of a command":      {[]string{"run", "--help"}, 0, "--config=FILE", ""},
		"version":                {[]string{"version"}, 0, "nines-agent ", ""},
		"nothing":                {nil, 2, "", "nines-agent: expected one of"},
		"an unknown command":     {[]string{"exec", "id"}, 2, "", "see nines-agent --help"},
		"an unknown flag":        {[]string{"version", "--fast"}, 2, "", "unknown flag --fast"},
		"run without its file":   {[]string{"run"}, 2, "", "missing flags: --config=FILE"},
		"run with no such file":  {[]string{"run", "--config", "/nowhere.toml"}, 1, "", "open /nowhere.toml: no such file or directory: give the path of an agent.toml with --config"},
		"run with a bad file":    {[]string{"run", "--config", unknown}, 1, "", unknown + ":2: probe: unknown key"},
		"key with no such file":  {[]string{"key", "--config", "/nowhere.toml"}, 1, "", "open /nowhere.toml: no such file or directory"},
		"key in a bad directory": {[]string{"key", "--state", unknown}, 1, "", "make state directory"},
	} {
		t.Run(name, func(t *testing.T) {
			out, errs, code := command(t.Context(), tc.args...)
			if code != tc.code || !strings.Contains(out, tc.out) || !strings.Contains(errs, tc.errs) {
				t.Errorf("nines-agent %q = exit %d, out %q, err %q; want %d, %q, %q", tc.args, code, out, errs, tc.code, tc.out, tc.errs)
			}
		})
	}
}

func TestKeyPrintsThePublicHalfAlone(t *testing.T) {
	dir := t.TempDir()
	first, _, code := command(t.Context(), "key", "--state", dir)
	again, _, _ := command(t.Context(), "key", "--state", dir)
	if code != 0 || first != again {
		t.Fatalf("key = exit %d, %q, then %q; want the same twice", code, first, again)
	}
	key, err := agent.EnsureIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	pub, _ := key.Public().(ed25519.PublicKey)
	if want := base64.StdEncoding.EncodeToString(pub) + "\n" + wire.KeyID(pub) + "\n"; first != want {
		t.Errorf("key prints %q, want %q", first, want)
	}
}

func TestKeyLooksWhereRunDoes(t *testing.T) {
	path := write(t, "collector = \"https://c.example\"\nstate = \"state\"\n")
	beside, other := filepath.Join(filepath.Dir(path), "state"), t.TempDir()
	for name, tc := range map[string]struct {
		args []string
		dir  string
	}{
		"the file's state":                {[]string{"key", "--config", path}, beside},
		"the flag wins over the file":     {[]string{"key", "--config", path, "--state", other}, other},
		"the flag alone, as the last one": {[]string{"key", "--state", other}, other},
	} {
		t.Run(name, func(t *testing.T) {
			out, errs, code := command(t.Context(), tc.args...)
			key, err := agent.EnsureIdentity(tc.dir)
			if err != nil {
				t.Fatal(err)
			}
			pub, _ := key.Public().(ed25519.PublicKey)
			if want := wire.KeyID(pub); code != 0 || !strings.Contains(out, want) {
				t.Errorf("nines-agent %q = exit %d, %q, %q; want the key %s of %s", tc.args, code, out, errs, want, tc.dir)
			}
		})
	}
}

func TestRunTellsTheServiceManagerHowItFares(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "200000")
	t.Setenv("WATCHDOG_PID", "")
	if err := manager.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	hear := func() string {
		buf := make([]byte, 100)
		n, err := manager.Read(buf)
		if err != nil {
			t.Fatalf("the service manager hears nothing: %v", err)
		}
		return string(buf[:n])
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	path := write(t, "collector = \"https://127.0.0.1:1\"\nmetrics = \"\"\n")
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, []string{"run", "--config", path, "--state", t.TempDir()}, cli.Streams{Out: io.Discard, Err: io.Discard})
	}()
	for _, want := range []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1"} {
		if got := hear(); got != want {
			t.Fatalf("the service manager hears %q, want %q", got, want)
		}
	}
	stop()
	for got := hear(); got != "STOPPING=1"; got = hear() {
		if got != "WATCHDOG=1" {
			t.Fatalf("the service manager hears %q, want STOPPING=1", got)
		}
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Run = %v, want nil after an orderly stop", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("Run goes on 10 s after its context ended, want a quick end")
	}
}
