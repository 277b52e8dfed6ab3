package e2e

import (
	"database/sql"
	"os"
	"strings"
	"syscall"
	"testing"

	_ "modernc.org/sqlite"
)

// TestWrongInputEndsInASentence gives the programs what they cannot use: each ends with the
// right exit code and a sentence that says what, where and what to do.
func TestWrongInputEndsInASentence(t *testing.T) {
	in := install(t, layout{target: newTarget(t).URL, alone: true})
	other := func(name, text string) string {
		in.write(t, name, text)
		return in.path(name)
	}
	taken := strings.TrimPrefix(in.pages, "http://")
	for name, tc := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"no such command":        {[]string{"nines", "upp"}, 2, []string{"upp", "nines --help"}},
		"no such flag":           {[]string{"nines", "up", "--stat", "x"}, 2, []string{"--stat"}},
		"no configuration":       {[]string{"nines", "collector", "--config", in.path("absent.toml")}, 1, []string{"absent.toml", "no such file"}},
		"configuration not TOML": {[]string{"nines", "collector", "--config", other("bad1.toml", "listen = \n")}, 1, []string{"bad1.toml:1"}},
		"unknown key":            {[]string{"nines", "collector", "--config", other("bad2.toml", "\nlissten = \"x\"\n")}, 1, []string{"bad2.toml:2: lissten", "listen"}},
		"open to the network":    {[]string{"nines", "collector", "--config", other("bad3.toml", "listen = \"0.0.0.0:0\"\n")}, 1, []string{"bad3.toml:1: listen", "token_file", "--insecure-listen"}},
		"state in use":           {[]string{"nines", "collector", "--config", in.path("collector.toml")}, 1, []string{in.path("state"), "in use by another process"}},
		"port in use": {[]string{"nines", "collector", "--config", other("busy/c.toml", "listen = \""+taken+"\"\nagents_listen = \"127.0.0.1:0\"\nstate = \"s\"\n")}, 1,
			[]string{taken, "address already in use", "--listen"}},
		"state is a file":       {[]string{"nines", "up", "--state", other("file", "x")}, 1, []string{in.path("file"), "not a directory", "--state"}},
		"contract unknown key":  {[]string{"nines", "check", other("clients2/x.toml", "effective = 2026-01-01\n[client]\nid=\"a\"\nnme=\"b\"\n")}, 1, []string{"x.toml:4: client.nme", "name"}},
		"contract is a pipe":    {[]string{"nines", "check", in.pipe(t)}, 1, []string{"pipe.toml", "not a plain file"}},
		"contract not there":    {[]string{"nines", "check", in.path("absent.toml")}, 1, []string{"absent.toml"}},
		"report of no client":   {[]string{"nines", "report", "--config", in.path("collector.toml"), "--client", "nobody", "--month", "2026-01", "--out", in.path("o")}, 1, []string{"nobody", "acme"}},
		"report of no month":    {[]string{"nines", "report", "--config", in.path("collector.toml"), "--client", "acme", "--month", "2026-13", "--out", in.path("o")}, 1, []string{"2026-13"}},
		"report without mail":   {[]string{"nines", "report", "--config", in.path("collector.toml"), "--client", "acme", "--month", monthStart(0).Format("2006-01"), "--out", in.path("o"), "--mail"}, 1, []string{"[mail]", "collector.toml"}},
		"register for no site":  {[]string{"nines", "agent", "register", "--config", in.path("collector.toml"), "--client", "acme", "--site", "moon", "--id", "x", "--key", strings.Repeat("A", 43) + "="}, 1, []string{"moon"}},
		"register with no key":  {[]string{"nines", "agent", "register", "--client", "acme", "--site", "hq", "--id", "x", "--key", "xyz"}, 2, []string{"nines-agent key"}},
		"case not JSON":         {[]string{"nines", "slo", "eval", other("case.json", "{")}, 1, []string{"case.json"}},
		"agent unknown key":     {[]string{"nines-agent", "run", "--config", other("agent2.toml", "collector = \"https://c.example\"\nspool = 1\n")}, 1, []string{"agent2.toml:2: spool: unknown key"}},
		"agent without a file":  {[]string{"nines-agent", "run"}, 2, []string{"--config"}},
		"agent metrics outside": {[]string{"nines-agent", "run", "--config", other("agent3.toml", "collector = \"https://c.example\"\nmetrics = \"0.0.0.0:1\"\n")}, 1, []string{"agent3.toml:2: metrics", "loopback"}},
		"agent key too open":    {[]string{"nines-agent", "key", "--state", in.wideKey(t)}, 1, []string{"agent.key", "chmod 600"}},
		"newer database":        {[]string{"nines", "collector", "--config", in.newerState(t)}, 1, []string{"made by a newer nines", "start that version or restore a backup"}},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := try(t, tc.args[0], tc.args[1:]...)
			if code != tc.code {
				t.Errorf("exit code %d, want %d\n%s%s", code, tc.code, stdout, stderr)
			}
			for _, want := range tc.says {
				if !strings.Contains(stdout+stderr, want) {
					t.Errorf("it says %q, want %q in it", stdout+stderr, want)
				}
			}
			if strings.Contains(stderr, "panic") || strings.Contains(stderr, "goroutine ") {
				t.Errorf("it panicked:\n%s", stderr)
			}
		})
	}
}

// wideKey is the state of an agent whose key others can read.
func (in *installation) wideKey(t *testing.T) string {
	t.Helper()
	command(t, "nines-agent", "key", "--state", in.path("wide"))
	if err := os.Chmod(in.path("wide/agent.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	return in.path("wide")
}

// pipe is a contract that nobody will ever write.
func (in *installation) pipe(t *testing.T) string {
	t.Helper()
	if err := syscall.Mkfifo(in.path("pipe.toml"), 0o600); err != nil {
		t.Fatal(err)
	}
	return in.path("pipe.toml")
}

// newerState is a configuration whose database comes from the future.
func (in *installation) newerState(t *testing.T) string {
	t.Helper()
	in.write(t, "newer/c.toml", "listen = \"127.0.0.1:0\"\nagents_listen = \"127.0.0.1:0\"\nstate = \"s\"\n")
	if err := os.MkdirAll(in.path("newer/s"), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", in.path("newer/s/nines.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "PRAGMA user_version = 999"); err != nil {
		t.Fatal(err)
	}
	return in.path("newer/c.toml")
}
