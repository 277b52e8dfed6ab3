package agent

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/statedir"
	"github.com/nines-monitor/nines/internal/wire"
)

func TestResultsOfRealTargetsArrive(t *testing.T) {
	t.Parallel()
	cfg, c := site(t)
	l := target(t)
	refused := target(t)
	refused.Close()
	c.wants("r1", configText(t, "r1", map[string]string{"open": l.Addr().String(), "shut": refused.Addr().String()}))
	r := run(t, cfg)
	until(t, "three results of each check", func() bool { return len(c.of("open")) >= 3 && len(c.of("shut")) >= 3 })
	for id, want := range map[string]wire.Reason{"open": wire.OK, "shut": wire.Refused} {
		check := wire.Check{ID: id, IntervalMS: 1000}
		for i, x := range c.of(id) {
			if x.Reason != want || x.T%1000 != check.PhaseMS() {
				t.Errorf("%s: result %+v, want %v on the grid", id, x, want)
			}
			if i > 0 && x.T <= c.of(id)[i-1].T {
				t.Errorf("%s: instant %d follows %d, want them to increase", id, x.T, c.of(id)[i-1].T)
			}
		}
	}
	l.Close()
	until(t, "the outage of open", func() bool { xs := c.of("open"); return xs[len(xs)-1].Reason == wire.Refused })
	until(t, "a word of it in the log", func() bool { return strings.Contains(r.log.String(), "check=open status=down reason=refused") })
}

func TestAnAgentSaysWhatItProbesWhileTheConfigurationIsAway(t *testing.T) {
	t.Parallel()
	cfg, c := site(t)
	c.wants("r1", configText(t, "r1", map[string]string{"open": target(t).Addr().String()}))
	c.fail(true)
	first := run(t, cfg)
	until(t, "the first words", func() bool { return strings.Contains(first.log.String(), "configuration cannot be fetched") })
	if got := first.log.String(); !strings.Contains(got, `meanwhile="nothing is probed"`) || !strings.Contains(got, `cause="the collector refuses"`) {
		t.Errorf("log %q, want that nothing is probed, and that the collector answered", got)
	}
	c.fail(false)
	until(t, "a first result", func() bool { return len(c.of("open")) > 0 })
	if err := first.stop(); err != nil {
		t.Fatalf("Run = %v, want nil", err)
	}
	c.fail(true)
	second := run(t, cfg)
	until(t, "the words of a later start", func() bool {
		return strings.Contains(second.log.String(), `meanwhile="the last accepted one stays in force"`)
	})
}

func TestAnAgentWithoutItsCollectorMeasuresFromDisk(t *testing.T) {
	t.Parallel()
	cfg, c := site(t)
	c.wants("r1", configText(t, "r1", map[string]string{"open": target(t).Addr().String()}))
	first := run(t, cfg)
	until(t, "a first result", func() bool { return len(c.of("open")) > 0 })
	if err := first.stop(); err != nil {
		t.Fatalf("Run = %v, want nil", err)
	}
	before := len(c.of("open"))
	c.fail(true)
	second := run(t, cfg)
	until(t, "two results in the spool", func() bool {
		_, text := second.get(t, "/metrics")
		return strings.Contains(text, `nines_agent_probes_total{kind="tcp",reason="ok"} 2`)
	})
	if n := len(c.of("open")); n != before {
		t.Errorf("%d results at a collector that is down, want %d", n, before)
	}
	c.fail(false)
	until(t, "what was kept arrives", func() bool { return len(c.of("open")) >= before+2 })
}

func TestARestartLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	cfg, c := site(t)
	c.wants("r1", configText(t, "r1", map[string]string{"open": target(t).Addr().String()}))
	for range 3 {
		r := run(t, cfg)
		n := len(c.of("open"))
		until(t, "a result", func() bool { return len(c.of("open")) > n })
		if err := r.stop(); err != nil {
			t.Fatalf("Run = %v, want nil", err)
		}
	}
	seen := map[int64]bool{}
	for _, x := range c.of("open") {
		if seen[x.T] {
			t.Errorf("instant %d arrived twice", x.T)
		}
		seen[x.T] = true
	}
}

func TestANewRevisionIsFetchedWhenAnAcknowledgementNamesIt(t *testing.T) {
	t.Parallel()
	cfg, c := site(t)
	address := target(t).Addr().String()
	c.wants("r1", configText(t, "r1", map[string]string{"one": address}))
	run(t, cfg)
	until(t, "a first result", func() bool { return len(c.of("one")) > 0 })
	c.wants("r2", configText(t, "r2", map[string]string{"one": address, "two": address}))
	until(t, "a result of the new check, well within the minute", func() bool { return len(c.of("two")) > 0 })
}

func TestABadConfigurationLeavesTheLastOneInForce(t *testing.T) {
	address := target(t).Addr().String()
	good := configText(t, "r1", map[string]string{"one": address})
	for name, tc := range map[string]struct{ text, told string }{
		"not JSON":         {"<html>", "invalid character"},
		"an unknown field": {strings.Replace(good, `"site"`, `"exec":"sh","site"`, 1), "unknown field"},
		"a bad check":      {strings.Replace(good, `"interval_ms":1000`, `"interval_ms":7`, 1), "interval_ms 7"},
		"no revision":      {strings.Replace(good, `"r1"`, `""`, 1), "no revision"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, c := site(t)
			c.wants("r1", good)
			r := run(t, cfg)
			until(t, "a first result", func() bool { return len(c.of("one")) > 0 })
			saved, err := os.ReadFile(filepath.Join(cfg.StateDir, "config.json"))
			if err != nil || string(saved) != good {
				t.Fatalf("saved configuration %q, %v; want what was accepted", saved, err)
			}
			c.wants("r2", tc.text)
			until(t, "the refusal is told", func() bool { return strings.Contains(r.log.String(), "refused") })
			n := len(c.of("one"))
			until(t, "results go on", func() bool { return len(c.of("one")) >= n+2 })
			if again, err := os.ReadFile(filepath.Join(cfg.StateDir, "config.json")); err != nil || string(again) != good {
				t.Errorf("saved configuration %q, %v; want the last accepted one", again, err)
			}
			if got := r.log.String(); strings.Count(got, "configuration is refused") != 1 || !strings.Contains(got, tc.told) {
				t.Errorf("log %q, want one refusal that says %q", got, tc.told)
			}
		})
	}
}

func TestOneBadCheckIsUnknownAndTheRestRuns(t *testing.T) {
	t.Parallel()
	cfg, c := site(t)
	c.wants("r1", configText(t, "r1", map[string]string{"good": target(t).Addr().String(), "bad": "no port here"}))
	run(t, cfg)
	until(t, "results of both", func() bool { return len(c.of("good")) > 0 && len(c.of("bad")) > 0 })
	if got := c.of("bad")[0].Reason; got != wire.BadCheck {
		t.Errorf("check of a bad address: %v, want bad_check", got)
	}
	if got := c.of("good")[0].Reason; got != wire.OK {
		t.Errorf("good check beside it: %v, want ok", got)
	}
}

func TestADamagedSavedConfigurationIsReplaced(t *testing.T) {
	t.Parallel()
	cfg, c := site(t)
	if err := os.WriteFile(filepath.Join(cfg.StateDir, "config.json"), []byte(`{"client":`), 0o600); err != nil {
		t.Fatal(err)
	}
	c.wants("r1", configText(t, "r1", map[string]string{"one": target(t).Addr().String()}))
	r := run(t, cfg)
	until(t, "a result", func() bool { return len(c.of("one")) > 0 })
	if !strings.Contains(r.log.String(), "saved configuration cannot be used") {
		t.Errorf("log %q, want a word about the saved configuration", r.log)
	}
}

func TestMetricsAndHealth(t *testing.T) {
	t.Parallel()
	cfg, c := site(t)
	c.wants("r1", configText(t, "r1", map[string]string{"one": target(t).Addr().String()}))
	r := run(t, cfg)
	until(t, "a result", func() bool { return len(c.of("one")) > 0 })
	if status, text := r.get(t, "/healthz"); status != 200 || text != "ok\n" {
		t.Errorf("GET /healthz = %d %q, want 200 ok", status, text)
	}
	_, text := r.get(t, "/metrics")
	documented, err := os.ReadFile("../docs/agent.md")
	if err != nil {
		t.Fatal(err)
	}
	ours := 0
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, _, _ = strings.Cut(name, "{")
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			name = strings.TrimSuffix(name, suffix)
		}
		if !strings.HasPrefix(name, "nines_agent_") {
			continue
		}
		ours++
		if !strings.Contains(string(documented), "`"+name+"`") {
			t.Errorf("metric %s is not in docs/agent.md", name)
		}
	}
	if ours < 20 {
		t.Errorf("%d metrics of our own, want at least 20:\n%s", ours, text)
	}
}

func TestWhatCannotBeOpenedIsToldWithTheRemedy(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		edit func(*Config)
		want string
	}{
		"the metrics port is in use": {func(c *Config) { c.Metrics = taken.Addr().String() }, `set another address as metrics in agent.toml, or "" for none`},
		"the state is a file":        {func(c *Config) { c.StateDir = file }, file},
		"no such CA file":            {func(c *Config) { c.CAFile = "/nowhere.pem" }, "read ca_file: open /nowhere.pem"},
		"no certificate in it":       {func(c *Config) { c.CAFile = file }, "holds no certificate"},
		"no collector":               {func(c *Config) { c.Collector = "" }, "collector: missing"},
		"a key that others can read": {func(c *Config) {
			if err := os.Chmod(filepath.Join(c.StateDir, keyFile), 0o644); err != nil {
				t.Fatal(err)
			}
		}, "chmod 600"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, _ := site(t)
			tc.edit(&cfg)
			if _, err := New(cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("New = %v, want %q", err, tc.want)
			}
		})
	}
}

func TestTwoAgentsDoNotShareAState(t *testing.T) {
	cfg, _ := site(t)
	run(t, cfg)
	if _, err := New(cfg, slog.New(slog.DiscardHandler)); !errors.Is(err, statedir.ErrClaimed) {
		t.Errorf("second New on one state = %v, want ErrClaimed", err)
	}
}

func TestStopIsQuickAndShipsTheLastResult(t *testing.T) {
	t.Parallel()
	cfg, c := site(t)
	c.wants("r1", configText(t, "r1", map[string]string{"one": target(t).Addr().String()}))
	r := run(t, cfg)
	until(t, "a result", func() bool { return len(c.of("one")) > 0 })
	began := time.Now()
	if err := r.stop(); err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("stop with a working collector took %v, want well under 2 s", took)
	}
	if !strings.Contains(r.log.String(), "agent stopped") {
		t.Errorf("log %q, want the end told", r.log)
	}
	// The spool is empty: all that was measured has arrived.
	var waiting string
	for line := range strings.Lines(metricsOf(r)) {
		if rest, ok := strings.CutPrefix(line, "nines_agent_spool_waiting_results "); ok {
			waiting = strings.TrimSpace(rest)
		}
	}
	if waiting != "0" {
		t.Errorf("results that wait after the stop: %q, want 0", waiting)
	}
}

func metricsOf(r *running) string {
	var text strings.Builder
	r.spool.Metrics().WritePrometheus(&text)
	return text.String()
}
