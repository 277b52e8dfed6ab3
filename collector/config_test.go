package collector

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadConfigFillsInWhatIsLeftOut(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("STATE_DIRECTORY", "")
	got, err := LoadConfig(writeFile(t, filepath.Join(dir, "c.toml"), ""), Flags{})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Listen: DefaultListen, AgentsListen: DefaultAgentsListen, State: "/var/lib/nines",
		Clients: filepath.Join(dir, "clients"), LogLevel: "info",
	}
	if got != want {
		t.Errorf("LoadConfig(empty) = %+v, want %+v", got, want)
	}
}

func TestLoadConfigTakesFlagsOverTheFile(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "c.toml"), "listen = \"127.0.0.1:1\"\nstate = \"s\"\n")
	got, err := LoadConfig(file, Flags{Listen: "127.0.0.1:2"})
	if err != nil || got.Listen != "127.0.0.1:2" || got.State != filepath.Join(filepath.Dir(file), "s") {
		t.Errorf("LoadConfig = %+v, %v; want the flag's address, and the state beside the file", got, err)
	}
}

func TestLoadConfigTellsEveryProblemWithItsPlace(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "c.toml"), `listen = "0.0.0.0:80"
agents_listen = "nowhere"
log_level = "loud"
lisen = 1
[tls]
cert = "x.pem"
[mail]
host = "mail.example"
`)
	_, err := LoadConfig(file, Flags{})
	if err == nil {
		t.Fatal("LoadConfig = nil, want an error")
	}
	for _, want := range []string{
		":1: listen: 0.0.0.0:80 would show pages and API to the network: set admin.token_file, or start with --insecure-listen",
		`:2: agents_listen: "nowhere" is no address to listen on: want host:port, such as 127.0.0.1:8999`,
		`:3: log_level: "loud": want debug, info, warn or error`,
		":4: lisen: unknown key",
		":5: tls: cert and key go together",
		":7: mail: mail.from: missing",
	} {
		if !strings.Contains(err.Error(), file+want) {
			t.Errorf("LoadConfig =\n%v\nwant %q in it", err, want)
		}
	}
}

func TestExampleConfigIsRight(t *testing.T) {
	for _, uncomment := range []bool{false, true} {
		text, err := os.ReadFile(filepath.Join("..", "configs", "collector.toml"))
		if err != nil {
			t.Fatal(err)
		}
		if uncomment { // what the example shows behind a # is right as well
			lines := strings.Split(string(text), "\n")
			for i, line := range lines {
				if rest, ok := strings.CutPrefix(line, "# "); ok && (strings.HasPrefix(rest, "[") || strings.Contains(rest, " = ")) {
					lines[i] = rest
				}
			}
			text = []byte(strings.Join(lines, "\n"))
		}
		dir := t.TempDir()
		for _, name := range []string{"admin.token", "mail.password"} {
			writeFile(t, filepath.Join(dir, name), "a secret that is long enough\n")
		}
		if _, err := LoadConfig(writeFile(t, filepath.Join(dir, "c.toml"), string(text)), Flags{}); err != nil {
			t.Errorf("LoadConfig(example, uncommented %t) = %v", uncomment, err)
		}
	}
}

func TestAdminToken(t *testing.T) {
	dir := t.TempDir()
	for name, tc := range map[string]struct {
		text string
		ok   bool
	}{
		"long enough": {"0123456789abcdef\n", true},
		"too short":   {"0123456789abcde\n", false},
		"empty":       {"", false},
		"two lines":   {"0123456789abcdef\n0123456789abcdef\n", false},
		"with a NUL":  {"0123456789\x00abcdef", false},
	} {
		cfg := Config{Admin: Admin{TokenFile: writeFile(t, filepath.Join(dir, "token"), tc.text)}}
		token, err := cfg.AdminToken()
		if (err == nil) != tc.ok || (err == nil) != (token != "") {
			t.Errorf("AdminToken(%s) = %q, %v; want ok %t", name, token, err, tc.ok)
		}
		if err != nil && strings.Contains(err.Error(), "0123456789") {
			t.Errorf("AdminToken(%s): the error tells the token: %v", name, err)
		}
	}
}

func TestAdminTokenThatEveryoneCanRead(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "token"), "0123456789abcdef\n")
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	cfg := Config{Admin: Admin{TokenFile: file}}
	if _, err := cfg.AdminToken(); err == nil || !strings.Contains(err.Error(), "chmod o=") {
		t.Errorf("AdminToken = %v, want an error with the remedy", err)
	}
}

func TestRunningAt(t *testing.T) {
	cfg := Config{State: t.TempDir(), Listen: "0.0.0.0:8999"}
	for want, said := range map[string]string{
		"http://127.0.0.1:8999": "",
		"http://127.0.0.1:7000": "http://127.0.0.1:7000\n",
	} {
		writeFile(t, filepath.Join(cfg.State, addressFile), said)
		if got, err := cfg.RunningAt(); err != nil || got != want {
			t.Errorf("RunningAt after %q = %q, %v; want %q", said, got, err, want)
		}
	}
}

func TestCertificateIsMadeOnce(t *testing.T) {
	cfg := Config{State: t.TempDir()}
	now := time.UnixMilli(1_790_000_000_000)
	first, file, err := cfg.certificate(now)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := cfg.certificate(now.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if string(first.Certificate[0]) != string(again.Certificate[0]) {
		t.Error("the second start made another certificate, which agents would not trust")
	}
	leaf, err := x509.ParseCertificate(first.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now}); err != nil {
			t.Errorf("an agent that trusts %s does not reach the collector as %s: %v", file, name, err)
		}
	}
	info, err := os.Stat(filepath.Join(cfg.State, "tls", "key.pem"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v; want mode 0600", info, err)
	}
}
