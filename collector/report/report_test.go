package report

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/nines-monitor/nines/collector/ledger/ledgertest"
	"github.com/nines-monitor/nines/internal/wire"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// acme is a client with an October that has something of everything: outages in and out of
// hours, one across closing time, maintenance, a blind agent, and a day of 25 hours.
func acme(t testing.TB) *ledgertest.World {
	t.Helper()
	w := ledgertest.New(t, read(t, "testdata/acme.toml"))
	from, to := utc("2026-09-30T22:00:00Z"), utc("2026-11-01T06:55:01Z")
	for _, check := range []string{"gateway", "erp-web", "erp-db"} {
		w.Observe("acme", check, from, to, wire.OK)
	}
	instead := func(check, from, to string, reason wire.Reason) {
		w.Forget("acme", check, utc(from), utc(to))
		w.Observe("acme", check, utc(from), utc(to), reason)
	}
	instead("erp-web", "2026-10-02T09:10:00Z", "2026-10-02T09:20:00Z", wire.HTTPStatus)
	instead("erp-web", "2026-10-07T15:05:00Z", "2026-10-07T16:45:00Z", wire.Refused) // maintained
	instead("erp-db", "2026-10-14T16:30:00Z", "2026-10-15T05:30:00Z", wire.Timeout)  // over night
	instead("gateway", "2026-10-25T00:00:00Z", "2026-10-25T01:30:00Z", wire.Loss)    // when clocks go back
	instead("gateway", "2026-10-20T06:00:00Z", "2026-10-20T06:15:00Z", wire.Unreachable)
	w.Forget("acme", "erp-db", utc("2026-10-21T08:00:00Z"), utc("2026-10-21T11:00:00Z"))
	return w
}

// afterwards is when the reports of October are made.
var afterwards = utc("2026-11-01T07:00:00Z")

func utc(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func read(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// golden compares with testdata/name, or rewrites it with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := read(t, path); string(got) != want {
		t.Errorf("%s differs from what is written now; look at it, then run go test -update\n got:\n%s", path, got)
	}
}

func build(t *testing.T, w *ledgertest.World, client, month string, now time.Time) *Report {
	t.Helper()
	r, err := Build(t.Context(), w.Source(), client, month, now)
	if err != nil {
		t.Fatalf("Build(%s, %s) = %v", client, month, err)
	}
	return r
}

func TestGoldenReport(t *testing.T) {
	w := acme(t)
	r := build(t, w, "acme", "2026-10", afterwards)
	html, err := r.HTML()
	if err != nil {
		t.Fatal(err)
	}
	data, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "acme-2026-10.html", html)
	golden(t, "acme-2026-10.json", data)
	golden(t, "acme-2026-10.txt", []byte(r.Subject()+"\n\n"+r.Text()))
}
