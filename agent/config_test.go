package agent

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExampleConfigurationIsAccepted(t *testing.T) {
	c, err := LoadConfig("../configs/agent.toml")
	if err != nil {
		t.Fatalf("LoadConfig(configs/agent.toml) = %v, want it accepted", err)
	}
	t.Setenv("STATE_DIRECTORY", "")
	want := Config{Collector: "https://nines.example.net", StateDir: "/var/lib/nines-agent", Metrics: DefaultMetrics, SpoolMax: DefaultSpoolMax}
	if c.StateDir = DefaultStateDir(); c != want {
		t.Errorf("LoadConfig(configs/agent.toml) = %+v, want %+v", c, want)
	}
}

func TestConfiguration(t *testing.T) {
	t.Setenv("STATE_DIRECTORY", "/var/lib/private/nines-agent:/other")
	path := filepath.Join(t.TempDir(), "agent.toml")
	text := "collector = \"https://c.example:8443/nines\"\nca_file = \"own.pem\"\nmetrics = \"\"\nspool_max = \"2 GiB\"\nlog_level = \"debug\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := LoadConfig(path)
	want := Config{Collector: "https://c.example:8443/nines", CAFile: filepath.Join(filepath.Dir(path), "own.pem"),
		StateDir: "/var/lib/private/nines-agent", SpoolMax: 2 << 30, LogLevel: slog.LevelDebug}
	if err != nil || got != want {
		t.Errorf("LoadConfig(%q) = %+v, %v; want %+v", text, got, err, want)
	}
}

func TestRelativePathsStartAtTheFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "agent.toml")
	text := "collector = \"https://c.example\"\nca_file = \"own.pem\"\nstate = \"state/agent\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := LoadConfig(path)
	if err != nil || got.CAFile != filepath.Join(dir, "own.pem") || got.StateDir != filepath.Join(dir, "state", "agent") {
		t.Errorf("LoadConfig(%q) = %+v, %v; want both paths below %s", text, got, err, dir)
	}
}

func TestBadConfigurationIsToldWithPlaceAndRemedy(t *testing.T) {
	const ok = "collector = \"https://c.example\"\n"
	for name, tc := range map[string]struct{ text, want string }{
		"an unknown key":      {ok + "metric = \"\"\n", "agent.toml:2: metric: unknown key: did you mean metrics?"},
		"no collector":        {"log_level = \"info\"\n", "agent.toml: collector: missing: want the collector's address, such as https://nines.example.net"},
		"plain http":          {"collector = \"http://c.example\"\n", `agent.toml:1: collector: "http://c.example": results would travel readable: want https:// (http:// only to loopback)`},
		"another scheme":      {"collector = \"ftp://c.example\"\n", `agent.toml:1: collector: "ftp://c.example": want https://`},
		"no scheme":           {"collector = \"c.example\"\n", `agent.toml:1: collector: "c.example" is no address: want https://host[:port]`},
		"a password":          {"collector = \"https://me:secret@c.example\"\n", "agent.toml:1: collector: holds a user or password: an agent is known by its key; take it out"},
		"a query":             {"collector = \"https://c.example/?a=b\"\n", `agent.toml:1: collector: "https://c.example/?a=b": want no ? and no #`},
		"metrics for all":     {ok + "metrics = \"0.0.0.0:8998\"\n", `agent.toml:2: metrics: "0.0.0.0:8998" is not loopback: the agent listens to its own machine alone; want 127.0.0.1 or [::1]`},
		"metrics by a name":   {ok + "metrics = \"host.example:8998\"\n", `agent.toml:2: metrics: "host.example:8998" is not loopback: the agent listens to its own machine alone; want 127.0.0.1 or [::1]`},
		"metrics on no port":  {ok + "metrics = \"127.0.0.1:http\"\n", `agent.toml:2: metrics: "127.0.0.1:http": port "http": want 0 to 65535`},
		"metrics by a number": {ok + "metrics = \"8998\"\n", `agent.toml:2: metrics: "8998" is no address: want host:port, such as 127.0.0.1:8998, or "" for none`},
		"a size in words":     {ok + "spool_max = \"lots\"\n", `agent.toml:2: spool_max: "lots" is no size: want a number of KiB, MiB or GiB, such as 256MiB`},
		"a size that is huge": {ok + "spool_max = \"99999999999GiB\"\n", `agent.toml:2: spool_max: "99999999999GiB" is no size: want a number of KiB, MiB or GiB, such as 256MiB`},
		"a size that is tiny": {ok + "spool_max = \"64KiB\"\n", "agent.toml:2: spool_max: 65536 bytes: want at least 1MiB"},
		"a level in words":    {ok + "log_level = \"loud\"\n", `agent.toml:2: log_level: "loud" is no level: want debug, info, warn or error`},
		"a wrong type":        {ok + "state = 7\n", "agent.toml:2: state: want text in quotes, got a whole number"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "agent.toml")
			if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := LoadConfig(path)
			if err == nil {
				t.Fatalf("LoadConfig(%q) = nil, want %q", tc.text, tc.want)
			}
			if got := strings.TrimPrefix(err.Error(), filepath.Dir(path)+"/"); got != tc.want {
				t.Errorf("LoadConfig(%q) = %q, want %q", tc.text, got, tc.want)
			}
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.toml")
	if err := os.WriteFile(path, []byte("metrics = \":1\"\nspool_max = \"x\"\nnonsense = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := LoadConfig(path)
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("LoadConfig = %v, want four problems, a line each", err)
	}
}

func TestPlainHTTPIsForLoopbackAlone(t *testing.T) {
	for address, good := range map[string]bool{
		"http://127.0.0.1:8080": true, "http://[::1]:8080": true, "http://localhost": true, "http://127.8.9.1": true,
		"http://10.0.0.1": false, "http://localhost.example": false, "https://10.0.0.1": true,
	} {
		c := Config{Collector: address, StateDir: "x", SpoolMax: MinSpool}
		if err := c.Validate(); (err == nil) != good {
			t.Errorf("Validate of collector %q = %v, want accepted: %v", address, err, good)
		}
	}
}
