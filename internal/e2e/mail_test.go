package e2e

import (
	"bytes"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/testservers"
	"github.com/nines-monitor/nines/internal/wire"
)

// report is what the tests read of a report's JSON.
type report struct {
	Month    string `json:"month"`
	Services []struct {
		SLOs []struct {
			Ledger struct {
				Up           int64 `json:"up_ms"`
				Down         int64 `json:"down_ms"`
				Availability struct {
					Percent *string `json:"percent"`
				} `json:"availability"`
			} `json:"ledger"`
			Promise struct {
				BreachedAt int64  `json:"breached_at_ms"`
				Verdict    string `json:"verdict"`
			} `json:"promise"`
			Outages []struct {
				Start  int64  `json:"start_ms"`
				End    int64  `json:"end_ms"`
				Reason string `json:"reason"`
			} `json:"outages"`
		} `json:"slos"`
	} `json:"services"`
}

// TestBreachAndReportAreMailed breaks an SLO and reads what a real mail server received.
func TestBreachAndReportAreMailed(t *testing.T) {
	box := testservers.Mailpit(t)
	g := newTarget(t)
	in := install(t, layout{target: g.URL, mailTo: box.SMTP})
	in.waitFor(t, "up", time.Now().Add(-time.Second))
	g.fail()
	in.waitFor(t, "down", time.Now())
	breach := box.Wait(t, 1, 20*time.Second)[0]
	g.mend()
	in.waitFor(t, "up", time.Now().Add(2*interval))
	l, _ := in.ledgerOf(t, "")

	if l.State != "breached" || breach.To[0].Address != "it@acme.example" || !strings.Contains(breach.Subject, "ERP") {
		t.Errorf("breach mail %q to %v for an SLO that is %s", breach.Subject, breach.To, l.State)
	}
	at, err := time.Parse(time.RFC3339, l.BreachedAt)
	if err != nil {
		t.Fatal(err)
	}
	if moment := at.UTC().Format("15:04"); !strings.Contains(breach.Text, moment) {
		t.Errorf("breach mail does not name the moment %s:\n%s", moment, breach.Text)
	}

	month := time.Now().UTC().Format("2006-01")
	command(t, "nines", "report", "--config", in.path("collector.toml"), "--client", "acme", "--month", month, "--out", in.path("out"), "--mail")
	mails := box.Wait(t, 2, 10*time.Second)
	if len(mails) != 2 {
		t.Errorf("got %d mails, want the breach once and the report once", len(mails))
	}
	mail := mails[1]
	written, err := os.ReadFile(filepath.Join(in.path("out"), "acme-"+month+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if attached := box.Part(t, mail.ID, mail.Attachments[0].PartID); !bytes.Equal(attached, written) {
		t.Error("the report attached differs from the report written")
	}
	compareReport(t, written, l, at)
	if r := decodeReport(t, written); !strings.Contains(mail.Text, *r.Services[0].SLOs[0].Ledger.Availability.Percent) {
		t.Errorf("the mail's text does not name the availability:\n%s", mail.Text)
	}
	if html, err := os.ReadFile(filepath.Join(in.path("out"), "acme-"+month+".html")); err != nil || !bytes.Contains(html, []byte("Acme Dental Group")) {
		t.Errorf("the page written: %d bytes, %v; want the client's name in it", len(html), err)
	}
}

// TestAgentsComeAndGo registers a second agent, which never reports, and revokes the first:
// neither changes what was recorded.
func TestAgentsComeAndGo(t *testing.T) {
	in := install(t, layout{target: newTarget(t).URL, alone: true})
	first := monthStart(2)
	window := "?window=" + first.Format("2006-01")
	in.ship(t, first, 300, 120)
	var before ledger
	eventually(t, 10*time.Second, "the outage to be in the ledger", func() bool {
		before, _ = in.ledgerOf(t, window)
		return before.Down == 120_000
	})
	in.register(t, "hq-2", base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, ed25519.PublicKeySize)))
	if after, _ := in.ledgerOf(t, window); after.Down != before.Down || after.Up != before.Up {
		t.Errorf("after another agent was registered: up %d, down %d; before: %d, %d", after.Up, after.Down, before.Up, before.Down)
	}
	revoke := []string{"agent", "revoke", "--config", in.path("collector.toml"), "--client", "acme", "--id", "hq-1"}
	command(t, "nines", revoke...)
	if status, _ := in.send(t, in.key, history(first.AddDate(0, 0, 1), 10, 0)); status != http.StatusUnauthorized {
		t.Errorf("a revoked agent's batch: status %d, want 401", status)
	}
	if after, _ := in.ledgerOf(t, window); after.Down != before.Down || after.Up != before.Up {
		t.Errorf("after the agent was revoked: up %d, down %d; before: %d, %d", after.Up, after.Down, before.Up, before.Down)
	}
	if _, stderr, code := try(t, "nines", revoke...); code != 1 || !strings.Contains(stderr, "revoked already") {
		t.Errorf("revoke again: exit code %d, %s", code, stderr)
	}
}

// compareReport holds a report's numbers against the API's.
func compareReport(t *testing.T, data []byte, l ledger, breachedAt time.Time) {
	t.Helper()
	s := decodeReport(t, data).Services[0].SLOs[0]
	if s.Ledger.Down != l.Down || s.Ledger.Up < l.Up || s.Promise.BreachedAt != breachedAt.UnixMilli() {
		t.Errorf("report: down %d, up %d, breached at %d; the API a moment before: %d, %d, %d",
			s.Ledger.Down, s.Ledger.Up, s.Promise.BreachedAt, l.Down, l.Up, breachedAt.UnixMilli())
	}
	if len(s.Outages) != 1 || s.Outages[0].End-s.Outages[0].Start != l.Down || s.Outages[0].Reason != "http_status" {
		t.Errorf("report lists %+v; want one outage of %d ms, http_status", s.Outages, l.Down)
	}
}

func decodeReport(t *testing.T, data []byte) report {
	t.Helper()
	var r report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Services) != 1 || len(r.Services[0].SLOs) != 1 {
		t.Fatalf("report of %d services: want one with one SLO", len(r.Services))
	}
	return r
}

// TestReportOfAPastMonthIsMailedByItself gives the collector the data of a month that is over,
// as an agent that was cut off would, after the report was due, and reads the mail.
func TestReportOfAPastMonthIsMailedByItself(t *testing.T) {
	box := testservers.Mailpit(t)
	in := install(t, layout{target: newTarget(t).URL, mailTo: box.SMTP, alone: true})
	first := monthStart(2)
	const up, down = 3000, 600
	in.ship(t, first, up, down)
	in.collector.stop(t)
	in.startCollector(t)
	mail := box.Wait(t, 1, 30*time.Second)[0]
	data := box.Part(t, mail.ID, mail.Attachments[0].PartID)
	r := decodeReport(t, data)
	s := r.Services[0].SLOs[0]
	if r.Month != first.Format("2006-01") || s.Ledger.Down != down*1000 {
		t.Errorf("report of %s with %d ms down, want %s and %d", r.Month, s.Ledger.Down, first.Format("2006-01"), down*1000)
	}
	if s.Promise.Verdict != "missed" {
		t.Errorf("verdict %q, want missed", s.Promise.Verdict)
	}
	l, _ := in.ledgerOf(t, "?window="+r.Month)
	if l.Up != s.Ledger.Up || l.Down != s.Ledger.Down || *l.Availability != *s.Ledger.Availability.Percent {
		t.Errorf("API: %+v; report: %+v; want the same numbers", l, s.Ledger)
	}
	in.collector.stop(t)
	in.startCollector(t)
	in.waitUnsent(t)
	if mails := box.Messages(t); len(mails) != 1 || strings.Contains(in.collector.out.String(), "report made") {
		t.Errorf("after another restart there are %d mails, want the report made and mailed once", len(mails))
	}
}

// waitUnsent waits until the report's loop has turned and nothing waits in the outbox.
func (in *installation) waitUnsent(t *testing.T) {
	t.Helper()
	eventually(t, 20*time.Second, "the outbox to be empty", func() bool {
		resp, err := http.Get(in.pages + "/metrics")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return err == nil && bytes.Contains(text, []byte("nines_notify_messages_waiting 0"))
	})
}

// ship sends results of a past month as agent hq-1, with a key that is registered here: one a
// second, up and then down.
func (in *installation) ship(t *testing.T, from time.Time, up, down int) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	in.register(t, "hq-1", base64.StdEncoding.EncodeToString(pub))
	status, ack := in.send(t, key, history(from, up, down))
	if status != http.StatusOK || len(ack.Rejected) > 0 {
		t.Fatalf("ship: status %d, %+v", status, ack)
	}
	in.key = key
}

func history(from time.Time, up, down int) wire.Batch {
	check := wire.Check{ID: "erp-web", IntervalMS: interval.Milliseconds()}
	run := wire.Run{Check: check.ID, IntervalMS: check.IntervalMS, PhaseMS: check.PhaseMS()}
	for i := range up + down + 2 {
		r := wire.Result{T: from.UnixMilli() + run.PhaseMS + int64(i)*run.IntervalMS, Reason: wire.OK, LatencyUS: 1500}
		if i >= up && i < up+down {
			r.Reason, r.LatencyUS = wire.Timeout, 0
		}
		run.Results = append(run.Results, r)
	}
	return wire.Batch{Epoch: 1, Seq: 1, Runs: []wire.Run{run}}
}

// send ships one batch with a key, and gives the status of the answer.
func (in *installation) send(t *testing.T, key ed25519.PrivateKey, b wire.Batch) (int, wire.Ack) {
	t.Helper()
	body, err := wire.EncodeBatch(b)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, in.agentsURL+wire.PathBatches, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	wire.Sign(req, body, key, time.Now())
	resp, err := in.trusting(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var ack wire.Ack
	if resp.StatusCode == http.StatusOK {
		if err := json.NewDecoder(resp.Body).Decode(&ack); err != nil {
			t.Fatal(err)
		}
	}
	return resp.StatusCode, ack
}

// trusting is a client that trusts the collector's own certificate.
func (in *installation) trusting(t *testing.T) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(in.path("state/tls/cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal(fmt.Errorf("no certificate in %s", in.path("state/tls/cert.pem")))
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}
