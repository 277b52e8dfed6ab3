package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/ledger/ledgertest"
	"github.com/nines-monitor/nines/internal/wire"
)

func TestBuildSaysWhyThereIsNoReport(t *testing.T) {
	w := acme(t)
	for name, tc := range map[string]struct{ client, month, want string }{
		"a client that nobody has":      {"acne", "2026-10", `no report: client "acne" is not known: there are acme`},
		"a month that is not one":       {"acme", "2026-13", `no report: month "2026-13": want a form such as 2026-10`},
		"a month in another form":       {"acme", "October", `no report: month "October": want a form such as 2026-10`},
		"a month to come":               {"acme", "2026-12", `no report: 2026-12 has not begun: in Europe/Berlin it is 2026-11-01`},
		"a month before any promise":    {"acme", "2026-08", `no report: nothing was promised in 2026-08: the contract of acme counts from 2026-09-15`},
		"nothing at all for the client": {"", "2026-10", `no report: client "" is not known: there are acme`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Build(t.Context(), w.Source(), tc.client, tc.month, afterwards)
			if !errors.Is(err, ErrNoReport) || err.Error() != tc.want {
				t.Errorf("Build(%q, %q) = %v, want %s", tc.client, tc.month, err, tc.want)
			}
		})
	}
	_, err := Build(t.Context(), ledgertest.New(t).Source(), "acme", "2026-10", afterwards)
	if want := `no report: client "acme" is not known, and no contract is in force`; err == nil || err.Error() != want {
		t.Errorf("Build without contracts = %v, want %s", err, want)
	}
}

func TestAMonthThatIsNotOverIsPreliminary(t *testing.T) {
	w := acme(t)
	r := build(t, w, "acme", "2026-10", utc("2026-10-16T10:00:00Z"))
	erp := r.Services[0].SLOs[0]
	if !r.Preliminary || erp.Promise.Closed || erp.Promise.Verdict != "breached" || !strings.HasSuffix(r.Subject(), ", preliminary") {
		t.Errorf("Build in mid-month: preliminary %v, closed %v, verdict %q, subject %q; want true, false, breached, and a subject that says so",
			r.Preliminary, erp.Promise.Closed, erp.Promise.Verdict, r.Subject())
	}
	page := htmlOf(t, r)
	for _, want := range []string{"Preliminary: October 2026 is not over.", "Breached</span>", "Sat 17 Oct: not yet"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of a running month lacks %q", want)
		}
	}
}

// The classes of each day, of each list and of the ledger are the same time.
func TestTheNumbersAgreeWithEachOther(t *testing.T) {
	r := build(t, acme(t), "acme", "2026-10", afterwards)
	for _, s := range r.Services {
		for _, o := range s.SLOs {
			var days, outages, gaps, taken Ledger
			for _, d := range o.Days {
				days.OutOfHours += d.OutOfHours
				days.Maintenance += d.Maintenance
				days.Excluded += d.Excluded
				days.Up += d.Up
				days.Down += d.Down
				days.Unknown += d.Unknown
			}
			for _, out := range o.Outages {
				outages.Down += out.Counted
			}
			for _, g := range o.Unmeasured {
				gaps.Unknown += g.End - g.Start
			}
			for _, x := range o.TakenOut {
				taken.Maintenance += x.End - x.Start
			}
			l := o.Ledger
			want := Ledger{OutOfHours: l.OutOfHours, Maintenance: l.Maintenance, Excluded: l.Excluded, Up: l.Up, Down: l.Down, Unknown: l.Unknown}
			if days != want {
				t.Errorf("%s: days sum to %+v, the ledger has %+v", o.ID, days, want)
			}
			if outages.Down != l.Down || gaps.Unknown != l.Unknown || taken.Maintenance != l.Maintenance {
				t.Errorf("%s: outages %d, gaps %d, maintenance %d; the ledger has %d, %d, %d",
					o.ID, outages.Down, gaps.Unknown, taken.Maintenance, l.Down, l.Unknown, l.Maintenance)
			}
			if sum := l.OutOfHours + l.Maintenance + l.Excluded + l.Up + l.Down + l.Unknown; sum != l.Elapsed || sum != r.Period.End-r.Period.Start {
				t.Errorf("%s: the classes sum to %d, elapsed %d, the month has %d", o.ID, sum, l.Elapsed, r.Period.End-r.Period.Start)
			}
			if len(o.Days) != 31 {
				t.Errorf("%s: %d days, want 31", o.ID, len(o.Days))
			}
		}
	}
}

const hostile = `effective = 2026-10-01
[client]
id = "evil"
name = "<script>alert(1)</script> {{.Client}} \u202Edrowssap =HYPERLINK(\"x\") & Söhne 🦷"
time_zone = "UTC"
[[contact]]
id = "a"
name = "Bobby, Bcc: all@evil.example; \"x\" <y@z>"
email = "a@evil.example"
gets = ["report", "breach"]
[[site]]
id = "hq"
name = "HQ"
[[check]]
id = "web"
site = "hq"
interval = "5m"
http = { url = "https://evil.example/" }
[[service]]
id = "web"
name = "</td><img src=x onerror=alert(1)> {{template \"x\"}}"
up_when = "web"
[[slo]]
id = "web"
service = "web"
objective = "99%"
window = "month"
[report]
send_on = "1st 08:00"
to = ["a"]
`

const (
	hostileClient  = "<script>alert(1)</script> {{.Client}} \u202edrowssap =HYPERLINK(\"x\") & Söhne 🦷"
	hostileService = `</td><img src=x onerror=alert(1)> {{template "x"}}`
)

// hostileWorld has names that would like to be something else.
func hostileWorld(t testing.TB) *ledgertest.World {
	w := ledgertest.New(t, hostile)
	w.Observe("evil", "web", utc("2026-10-01T00:00:00Z"), utc("2026-11-02T00:00:00Z"), wire.OK)
	return w
}

func TestHostileNamesStayNames(t *testing.T) {
	r := build(t, hostileWorld(t), "evil", "2026-10", afterwards)
	page := htmlOf(t, r)
	for _, forbidden := range []string{"<script", "<img"} {
		if strings.Contains(page, forbidden) {
			t.Errorf("the page has %q in it", forbidden)
		}
	}
	if want := "&lt;script&gt;alert(1)&lt;/script&gt; {{.Client}} \u202edrowssap"; !strings.Contains(page, want) {
		t.Errorf("the page lacks %q", want)
	}
	var back struct {
		Client   struct{ Name string }
		Services []struct{ Name string }
	}
	data, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if back.Client.Name != hostileClient || back.Services[0].Name != hostileService {
		t.Errorf("JSON has the names %q and %q, want them as typed", back.Client.Name, back.Services[0].Name)
	}
	if !strings.HasPrefix(r.Subject(), hostileClient) {
		t.Errorf("Subject() = %q, want the client's name as typed", r.Subject())
	}
}

func TestADemoIsMarkedEverywhere(t *testing.T) {
	document := "demo = true\n" + hostile
	w := ledgertest.New(t, document)
	w.Observe("evil", "web", utc("2026-10-01T00:00:00Z"), utc("2026-11-02T00:00:00Z"), wire.OK)
	r := build(t, w, "evil", "2026-10", afterwards)
	data, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"page": htmlOf(t, r), "subject": r.Subject(), "text": r.Text()} {
		if !strings.Contains(text, "DEMO") {
			t.Errorf("the %s of a demo does not say so: %.200s", name, text)
		}
	}
	if !strings.Contains(string(data), `"demo": true`) {
		t.Error(`the JSON of a demo lacks "demo": true`)
	}
}

func TestWriteFiles(t *testing.T) {
	r := build(t, acme(t), "acme", "2026-10", afterwards)
	dir := filepath.Join(t.TempDir(), "reports", "2026")
	for range 2 { // the second replaces the first
		paths, err := r.WriteFiles(dir)
		if err != nil || len(paths) != 2 {
			t.Fatalf("WriteFiles = %q, %v; want two paths", paths, err)
		}
		if got := read(t, paths[0]); got != htmlOf(t, r) {
			t.Errorf("%s is not the page", paths[0])
		}
		if filepath.Base(paths[0]) != "acme-2026-10.html" || filepath.Base(paths[1]) != "acme-2026-10.json" {
			t.Errorf("WriteFiles = %q, want acme-2026-10.html and .json", paths)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("ReadDir = %v, %v; want the two files and nothing else", entries, err)
	}
}

func TestWriteFilesSaysWhereItCannot(t *testing.T) {
	r := build(t, acme(t), "acme", "2026-10", afterwards)
	taken := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(taken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := r.WriteFiles(taken)
	if err == nil || !strings.Contains(err.Error(), taken) || !strings.Contains(err.Error(), "give another one") {
		t.Errorf("WriteFiles into a file = %v, want a sentence with the place and what to do", err)
	}
}

func TestALongReportIsMailedShortWithTheWholeAttached(t *testing.T) {
	document := hostile
	for i := range 8 {
		id := fmt.Sprintf("web-%d", i)
		document += fmt.Sprintf("[[slo]]\nid = %q\nservice = \"web\"\nobjective = \"99.%d%%\"\nwindow = \"month\"\n", id, i)
	}
	w := ledgertest.New(t, document)
	w.Observe("evil", "web", utc("2026-10-01T00:00:00Z"), utc("2026-11-02T00:00:00Z"), wire.OK)
	r := build(t, w, "evil", "2026-10", afterwards)
	messages, err := r.Messages(w.Source().Contracts()[0])
	if err != nil || len(messages) != 1 || len(messages[0].Files) != 2 {
		t.Fatalf("Messages = %d, %v; want one with two files", len(messages), err)
	}
	m := messages[0]
	whole := string(m.Files[1].Data)
	if whole != htmlOf(t, r) || len(whole) <= mostBody {
		t.Errorf("%s has %d bytes, want the whole page, of more than %d", m.Files[1].Name, len(whole), mostBody)
	}
	if len(m.HTML) > mostBody/2 || !strings.Contains(m.HTML, "evil-2026-10.html") || !strings.Contains(m.HTML, "web-7") || strings.Contains(m.HTML, "Day by day") {
		t.Errorf("the mail shows %d bytes; want the summary, all its rows, and where the rest is", len(m.HTML))
	}
}

func htmlOf(t testing.TB, r *Report) string {
	t.Helper()
	page, err := r.HTML()
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func TestNothingMeasuredIsNotAHundred(t *testing.T) {
	w := ledgertest.New(t, hostile)
	r := build(t, w, "evil", "2026-10", afterwards.Add(24*time.Hour))
	o := r.Services[0].SLOs[0]
	if o.Promise.Verdict != "cannot_be_proven" || percent(o.Ledger.Availability) != "not measured" {
		t.Errorf("a month without observations: verdict %q, availability %q; want cannot_be_proven, not measured",
			o.Promise.Verdict, percent(o.Ledger.Availability))
	}
	if page := htmlOf(t, r); strings.Contains(page, "100.0000") {
		t.Error("the page of a month without observations has 100.0000 in it")
	}
}
