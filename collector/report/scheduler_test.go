package report

import (
	"errors"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/ledger/ledgertest"
	"github.com/nines-monitor/nines/collector/notify"
	"github.com/nines-monitor/nines/collector/sqlite"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/testservers"
	"github.com/nines-monitor/nines/internal/wire"
)

func openStore(t testing.TB) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func contact(t testing.TB, db *sqlite.DB, tenant string, at time.Time) {
	t.Helper()
	a := store.Agent{Tenant: tenant, Site: "hq", ID: ledgertest.Agent, KeyID: tenant + "-key", PublicKey: []byte(tenant), LastContact: at.UnixMilli()}
	if err := db.PutAgent(t.Context(), a, a.RegisteredAt); err != nil {
		t.Fatal(err)
	}
}

func scheduler(w *ledgertest.World, db *sqlite.DB) *Scheduler {
	return NewScheduler(Options{Source: w.Source(), Store: db, Log: slog.New(slog.DiscardHandler)})
}

func tick(t testing.TB, s *Scheduler, now time.Time) {
	t.Helper()
	if err := s.Tick(t.Context(), now); err != nil {
		t.Fatalf("Tick(%s) = %v", now, err)
	}
}

// madeAt is when the report of a month was made, or "never".
func madeAt(t testing.TB, db *sqlite.DB, tenant, month string) string {
	t.Helper()
	r, err := db.Report(t.Context(), tenant, month)
	if errors.Is(err, store.ErrNotFound) {
		return "never"
	}
	if err != nil {
		t.Fatal(err)
	}
	return time.UnixMilli(r.MadeAt).UTC().Format(time.RFC3339)
}

func unsent(t testing.TB, db *sqlite.DB) []store.Message {
	t.Helper()
	messages, err := db.DueMessages(t.Context(), utc("2100-01-01T00:00:00Z").UnixMilli(), 100)
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

func TestTheReportIsMadeWhenTheContractSaysSo(t *testing.T) {
	w, db := acme(t), openStore(t)
	due := utc("2026-11-01T07:00:00Z") // 08:00 in Berlin, winter time
	contact(t, db, "acme", due)
	s := scheduler(w, db)
	tick(t, s, due.Add(-time.Millisecond))
	if got := madeAt(t, db, "acme", "2026-10"); got != "never" {
		t.Fatalf("made at %s, before it was due", got)
	}
	tick(t, s, due)
	tick(t, s, due.Add(time.Hour))
	tick(t, scheduler(w, db), due.Add(2*time.Hour)) // a collector that was restarted
	if got := madeAt(t, db, "acme", "2026-10"); got != "2026-11-01T07:00:00Z" {
		t.Errorf("made at %s, want once, at 2026-11-01T07:00:00Z", got)
	}
	messages := unsent(t, db)
	if len(messages) != 2 || messages[0].To[0] != `"Acme IT" <it@acme.example>` {
		t.Errorf("%d mails, the first to %v; want one each for Acme IT and the owner", len(messages), messages[0].To)
	}
	if got := madeAt(t, db, "acme", "2026-09"); got != "never" {
		t.Errorf("September, of which nothing was measured, made at %s", got)
	}
}

func TestTheReportWaitsForItsData(t *testing.T) {
	due := utc("2026-11-01T07:00:00Z")
	for name, tc := range map[string]struct {
		contact  time.Time // of the agent, last
		observed time.Time // last observation
		want     string
	}{
		"everything is in":           {due, due, "2026-11-01T07:00:00Z"},
		"the agent has been silent":  {utc("2026-10-31T20:00:00Z"), utc("2026-10-31T20:00:00Z"), "2026-11-04T07:00:00Z"},
		"contact, but a full spool":  {due, utc("2026-10-31T20:00:00Z"), "2026-11-04T07:00:00Z"},
		"an agent that never spoke":  {time.UnixMilli(0), due, "2026-11-01T07:00:00Z"},
		"nothing was ever observed":  {due, time.Time{}, "never"},
		"the month holds no results": {due, utc("2026-09-30T21:00:00Z"), "never"},
	} {
		t.Run(name, func(t *testing.T) {
			db := openStore(t)
			contact(t, db, "acme", tc.contact)
			w := ledgertest.New(t, read(t, "testdata/acme.toml"))
			for _, check := range []string{"gateway", "erp-web", "erp-db"} {
				w.Observe("acme", check, utc("2026-09-30T20:00:00Z"), tc.observed, wire.OK)
			}
			s := scheduler(w, db)
			for now := due; now.Before(due.Add(100 * time.Hour)); now = now.Add(time.Hour) {
				tick(t, s, now)
			}
			if got := madeAt(t, db, "acme", "2026-10"); got != tc.want {
				t.Errorf("made at %s, want %s", got, tc.want)
			}
		})
	}
}

func TestMissedReportsAreCaughtUp(t *testing.T) {
	db := openStore(t)
	now := utc("2027-03-20T12:00:00Z") // after a long time off
	contact(t, db, "acme", now)
	w := ledgertest.New(t, read(t, "testdata/acme.toml"))
	for _, check := range []string{"gateway", "erp-web", "erp-db"} {
		w.Observe("acme", check, utc("2026-09-01T00:00:00Z"), now, wire.OK)
	}
	tick(t, scheduler(w, db), now)
	got := map[string]string{}
	for _, month := range []string{"2026-08", "2026-10", "2026-11", "2026-12", "2027-01", "2027-02", "2027-03"} {
		if at := madeAt(t, db, "acme", month); at != "never" {
			got[month] = at
		}
	}
	if len(got) != 3 || got["2026-12"] == "" || got["2027-01"] == "" || got["2027-02"] == "" {
		t.Errorf("caught up on %v, want December to February", got)
	}
}

func TestADemoIsMailedToNobody(t *testing.T) {
	db := openStore(t)
	w := ledgertest.New(t, "demo = true\n"+hostile)
	w.Observe("evil", "web", utc("2026-10-01T00:00:00Z"), utc("2026-11-02T00:00:00Z"), wire.OK)
	tick(t, scheduler(w, db), utc("2026-11-01T08:00:00Z"))
	if at, mails := madeAt(t, db, "evil", "2026-10"), unsent(t, db); at == "never" || len(mails) != 0 {
		t.Errorf("a demo's report was made %s with %d mails, want it made and mailed to nobody", at, len(mails))
	}
}

// The whole way: schedule, outbox, a real mail server; what arrives says what the ledger says.
func TestTheReportArrives(t *testing.T) {
	for name, world := range map[string]*ledgertest.World{"acme": acme(t), "evil": hostileWorld(t)} {
		t.Run(name, func(t *testing.T) {
			box := testservers.Mailpit(t)
			db := openStore(t)
			now := utc("2026-11-01T08:00:00Z")
			contact(t, db, name, now)
			tick(t, scheduler(world, db), now)

			host, port, err := net.SplitHostPort(box.SMTP)
			if err != nil {
				t.Fatal(err)
			}
			number, err := strconv.Atoi(port)
			if err != nil {
				t.Fatal(err)
			}
			mailer, err := notify.NewSMTP(notify.MailConfig{Host: host, Port: number, From: "nines@msp.example", TLS: notify.NoTLS})
			if err != nil {
				t.Fatal(err)
			}
			w := notify.New(notify.Options{Store: db, Mailer: mailer, Log: slog.New(slog.DiscardHandler)})
			if err := w.Tick(t.Context(), now); err != nil {
				t.Fatal(err)
			}
			r := build(t, world, name, "2026-10", now)
			got := box.Wait(t, 1, 10*time.Second)[0]
			data, err := r.JSON()
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Attachments) != 2 {
				t.Fatalf("arrived with %d attachments, want JSON and HTML", len(got.Attachments))
			}
			for part, pair := range map[string][2]string{
				"subject": {got.Subject, r.Subject()},
				"text":    {strings.ReplaceAll(got.Text, "\r\n", "\n"), r.Text()},
				"html":    {strings.ReplaceAll(got.HTML, "\r\n", "\n"), htmlOf(t, r)},
				"json":    {string(box.Part(t, got.ID, got.Attachments[0].PartID)), string(data)},
				"page":    {string(box.Part(t, got.ID, got.Attachments[1].PartID)), htmlOf(t, r)},
				"name":    {got.Attachments[0].FileName, name + "-2026-10.json"},
			} {
				if strings.TrimSpace(pair[0]) != strings.TrimSpace(pair[1]) {
					t.Errorf("%s arrived as\n%q\nwant\n%q", part, pair[0], pair[1])
				}
			}
			if bcc := box.Header(t, got.ID, "Bcc"); len(bcc) != 0 || len(got.To) != 1 {
				t.Errorf("arrived with Bcc %q, To %v; want one recipient", bcc, got.To)
			}
		})
	}
}
