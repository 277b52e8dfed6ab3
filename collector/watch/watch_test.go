package watch

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/nines-monitor/nines/collector/ledger/ledgertest"
	"github.com/nines-monitor/nines/collector/sqlite"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// 99 % of October 2026 (744 h in UTC) leave 7 h 26 min 24 s for outages.
const document = `effective = 2026-08-01
[client]
id = "acme"
name = "Acme Dental Group"
time_zone = "UTC"
[[contact]]
id = "it"
name = "Acme IT"
email = "it@acme.example"
gets = ["breach", "report"]
[[contact]]
id = "owner"
name = "Ada"
email = "ada@acme.example"
gets = ["report"]
[[site]]
id = "hq"
name = "HQ"
[[check]]
id = "web"
site = "hq"
interval = "5m"
http = { url = "https://erp.acme.example/" }
[[service]]
id = "erp"
name = "ERP"
up_when = "web"
[[slo]]
id = "erp-availability"
service = "erp"
objective = "99%"
window = "month"
`

func utc(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// scene is a watch over a world, with a real store.
type scene struct {
	*testing.T
	world *ledgertest.World
	db    *sqlite.DB
	watch *Watch
}

func newScene(t *testing.T, documents ...string) *scene {
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
	s := &scene{T: t, world: ledgertest.New(t, documents...), db: db}
	s.restart()
	return s
}

func (s *scene) restart() {
	s.watch = New(Options{Source: s.world.Source(), Store: s.db, Log: slog.New(slog.DiscardHandler)})
}

func (s *scene) up(from, to string) { s.observe(from, to, wire.OK) }

func (s *scene) down(from, to string) { s.observe(from, to, wire.Timeout) }

func (s *scene) observe(from, to string, reason wire.Reason) {
	s.world.Forget("acme", "web", utc(from), utc(to))
	s.world.Observe("acme", "web", utc(from), utc(to), reason)
}

func (s *scene) tick(at string) {
	s.Helper()
	if err := s.watch.Tick(s.Context(), utc(at)); err != nil {
		s.Fatalf("Tick(%s) = %v", at, err)
	}
}

// history is every transition, oldest first, in words.
func (s *scene) history() []string {
	s.Helper()
	list, err := s.db.Transitions(s.Context(), "acme", 0, store.Always.End, 100)
	if err != nil {
		s.Fatal(err)
	}
	var lines []string
	for _, t := range list {
		line := time.UnixMilli(t.Period.Start).UTC().Format("Jan") + " " + t.From.String() + ">" + t.To.String()
		if t.BreachedAt != 0 {
			line += " at " + time.UnixMilli(t.BreachedAt).UTC().Format("2 15:04:05")
		}
		if t.Note != "" {
			line += " (" + t.Note + ")"
		}
		lines = append([]string{line}, lines...)
	}
	return lines
}

func (s *scene) mails() []store.Message {
	s.Helper()
	list, err := s.db.DueMessages(s.Context(), store.Always.End, 100)
	if err != nil {
		s.Fatal(err)
	}
	return list
}

func (s *scene) wantHistory(want ...string) {
	s.Helper()
	if got := s.history(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		s.Errorf("transitions:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (s *scene) wantMails(want ...string) {
	s.Helper()
	var got []string
	for _, m := range s.mails() {
		got = append(got, m.Kind+" to "+strings.Join(m.To, ", ")+": "+m.Subject)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		s.Errorf("mails:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

const (
	breachMail    = `breach to "Acme IT" <it@acme.example>: Breach: ERP of Acme Dental Group, 99 % in October 2026`
	movedMail     = `correction to "Acme IT" <it@acme.example>: Correction: ERP of Acme Dental Group, 99 % in October 2026: breach moved`
	withdrawnMail = `correction to "Acme IT" <it@acme.example>: Correction: ERP of Acme Dental Group, 99 % in October 2026: breach withdrawn`
)

// breached is a scene in which October was breached on the 10th at 07:26:24, and told.
func breached(t *testing.T) *scene {
	s := newScene(t, document)
	s.up("2026-10-01T00:00:00Z", "2026-10-10T00:00:00Z")
	s.tick("2026-10-09T23:56:00Z")
	s.down("2026-10-10T00:00:00Z", "2026-10-10T08:00:00Z")
	s.tick("2026-10-10T07:58:00Z")
	return s
}

const (
	becameMet    = "Oct not_measured>met"
	becameBroken = "Oct met>breached at 10 07:26:24 (breach)"
)

func TestABreachIsRecordedWithItsMomentAndToldOnce(t *testing.T) {
	s := breached(t)
	s.tick("2026-10-10T08:10:00Z")
	s.restart()
	s.tick("2026-10-10T09:00:00Z")
	s.wantHistory(becameMet, becameBroken)
	s.wantMails(breachMail)
	states, err := s.db.SLOStates(t.Context(), 0, store.Always.End)
	if err != nil || len(states) != 1 || states[0].State != slo.Breached || states[0].Since != utc("2026-10-10T07:58:00Z").UnixMilli() {
		t.Errorf("SLOStates = %+v, %v; want one, breached since it was noticed", states, err)
	}
}

func TestLateDataThatWithdrawsABreachIsToldOnceItHasSettled(t *testing.T) {
	s := breached(t)
	s.up("2026-10-10T00:00:00Z", "2026-10-10T01:00:00Z") // the spool of the night arrives
	s.tick("2026-10-10T08:10:00Z")
	s.wantHistory(becameMet, becameBroken)
	s.tick("2026-10-10T08:19:59Z")
	s.wantHistory(becameMet, becameBroken)
	s.tick("2026-10-10T08:20:00Z")
	s.tick("2026-10-10T08:30:00Z")
	s.wantHistory(becameMet, becameBroken, "Oct breached>at_risk (correction: breach withdrawn)")
	s.wantMails(breachMail, withdrawnMail)

	s.down("2026-10-10T00:00:00Z", "2026-10-10T01:00:00Z") // and was wrong: a contract edit, say, taken back
	s.tick("2026-10-10T08:40:00Z")
	s.wantHistory(becameMet, becameBroken, "Oct breached>at_risk (correction: breach withdrawn)", "Oct at_risk>breached at 10 07:26:24 (breach)")
	s.wantMails(breachMail, withdrawnMail, breachMail)
}

func TestLateDataThatMovesABreachIsToldOnceItHasSettled(t *testing.T) {
	s := breached(t)
	for i, until := range []string{"00:10", "00:20", "00:15"} { // in three batches, four minutes apart
		s.down("2026-10-10T00:00:00Z", "2026-10-10T01:00:00Z")
		s.up("2026-10-10T00:00:00Z", "2026-10-10T"+until+":00Z")
		s.tick(utc("2026-10-10T08:00:00Z").Add(time.Duration(i) * 4 * time.Minute).Format(time.RFC3339))
	}
	s.wantHistory(becameMet, becameBroken)
	s.tick("2026-10-10T08:18:00Z")
	s.wantHistory(becameMet, becameBroken, "Oct breached>breached at 10 07:41:24 (correction: breach moved)")
	s.tick("2026-10-10T09:00:00Z")
	s.wantMails(breachMail, movedMail)
}

func TestACorrectionThatGoesAwayIsNotTold(t *testing.T) {
	s := breached(t)
	s.up("2026-10-10T00:00:00Z", "2026-10-10T01:00:00Z")
	s.tick("2026-10-10T08:10:00Z")
	s.down("2026-10-10T00:00:00Z", "2026-10-10T01:00:00Z")
	s.tick("2026-10-10T08:12:00Z")
	s.up("2026-10-10T00:00:00Z", "2026-10-10T01:00:00Z")
	s.tick("2026-10-10T08:21:00Z") // seen for the first time again
	s.wantHistory(becameMet, becameBroken)
	s.wantMails(breachMail)
}

func TestANewMonthIsANewState(t *testing.T) {
	s := breached(t)
	s.up("2026-10-10T08:00:00Z", "2026-11-02T00:00:00Z")
	s.tick("2026-10-31T23:59:00Z")
	s.tick("2026-11-01T00:10:00Z")
	s.tick("2026-11-01T00:20:00Z")
	s.wantHistory(becameMet, becameBroken, "Nov not_measured>met")
	s.wantMails(breachMail)
}

// What happens in a month's last minutes is often known only in the next month.
func TestABreachOfTheMonthBeforeIsStillTold(t *testing.T) {
	s := newScene(t, document)
	s.up("2026-10-01T00:00:00Z", "2026-10-31T16:00:00Z")
	s.tick("2026-10-31T15:58:00Z")
	s.down("2026-10-31T16:00:00Z", "2026-11-01T00:00:00Z")
	s.up("2026-11-01T00:00:00Z", "2026-11-01T10:00:00Z")
	s.tick("2026-11-01T09:58:00Z")
	s.wantHistory(becameMet, "Oct met>breached at 31 23:26:24 (breach)", "Nov not_measured>met")
	s.wantMails(breachMail)
}

// A demo's past, or a spool that was cut off for weeks, mails nobody about last summer.
func TestAnOldBreachIsRecordedAndNotTold(t *testing.T) {
	s := newScene(t, document)
	s.up("2026-10-01T00:00:00Z", "2026-10-20T00:00:00Z")
	s.tick("2026-10-19T23:58:00Z")
	s.down("2026-08-03T00:00:00Z", "2026-08-04T00:00:00Z")
	s.down("2026-07-03T00:00:00Z", "2026-07-04T00:00:00Z") // before there was a contract
	touched := Touch{Client: "acme", Service: "erp", From: utc("2026-07-03T00:00:00Z").UnixMilli()}
	if err := s.watch.Changed(t.Context(), utc("2026-10-19T23:59:00Z"), touched); err != nil {
		t.Fatal(err)
	}
	s.wantHistory(becameMet, "Aug not_measured>breached at 3 06:57:36 (breach)") // two days unknown: less was agreed
	s.wantMails()
}

func TestChangedLooksAtWhatWasTouched(t *testing.T) {
	s := newScene(t, document)
	s.up("2026-10-01T00:00:00Z", "2026-10-20T00:00:00Z")
	for _, other := range []Touch{{Client: "acne"}, {Client: "acme", Service: "mail"}} {
		if err := s.watch.Changed(t.Context(), utc("2026-10-19T23:58:00Z"), other); err != nil {
			t.Fatal(err)
		}
	}
	s.wantHistory()
	if err := s.watch.Changed(t.Context(), utc("2026-10-19T23:58:00Z"), Touch{Client: "acme"}); err != nil {
		t.Fatal(err)
	}
	s.wantHistory(becameMet)
}

func TestADemoIsRecordedAndMailedToNobody(t *testing.T) {
	s := newScene(t, "demo = true\n"+document)
	s.down("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z")
	s.tick("2026-10-01T23:58:00Z")
	s.wantHistory("Oct not_measured>breached at 1 07:26:24 (breach)")
	s.wantMails()
}

func TestARollingWindowRecovers(t *testing.T) {
	s := newScene(t, strings.Replace(document, `window = "month"`, `window = "rolling 10d"`, 1)) // 2 h 24 min
	s.up("2026-10-01T00:00:00Z", "2026-10-12T00:00:00Z")
	s.tick("2026-10-11T23:58:00Z")
	s.down("2026-10-12T00:00:00Z", "2026-10-12T03:00:00Z")
	s.tick("2026-10-12T02:58:00Z")
	s.up("2026-10-12T03:00:00Z", "2026-10-24T00:00:00Z")
	for at := utc("2026-10-12T12:00:00Z"); at.Before(utc("2026-10-24T00:00:00Z")); at = at.Add(6 * time.Hour) {
		s.tick(at.Format(time.RFC3339))
	}
	s.wantHistory(becameMet, "Oct met>breached at 12 02:24:00 (breach)", "Oct breached>met (recovered)")
	if mails := s.mails(); len(mails) != 1 || mails[0].Kind != "breach" {
		t.Errorf("%d mails, want the breach alone", len(mails))
	}
	states, err := s.db.SLOStates(t.Context(), 0, store.Always.End)
	if err != nil || len(states) != 1 {
		t.Errorf("SLOStates = %+v, %v; want one for all time", states, err)
	}
}

// failing refuses its first write.
type failing struct {
	Store
	left int
}

var errDisk = errors.New("disk full")

func (f *failing) PutSLOState(ctx context.Context, s store.SLOState, t store.Transition, m []store.Message) error {
	if f.left > 0 {
		f.left--
		return errDisk
	}
	return f.Store.PutSLOState(ctx, s, t, m)
}

func TestWhatCouldNotBeRecordedIsRecordedLater(t *testing.T) {
	s := newScene(t, document)
	s.down("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z")
	s.watch = New(Options{Source: s.world.Source(), Store: &failing{s.db, 1}, Log: slog.New(slog.DiscardHandler)})
	if err := s.watch.Tick(t.Context(), utc("2026-10-01T23:57:00Z")); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "erp-availability of acme") {
		t.Errorf("Tick = %v, want an error that names the SLO, and the disk", err)
	}
	s.wantMails()
	s.tick("2026-10-01T23:58:00Z")
	s.wantHistory("Oct not_measured>breached at 1 07:26:24 (breach)")
	s.wantMails(breachMail)
}
