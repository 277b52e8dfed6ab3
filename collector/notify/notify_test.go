package notify

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/sqlite"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/testservers"
	"github.com/nines-monitor/nines/slo"
)

var start = time.Date(2026, 11, 1, 7, 0, 0, 0, time.UTC)

// outbox is a real store with messages in it, one for each key.
func outbox(t testing.TB, keys ...string) *sqlite.DB {
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
	for _, key := range keys {
		put(t, db, letter(key))
	}
	return db
}

func put(t testing.TB, db *sqlite.DB, messages ...store.Message) {
	t.Helper()
	state := store.SLOState{Tenant: "acme", SLO: "erp", Period: slo.Period{Start: 1, End: 2}, State: slo.Breached}
	if err := db.PutSLOState(t.Context(), state, store.Transition{Tenant: "acme", SLO: "erp"}, messages); err != nil {
		t.Fatal(err)
	}
}

func worker(db Outbox, m Mailer) *Worker {
	return New(Options{Store: db, Mailer: m, Log: slog.New(slog.DiscardHandler)})
}

func tick(t testing.TB, w *Worker, now time.Time) {
	t.Helper()
	if err := w.Tick(t.Context(), now); err != nil {
		t.Fatalf("Tick(%s) = %v", now, err)
	}
}

// waiting compares how many messages wait with how many should.
func waiting(t testing.TB, db *sqlite.DB, want int) {
	t.Helper()
	got, err := db.UnsentMessages(t.Context())
	if err != nil || got != want {
		t.Errorf("UnsentMessages = %d, %v; want %d", got, err, want)
	}
}

func TestWhatIsDueIsSentOnce(t *testing.T) {
	box := testservers.Mailpit(t)
	db := outbox(t, "breach/erp/1", "breach/erp/2", "breach/erp/1") // a repeat is not kept
	later := letter("breach/erp/3")
	later.NextAttempt = start.Add(time.Hour).UnixMilli()
	put(t, db, later)
	w := worker(db, mailer(t, plain(t, box.SMTP)))
	tick(t, w, start)
	tick(t, w, start.Add(time.Minute))
	if got := box.Wait(t, 2, 10*time.Second); len(got) != 2 {
		t.Errorf("%d messages arrived, want the two that are due", len(got))
	}
	waiting(t, db, 1)
	tick(t, w, start.Add(time.Hour))
	if got := box.Wait(t, 3, 10*time.Second); len(got) != 3 {
		t.Errorf("%d messages arrived, want three", len(got))
	}
	waiting(t, db, 0)
}

func TestAServerThatIsDownIsTriedUntilItIsUp(t *testing.T) {
	address := freeAddress(t)
	db := outbox(t, "breach/erp/1", "breach/erp/2")
	w := worker(db, mailer(t, plain(t, address)))
	now := start
	for range 8 {
		tick(t, w, now)
		now = now.Add(time.Hour)
	}
	waiting(t, db, 2)
	due, err := db.DueMessages(t.Context(), now.Add(Patience).UnixMilli(), 10)
	if err != nil || len(due) != 2 || due[0].Attempts+due[1].Attempts != 8 || !strings.Contains(due[0].LastError, "refused") {
		t.Fatalf("DueMessages = %+v, %v; want two messages, tried eight times in all, refused", due, err)
	}
	box := testservers.Mailpit(t, "--smtp", address)
	now = now.Add(longestWait)
	tick(t, w, now)
	ids := map[string]bool{}
	for _, m := range box.Wait(t, 2, 10*time.Second) {
		ids[m.MessageID] = true
	}
	if want := messageID(letter("breach/erp/1"), "msp.example"); !ids[want] || len(ids) != 2 {
		t.Errorf("arrived with the ids %v, want %s and another", ids, want)
	}
	waiting(t, db, 0)
}

func TestARefusedRecipientIsGivenUpAndSaidSo(t *testing.T) {
	box := testservers.Mailpit(t, "--smtp-allowed-recipients", "^ada@")
	nobody := letter("breach/erp/0")
	nobody.To = []string{"nobody@acme.example"}
	db := outbox(t)
	put(t, db, nobody)
	put(t, db, letter("breach/erp/1"))
	tick(t, worker(db, mailer(t, plain(t, box.SMTP))), start)
	if got := box.Wait(t, 1, 10*time.Second); got[0].To[0].Address != "ada@acme.example" {
		t.Errorf("arrived for %v, want ada", got[0].To)
	}
	waiting(t, db, 0)
	given, err := db.GivenUpMessages(t.Context(), 10)
	if err != nil || len(given) != 1 || given[0].Key != nobody.Key || !strings.Contains(given[0].LastError, "550") {
		t.Errorf("GivenUpMessages = %+v, %v; want the one to nobody, with the server's words", given, err)
	}
}

func TestPatienceEnds(t *testing.T) {
	db := outbox(t, "breach/erp/1")
	w := worker(db, mailer(t, plain(t, freeAddress(t))))
	now := start
	for ; now.Before(start.Add(Patience)); now = now.Add(longestWait) {
		tick(t, w, now)
	}
	waiting(t, db, 1)
	tick(t, w, now)
	waiting(t, db, 0)
	given, err := db.GivenUpMessages(t.Context(), 10)
	if err != nil || len(given) != 1 || given[0].GivenUpAt != now.UnixMilli() {
		t.Errorf("GivenUpMessages = %+v, %v; want the message, given up at %s", given, err, now)
	}
}

func TestWithoutMailMessagesWait(t *testing.T) {
	db := outbox(t, "breach/erp/1")
	late := start.Add(3 * Patience)
	tick(t, worker(db, nil), late)
	waiting(t, db, 1)
	w := worker(db, mailer(t, plain(t, freeAddress(t))))
	tick(t, w, late) // set up now, and not working at first: no reason to give up
	waiting(t, db, 1)
	var exposed strings.Builder
	w.Metrics().WritePrometheus(&exposed)
	for _, want := range []string{"nines_notify_messages_waiting 1\n", "nines_notify_attempts_failed_total 1\n", "nines_notify_messages_sent_total 0\n"} {
		if !strings.Contains(exposed.String(), want) {
			t.Errorf("metrics lack %q:\n%s", want, exposed.String())
		}
	}
}

func TestShuttingDownIsNoFailure(t *testing.T) {
	db := outbox(t, "breach/erp/1")
	ctx, stop := context.WithCancel(t.Context())
	w := worker(db, stopping{mailer(t, plain(t, silentServer(t, "220 mail.example\r\n"))), stop})
	if err := w.Tick(ctx, start); err != nil {
		t.Errorf("Tick while shutting down = %v", err)
	}
	due, err := db.DueMessages(t.Context(), start.UnixMilli(), 10)
	if err != nil || len(due) != 1 || due[0].Attempts != 0 {
		t.Errorf("DueMessages = %+v, %v; want the message, never tried", due, err)
	}
}

// stopping ends the program while a message is on its way.
type stopping struct {
	Mailer
	stop func()
}

func (s stopping) Send(ctx context.Context, m store.Message) error {
	s.stop()
	return s.Mailer.Send(ctx, m)
}

func TestPausesGrowAndEnd(t *testing.T) {
	for n, full := range map[int]time.Duration{0: 30 * time.Second, 1: time.Minute, 5: 16 * time.Minute, 8: longestWait, 1000: longestWait} {
		for range 100 {
			if got := pause(n); got < full/2 || got >= full {
				t.Fatalf("pause(%d) = %s, want %s to %s", n, got, full/2, full)
			}
		}
	}
}

// freeAddress is where nobody listens.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return fmt.Sprint(listener.Addr())
}
