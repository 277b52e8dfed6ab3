package contract_test

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/probes"
	"github.com/nines-monitor/nines/slo"
)

func parse(t testing.TB, text string) *contract.Contract {
	t.Helper()
	c, err := contract.Parse("f.toml", []byte(text))
	if err != nil {
		t.Fatalf("Parse:\n%v", err)
	}
	return c
}

func example(t testing.TB) *contract.Contract {
	t.Helper()
	text, err := os.ReadFile("../../configs/clients/acme.toml")
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\n got %+v\nwant %+v", what, got, want)
	}
}

func TestParseReadsThePeopleAndPlaces(t *testing.T) {
	c := example(t)
	berlin := mustZone(t, "Europe/Berlin")
	equal(t, "effective", c.Effective, slo.Date{Year: 2026, Month: 10, Day: 1})
	equal(t, "client", c.Client, contract.Client{ID: "acme", Name: "Acme Dental Group", Zone: berlin, Language: "en"})
	equal(t, "contacts", c.Contacts, []contract.Contact{
		{ID: "it-lead", Name: "Acme IT", Email: "it@acme.example", Gets: []string{"report", "breach", "maintenance"}},
		{ID: "noc", Name: "Service desk", Email: "noc@msp.example", Gets: []string{"breach"}},
	})
	equal(t, "sites", c.Sites, []contract.Site{{ID: "hq", Name: "Berlin headquarters"}})
	equal(t, "report", c.Report, &contract.Report{Day: 1, Clock: 8 * time.Hour, To: []string{"it-lead"}})
	equal(t, "demo", c.Demo, false)
}

func TestParseReadsTheChecks(t *testing.T) {
	c := example(t)
	equal(t, "checks[0]", c.Checks[0], contract.Check{
		Site: "hq",
		Wire: wire.Check{
			ID: "gateway", IntervalMS: 30_000, TimeoutMS: 5_000, RetryMS: 5_000, DownAfter: 2, UpAfter: 1,
			ICMP: &wire.ICMP{Host: "10.20.0.1", Packets: 3, MaxLossPercent: 34},
		},
		Fold: slo.Params{Interval: 30_000, DownAfter: 2, UpAfter: 1},
	})
	equal(t, "checks[1].Wire", c.Checks[1].Wire, wire.Check{
		ID: "erp-web", IntervalMS: 15_000, TimeoutMS: 5_000, RetryMS: 5_000, DownAfter: 2, UpAfter: 1,
		HTTP: &wire.HTTP{URL: "https://erp.acme.example/health", Status: []string{"2xx"}, Body: "ok", MaxLatencyMS: 1_500},
	})
	equal(t, "checks[2].Wire.TCP", c.Checks[2].Wire.TCP, &wire.TCP{Address: "10.20.0.40:5432"})
	equal(t, "services", c.Services, []contract.Service{
		{ID: "internet", Name: "Internet HQ", UpWhen: slo.Leaf("gateway")},
		{
			ID: "erp", Name: "ERP", Runbook: "https://wiki.msp.example/acme/erp",
			UpWhen: slo.All(slo.Leaf("erp-web"), slo.Leaf("erp-db"), slo.Any(slo.Leaf("dns-1"), slo.Leaf("dns-2"))),
		},
	})
}

func TestParseReadsTheTerms(t *testing.T) {
	c := example(t)
	berlin := mustZone(t, "Europe/Berlin")
	weekdays := [7]bool{false, true, true, true, true, true, false}
	patching := slo.Maintenance{
		ID: "patch-sunday", Zone: berlin,
		Start:    slo.LocalTime{Date: slo.Date{Year: 2026, Month: 10, Day: 4}, Clock: 2 * time.Hour},
		Duration: 4 * time.Hour, RRule: "FREQ=MONTHLY;BYDAY=1SU",
		Except:    []slo.LocalTime{{Date: slo.Date{Year: 2027, Month: 1, Day: 3}, Clock: 2 * time.Hour}},
		Announced: true, AnnouncedAt: instant("2026-09-15T09:00:00Z"),
	}
	coreSwitch := slo.Maintenance{
		ID:        "core-switch",
		Period:    slo.Period{Start: instant("2026-11-21T17:00:00Z"), End: instant("2026-11-21T21:00:00Z")},
		Announced: true, AnnouncedAt: instant("2026-11-02T09:00:00Z"),
	}
	equal(t, "maintenance", c.Maintenance, []contract.Maintenance{
		{ID: "patch-sunday", Title: "Monthly patching", Services: []string{"erp"}, Window: patching},
		{ID: "core-switch", Title: "New core switch", Window: coreSwitch},
	})
	equal(t, "slos", c.SLOs, []contract.SLO{
		{
			ID: "erp-availability", Service: "erp",
			Window:      slo.Window{Kind: slo.Month, Zone: berlin},
			MinCoverage: objective(t, "95"),
			Terms: slo.Terms{
				Objective: objective(t, "99.5"),
				Hours: &slo.Calendar{
					Zone:   berlin,
					Rules:  []slo.HoursRule{{Days: weekdays, From: 7 * time.Hour, To: 19 * time.Hour}},
					Closed: []slo.Date{{Year: 2026, Month: 12, Day: 25}, {Year: 2027, Month: 1, Day: 1}},
				},
				Maintenance: []slo.Maintenance{patching, coreSwitch},
				Policy:      slo.MaintenancePolicy{Notice: 48 * time.Hour, HasCap: true, Cap: 8 * time.Hour},
			},
		},
		{
			ID: "internet-availability", Service: "internet",
			Window: slo.Window{Kind: slo.Rolling, Length: 28 * 24 * time.Hour},
			Terms:  slo.Terms{Objective: objective(t, "99"), Maintenance: []slo.Maintenance{coreSwitch}},
		},
	})
}

func TestParseFillsInWhatIsNotSaid(t *testing.T) {
	c := parse(t, minimal("a")+`[[contact]]
id = "p"
name = "P"
email = "p@acme.example"
gets = ["report"]
[report]
[[slo]]
id = "x"
service = "s"
objective = "99%"
[[check]]
id = "fast"
site = "hq"
interval = "2s"
icmp = { host = "::1" }
[[check]]
id = "steady"
site = "hq"
interval = "1m"
stale_after = "5m"
retry_interval = "0s"
timeout = "10s"
down_after = 3
up_after = 2
http = { url = "http://[::1]:8080/", method = "HEAD", verify_tls = false }
`)
	equal(t, "checks[0].Wire", c.Checks[0].Wire, wire.Check{
		ID: "c", IntervalMS: 30_000, TimeoutMS: 5_000, RetryMS: 5_000, DownAfter: 2, UpAfter: 1,
		TCP: &wire.TCP{Address: "erp.example:443"},
	})
	equal(t, "checks[1].Wire", c.Checks[1].Wire, wire.Check{
		ID: "fast", IntervalMS: 2_000, TimeoutMS: 2_000, RetryMS: 5_000, DownAfter: 2, UpAfter: 1,
		ICMP: &wire.ICMP{Host: "::1", Packets: 3, MaxLossPercent: 34},
	})
	equal(t, "checks[2]", c.Checks[2], contract.Check{
		Site: "hq",
		Wire: wire.Check{
			ID: "steady", IntervalMS: 60_000, TimeoutMS: 10_000, RetryMS: 0, DownAfter: 3, UpAfter: 2,
			HTTP: &wire.HTTP{URL: "http://[::1]:8080/", Method: "HEAD", Status: []string{"2xx"}, SkipVerify: true},
		},
		Fold: slo.Params{Interval: 60_000, StaleAfter: 300_000, DownAfter: 3, UpAfter: 2},
	})
	equal(t, "report", c.Report, &contract.Report{Day: 1, Clock: 8 * time.Hour, To: []string{"p"}})
	equal(t, "window", c.SLOs[0].Window, slo.Window{Kind: slo.Month, Zone: c.Client.Zone})
	equal(t, "language", c.Client.Language, "en")
}

// How long a result holds cannot be shorter than the way to the next one.
func TestParseInheritsOnlyWhatFits(t *testing.T) {
	c := parse(t, minimal("a")+`[defaults]
stale_after = "1m"
[[check]]
id = "slow"
site = "hq"
interval = "5m"
tcp = { address = "erp.example:443" }
`)
	equal(t, "checks[0].Fold", c.Checks[0].Fold, slo.Params{Interval: 30_000, StaleAfter: 60_000, DownAfter: 2, UpAfter: 1})
	equal(t, "checks[1].Fold", c.Checks[1].Fold, slo.Params{Interval: 300_000, DownAfter: 2, UpAfter: 1})
}

func TestParseMarksDemoData(t *testing.T) {
	if c := parse(t, "demo = true\n"+minimal("a")); !c.Demo {
		t.Error("demo: got false, want true")
	}
}

// Names arrive as they were typed: markup, formulas and any direction of writing are names.
func TestParseLeavesNamesAsTheyAre(t *testing.T) {
	for _, name := range []string{
		"<script>alert(1)</script>", "=cmd()", "{{.}}", "a\u202eb\u202c", "עברית", "👩🏽‍🚀", "O'Brien & Sons", "a\\b",
	} {
		c := parse(t, strings.Replace(minimal("a"), `name = "S"`, fmt.Sprintf("name = '''%s'''", name), 1))
		if got := c.Services[0].Name; got != name {
			t.Errorf("name: got %q, want %q", got, name)
		}
	}
}

func TestParseReadsTenThousandChecks(t *testing.T) {
	c := parse(t, many(9_999))
	if len(c.Checks) != 10_000 {
		t.Errorf("checks: got %d, want 10000", len(c.Checks))
	}
}

func BenchmarkParse10000Checks(b *testing.B) {
	text := []byte(many(9_999))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := contract.Parse("f.toml", text); err != nil {
			b.Fatal(err)
		}
	}
}

// many is a contract with n checks more than minimal has, and a service over all of them.
func many(n int) string {
	var b strings.Builder
	b.WriteString(minimal("a"))
	for i := range n {
		fmt.Fprintf(&b, "[[check]]\nid = \"c%d\"\nsite = \"hq\"\ntcp = { address = \"10.0.%d.%d:443\" }\n", i, i/250, i%250+1)
	}
	b.WriteString("[[service]]\nid = \"all\"\nname = \"All\"\nup_when = { all = [")
	for i := range n {
		fmt.Fprintf(&b, "\"c%d\",", i)
	}
	return b.String() + "] }\n"
}

func TestAgentConfigHasTheChecksOfItsSite(t *testing.T) {
	text := minimal("a") + "[[site]]\nid = \"branch\"\nname = \"B\"\n[[check]]\nid = \"b\"\nsite = \"branch\"\nicmp = { host = \"10.0.0.1\" }\n"
	c := parse(t, text)
	config := contract.AgentConfig(c, "branch")
	if err := config.Validate(); err != nil {
		t.Fatalf("Validate: %v", err)
	}
	if config.Client != "a" || config.Site != "branch" || len(config.Checks) != 1 || config.Checks[0].ID != "b" {
		t.Errorf("AgentConfig(branch): got %+v", config)
	}
	hq := contract.AgentConfig(c, "hq")
	if hq.Revision == config.Revision || hq.Revision == "" {
		t.Errorf("revisions: got %q and %q, want two", hq.Revision, config.Revision)
	}

	other := contract.AgentConfig(parse(t, strings.Replace(text, `"Headquarters"`, `"HQ"`, 1)), "hq")
	if other.Revision != hq.Revision {
		t.Errorf("revision after a site's new name: got %q, want %q as before", other.Revision, hq.Revision)
	}
	slower := contract.AgentConfig(parse(t, text+"[defaults]\ntimeout = \"4s\"\n"), "hq")
	if slower.Revision == hq.Revision {
		t.Errorf("revision after a new timeout: got %q as before", slower.Revision)
	}
	nowhere := contract.AgentConfig(c, "nowhere")
	if nowhere.Checks == nil || len(nowhere.Checks) != 0 {
		t.Errorf("AgentConfig(nowhere).Checks: got %v, want none", nowhere.Checks)
	}
}

// What Parse accepts, every agent must be able to carry out, and every ledger to compute.
func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal("a")))
	text, err := os.ReadFile("../../configs/clients/acme.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	for _, target := range []string{
		`icmp = { host = "fe80::1%eth0" }`, `icmp = { host = "a_b.example." }`, `icmp = { host = "localhost" }`,
		`tcp = { address = "[::1]:22" }`, `tcp = { address = "[fe80::1%eth0]:22" }`, `tcp = { address = "erp:0022" }`,
		`http = { url = "http://[::1]:80" }`, `http = { url = "HTTPS://ERP.example./?q=%zz#f", status = ["204", "5xx"] }`,
		`http = { url = "http://[fe80::1%25eth0]/" }`, `http = { url = "http://erp.example:" }`, `http = { url = "http://1.2.3/" }`,
		`http = { url = "http://erp.example/a b" }`, `http = { url = "http:///x" }`, `http = { url = "//erp.example/" }`,
	} {
		f.Add([]byte(strings.Replace(minimal("a"), `tcp = { address = "erp.example:443" }`, target, 1)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := contract.Parse("f", text)
		if err != nil {
			return
		}
		for _, site := range c.Sites {
			if err := contract.AgentConfig(c, site.ID).Validate(); err != nil {
				t.Errorf("Parse(%q): accepted, but %v", text, err)
			}
		}
		for _, check := range c.Checks {
			if _, err := probes.New(check.Wire); err != nil {
				t.Errorf("Parse(%q): accepted, but %v", text, err)
			}
		}
		for _, s := range c.Services {
			if err := s.UpWhen.Validate(); err != nil {
				t.Errorf("Parse(%q): accepted, but service %s: %v", text, s.ID, err)
			}
		}
		for _, s := range c.SLOs {
			if err := s.Terms.Validate(); err != nil {
				t.Errorf("Parse(%q): accepted, but slo %s: %v", text, s.ID, err)
			}
			if err := s.Window.Validate(); err != nil {
				t.Errorf("Parse(%q): accepted, but slo %s: %v", text, s.ID, err)
			}
		}
	})
}

func mustZone(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func instant(s string) int64 {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return at.UnixMilli()
}

func objective(t *testing.T, s string) slo.Objective {
	t.Helper()
	o, err := slo.ParseObjective(s)
	if err != nil {
		t.Fatal(err)
	}
	return o
}
