package watch

import (
	"flag"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/notify"
	"github.com/nines-monitor/nines/internal/testservers"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with testdata/name, or rewrites it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs from what is written now; look at it, then run go test -update\n got:\n%s", path, got)
	}
}

func TestGoldenMails(t *testing.T) {
	s := breached(t)
	s.up("2026-10-10T00:00:00Z", "2026-10-10T00:30:00Z")
	s.tick("2026-10-10T08:10:00Z")
	s.tick("2026-10-10T08:20:00Z")
	s.up("2026-10-10T00:30:00Z", "2026-10-10T01:30:00Z")
	s.tick("2026-10-10T08:30:00Z")
	s.tick("2026-10-10T08:40:00Z")
	mails := s.mails()
	if len(mails) != 3 {
		t.Fatalf("%d mails, want a breach, moved, and withdrawn", len(mails))
	}
	for i, name := range []string{"breach", "moved", "withdrawn"} {
		golden(t, name+".txt", mails[i].Subject+"\n\n"+mails[i].Text)
		golden(t, name+".html", mails[i].HTML)
	}
}

// The whole way: an evil contract, a breach, the outbox, a real mail server.
func TestABreachWithHostileNamesArrives(t *testing.T) {
	const client, service = "<i>Acme</i> {{.}} \u202elatneD =1+1", `</td><img src=x> "ERP" & Söhne`
	evil := strings.NewReplacer("Acme Dental Group", client, `name = "ERP"`, "name = '"+service+"'").Replace(document)
	s := newScene(t, evil)
	s.down("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z")
	s.tick("2026-10-01T23:58:00Z")

	box := testservers.Mailpit(t)
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
	worker := notify.New(notify.Options{Store: s.db, Mailer: mailer, Log: slog.New(slog.DiscardHandler)})
	if err := worker.Tick(t.Context(), utc("2026-10-01T23:58:00Z")); err != nil {
		t.Fatal(err)
	}
	got := box.Wait(t, 1, 10*time.Second)[0]
	if want := "Breach: " + service + " of " + client + ", 99 % in October 2026"; got.Subject != want {
		t.Errorf("subject arrived as %q, want %q", got.Subject, want)
	}
	if strings.Contains(got.HTML, "<img") || strings.Contains(got.HTML, "<i>") || !strings.Contains(got.HTML, "{{.}} \u202elatneD") {
		t.Errorf("the page lets a name be markup, or changes it:\n%s", got.HTML)
	}
	if !strings.Contains(got.Text, service+" has been down") {
		t.Errorf("text arrived as %q, want the service as typed", got.Text)
	}
}
