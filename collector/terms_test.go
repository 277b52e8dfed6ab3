package collector

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/sqlite"
	"github.com/nines-monitor/nines/collector/store"
)

const rightContract = `
effective = 2026-10-01
[client]
id = "acme"
name = "Acme"
time_zone = "UTC"
[[site]]
id = "hq"
name = "HQ"
[[check]]
id = "web"
site = "hq"
interval = "10s"
tcp = { address = "192.0.2.1:80" }
[[service]]
id = "web"
name = "Web"
up_when = "web"
[[slo]]
id = "web-availability"
service = "web"
objective = "99%"
window = "month"
`

// TestTermsOutliveABrokenFileAndARestart: what was accepted stays in force until a right file
// says otherwise.
func TestTermsOutliveABrokenFileAndARestart(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	file := writeFile(t, filepath.Join(dir, "acme.toml"), rightContract)
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logged, nil))
	open := func() (*terms, *sqlite.DB) {
		db, err := sqlite.Open(t.Context(), state)
		if err != nil {
			t.Fatal(err)
		}
		terms, err := openTerms(t.Context(), dir, db, log)
		if err != nil {
			t.Fatal(err)
		}
		return terms, db
	}
	series := store.Series{Tenant: "acme", Check: "web", Agent: "hq-1"}
	inForce := func(terms *terms, when string) {
		t.Helper()
		c, ok := terms.agentConfig("acme", "hq")
		if !ok || len(c.Checks) != 1 || terms.params(series).Interval != 10_000 || terms.revision("acme") != 1 {
			t.Errorf("%s: config %+v, %t; params %+v; revision %d; want what was accepted first", when, c, ok, terms.params(series), terms.revision("acme"))
		}
	}
	first, db := open()
	inForce(first, "at the start")

	if err := os.WriteFile(file, []byte(strings.Replace(rightContract, "window", "windw", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := first.tick(t.Context(), time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	inForce(first, "with a broken file")
	if n := strings.Count(logged.String(), "windw"); n != 1 || len(first.problems()) == 0 {
		t.Errorf("the problem was logged %d times, want once; problems: %v", n, first.problems())
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	second, db := open()
	inForce(second, "after a restart with a broken file")

	if err := os.WriteFile(file, []byte(rightContract+"unknown = \"down\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := second.tick(t.Context(), time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if second.revision("acme") != 2 || len(second.problems()) != 0 || !strings.Contains(logged.String(), "nothing is wrong") {
		t.Errorf("mended: revision %d, problems %v, log:\n%s", second.revision("acme"), second.problems(), &logged)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
