package testservers

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/wneessen/go-mail"
)

func TestMailpitHandsBackWhatWasSent(t *testing.T) {
	box := Mailpit(t)
	if got := box.Messages(t); len(got) != 0 {
		t.Fatalf("a new mailbox holds %d messages, want none", len(got))
	}
	send(t, box, "first", "availability 99.95 %")
	send(t, box, "second", "budget spent")

	messages := box.Wait(t, 2, 10*time.Second)
	if len(messages) != 2 || messages[0].Subject != "first" || messages[1].Subject != "second" {
		t.Fatalf("mailbox holds %s, want first; second", subjects(messages))
	}
	first := messages[0]
	if first.Text != "availability 99.95 %" || first.From.Address != "noc@msp.example" || first.To[0].Address != "it@acme.example" {
		t.Errorf("message = %+v", first)
	}
	if got := box.Header(t, first.ID, "x-nines-kind"); len(got) != 1 || got[0] != "report" {
		t.Errorf(`Header("x-nines-kind") = %q, want ["report"]`, got)
	}
	if len(first.Attachments) != 1 || first.Attachments[0].FileName != "ledger.json" {
		t.Fatalf("attachments = %+v, want ledger.json alone", first.Attachments)
	}
	if got := box.Part(t, first.ID, first.Attachments[0].PartID); string(got) != `{"up":1}` {
		t.Errorf("attached %q, want %q", got, `{"up":1}`)
	}
}

func TestTwoMailboxesShareNothing(t *testing.T) {
	one, other := Mailpit(t), Mailpit(t)
	send(t, one, "for one", "text")
	one.Wait(t, 1, 10*time.Second)
	if got := other.Messages(t); len(got) != 0 {
		t.Errorf("the other mailbox holds %s, want nothing", subjects(got))
	}
}

func TestChromiumRunsAPagesScript(t *testing.T) {
	page := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<p id="state">down</p><script>setTimeout(() => state.textContent = "up", 50)</script>`)
	}))
	defer page.Close()

	tab := Chromium(t)
	if err := chromedp.Do(tab, chromedp.Navigate(page.URL)); err != nil {
		t.Fatal(err)
	}
	WaitFor(t, tab, `state.textContent === "up"`, 10*time.Second)
	shot, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
	if err != nil || len(shot) < 100 || string(shot[1:4]) != "PNG" {
		t.Errorf("screenshot: %d bytes, %v, want a PNG", len(shot), err)
	}
}

func send(t *testing.T, box *Mailbox, subject, text string) {
	t.Helper()
	m := mail.NewMsg()
	for _, err := range []error{m.From("noc@msp.example"), m.To("it@acme.example")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	m.Subject(subject)
	m.SetBodyString(mail.TypeTextPlain, text)
	m.SetGenHeader("X-Nines-Kind", "report")
	m.AttachReadSeeker("ledger.json", strings.NewReader(`{"up":1}`))

	addr, err := netip.ParseAddrPort(box.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	client, err := mail.NewClient(addr.Addr().String(), mail.WithPort(int(addr.Port())), mail.WithTLSPolicy(mail.NoTLS))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, m); err != nil {
		t.Fatalf("send %q: %v", subject, err)
	}
}
