package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("update", false, "write the golden files anew")

// get asks a site as this machine does.
func get(site http.Handler, target string) *httptest.ResponseRecorder {
	return ask(site, "GET", target, "127.0.0.1:4711", func(r *http.Request) { r.Host = "localhost" })
}

func TestTheAPIAnswersAsItsGoldenFilesSay(t *testing.T) {
	site := New(practice(t).options())
	for file, target := range map[string]string{
		"services.json":        "/api/v1/services",
		"ledger.json":          "/api/v1/services/acme.erp/ledger",
		"ledger-october.json":  "/api/v1/services/acme.erp/ledger?window=2026-10",
		"ledger-rolling.json":  "/api/v1/services/acme.erp/ledger?window=rolling:24h&explain=1&slo=erp-availability",
		"ledger-breached.json": "/api/v1/services/acme.phones/ledger?window=2026-Q4",
		"ledger-future.json":   "/api/v1/services/acme.erp/ledger?window=2027",
		"agents.json":          "/api/v1/agents",
		"transitions.json":     "/api/v1/clients/acme/transitions?limit=5",
	} {
		t.Run(file, func(t *testing.T) {
			answer := get(site, target)
			if answer.Code != 200 || answer.Header().Get("Content-Type") != "application/json" {
				t.Fatalf("GET %s = %d %s:\n%s", target, answer.Code, answer.Header().Get("Content-Type"), answer.Body)
			}
			path := filepath.Join("testdata", file)
			if *rewrite {
				if err := os.WriteFile(path, answer.Body.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := answer.Body.String(); got != string(want) {
				t.Errorf("GET %s =\n%s\nwant\n%s", target, got, want)
			}
		})
	}
}

// The classes of every ledger sum to the elapsed time, and its spans lie end to end over it.
func TestALedgerAddsUp(t *testing.T) {
	site := New(practice(t).options())
	for _, window := range []string{"", "2026-10", "2026-11", "2026-Q4", "2026", "2026-W47", "rolling:24h", "rolling:28d", "2027-01"} {
		var answer ledgersAnswer
		target := "/api/v1/services/acme.erp/ledger?explain=1&window=" + window
		if err := json.Unmarshal(get(site, target).Body.Bytes(), &answer); err != nil || len(answer.Ledgers) != 1 {
			t.Fatalf("GET %s: %v, %d ledgers, want 1", target, err, len(answer.Ledgers))
		}
		l := answer.Ledgers[0]
		if sum := l.OutOfHours + l.Maintenance + l.Excluded + l.Up + l.Down + l.Unknown; sum != l.Elapsed {
			t.Errorf("GET %s: classes sum to %d ms, want %d", target, sum, l.Elapsed)
		}
		at := l.Window.Start
		for _, span := range l.Spans {
			if span.Start != at {
				t.Fatalf("GET %s: a span starts at %s, want %s", target, span.Start, at)
			}
			at = span.End
		}
	}
}

func TestTheAPIRefusesInSentences(t *testing.T) {
	site := New(practice(t).options())
	for name, tc := range map[string]struct {
		method, target string
		status         int
		say            string
	}{
		"an unknown service":    {"GET", "/api/v1/services/acme.nothing/ledger", 404, `no service "acme.nothing"`},
		"an id without a dot":   {"GET", "/api/v1/services/acme/ledger", 404, "ids are client.service"},
		"an unknown SLO":        {"GET", "/api/v1/services/acme.erp/ledger?slo=other", 404, `has no SLO "other"`},
		"a month that is none":  {"GET", "/api/v1/services/acme.erp/ledger?window=2026-13", 400, "want a month (2026-10)"},
		"a window in words":     {"GET", "/api/v1/services/acme.erp/ledger?window=yesterday", 400, "rolling:24h"},
		"a rolling of no time":  {"GET", "/api/v1/services/acme.erp/ledger?window=rolling:0s", 400, "want a month"},
		"a rolling beneath ms":  {"GET", "/api/v1/services/acme.erp/ledger?window=rolling:1ns", 400, "want a month"},
		"a rolling too long":    {"GET", "/api/v1/services/acme.erp/ledger?window=rolling:401d", 400, "at most 400d"},
		"an unknown client":     {"GET", "/api/v1/clients/nobody/transitions", 404, `no client "nobody"`},
		"a limit of nothing":    {"GET", "/api/v1/clients/acme/transitions?limit=0", 400, "want 1 to 1000"},
		"an instant in words":   {"GET", "/api/v1/clients/acme/transitions?from=noon", 400, "want an instant"},
		"an unknown path":       {"GET", "/api/v1/secrets", 404, "no such path"},
		"a method not taken":    {"DELETE", "/api/v1/services", 405, "GET"},
		"a body that is not it": {"POST", "/api/v1/agents", 415, "application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ask(site, tc.method, tc.target, "127.0.0.1:4711", func(r *http.Request) { r.Host = "localhost" })
			var answer struct{ Error string }
			if err := json.Unmarshal(got.Body.Bytes(), &answer); err != nil {
				t.Fatalf("%s %s = %d %q: %v", tc.method, tc.target, got.Code, got.Body, err)
			}
			if got.Code != tc.status || !strings.Contains(answer.Error, tc.say) {
				t.Errorf("%s %s = %d %q, want %d with %q", tc.method, tc.target, got.Code, answer.Error, tc.status, tc.say)
			}
		})
	}
}

func TestRegisteringAgents(t *testing.T) {
	w := practice(t)
	site := New(w.options())
	key := func(b byte) string { return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(b), 32))) }
	post := func(body string) (int, string) {
		r := httptest.NewRequest("POST", "/api/v1/agents", strings.NewReader(body))
		r.RemoteAddr, r.Host = "127.0.0.1:4711", "localhost"
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		got := httptest.NewRecorder()
		site.ServeHTTP(got, r)
		return got.Code, got.Body.String()
	}
	for _, tc := range []struct {
		name, body string
		status     int
		say        string
	}{
		{"a new agent", `{"client":"acme","site":"hq","id":"two","public_key":"` + key('a') + `"}`, 201, `"key_id"`},
		{"the same again", `{"client":"acme","site":"hq","id":"two","public_key":"` + key('a') + `"}`, 200, `"key_id"`},
		{"its id with another key", `{"client":"acme","site":"hq","id":"two","public_key":"` + key('b') + `"}`, 409, `nines agent register --replace, or \"replace\": true in the request`},
		{"its id with another key, on purpose", `{"client":"acme","site":"hq","id":"two","public_key":"` + key('b') + `","replace":true}`, 201, `"key_id"`},
		{"another id with its key", `{"client":"brenner","site":"hq","id":"three","public_key":"` + key('b') + `"}`, 409, "agent two of client acme"},
		{"an unknown client", `{"client":"nobody","site":"hq","id":"two","public_key":"` + key('c') + `"}`, 404, `no client`},
		{"an unknown site", `{"client":"acme","site":"moon","id":"two","public_key":"` + key('c') + `"}`, 404, `no site`},
		{"a bad id", `{"client":"acme","site":"hq","id":"Two!","public_key":"` + key('c') + `"}`, 400, `a-z, 0-9`},
		{"a short key", `{"client":"acme","site":"hq","id":"two","public_key":"YWJj"}`, 400, `32 bytes`},
		{"an unknown field", `{"client":"acme","colour":"red"}`, 400, `colour`},
		{"two documents", `{} {}`, 400, `follows`},
		{"no document", ``, 400, `body`},
		{"a huge document", `{"client":"` + strings.Repeat("x", maxAgentBody) + `"}`, 413, `longer`},
	} {
		status, answer := post(tc.body)
		if status != tc.status || !strings.Contains(answer, tc.say) {
			t.Errorf("%s: POST /api/v1/agents = %d %s, want %d with %q", tc.name, status, answer, tc.status, tc.say)
		}
	}
	found := false
	for _, a := range w.agents {
		found = found || a.Tenant == "acme" && a.ID == "two" && string(a.PublicKey) == strings.Repeat("b", 32) && a.RegisteredAt == noon.UnixMilli()
	}
	if !found {
		t.Errorf("agents = %+v, want acme's agent two with its second key", w.agents)
	}
}

func TestAFaultOfTheSourceIsToldAndHidesNothingElse(t *testing.T) {
	w := practice(t)
	w.broken = errors.New("disk on fire")
	site := New(w.options())
	page := get(site, "/")
	for _, want := range []string{"Not everything could be read", "disk on fire", "Acme Dental Group", "acme-hq-1"} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("GET / does not hold %q", want)
		}
	}
	got := get(site, "/api/v1/services/acme.erp/ledger")
	if got.Code != 500 || strings.Contains(got.Body.String(), "fire") {
		t.Errorf("GET ledger = %d %s, want 500 without the cause", got.Code, got.Body)
	}
}
