package notify

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/testservers"
)

// plain is the configuration for a mail server on this machine that asks for nothing.
func plain(t testing.TB, address string) MailConfig {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return MailConfig{Host: host, Port: number, From: "MSP Nines <nines@msp.example>", TLS: NoTLS}
}

func mailer(t testing.TB, c MailConfig) *SMTP {
	t.Helper()
	m, err := NewSMTP(c)
	if err != nil {
		t.Fatalf("NewSMTP(%+v) = %v", c, err)
	}
	return m
}

const hostileName = "<b>Acme</b> {{.}} \u202edrowssap =HYPERLINK(\"x\") Söhne & 🦷"

func letter(key string) store.Message {
	return store.Message{
		Tenant: "acme", Key: key, Kind: "breach",
		To:        []string{`"Müller, Ada" <ada@acme.example>`},
		Subject:   hostileName + ": availability",
		Text:      "Line one, " + hostileName + "\n.\nA dot alone on its line above.\n",
		HTML:      "<!doctype html><p>für alle</p>",
		Files:     []store.File{{Name: "acme-2026-10.json", Type: "application/json", Data: []byte("{\"a\": 1}\n")}},
		CreatedAt: time.Date(2026, 11, 1, 7, 0, 0, 0, time.UTC).UnixMilli(),
	}
}

func TestMailArrivesAsTyped(t *testing.T) {
	box := testservers.Mailpit(t)
	m := mailer(t, plain(t, box.SMTP))
	sent := letter("breach/erp/1")
	if err := m.Send(t.Context(), sent); err != nil {
		t.Fatalf("Send = %v", err)
	}
	got := box.Wait(t, 1, 10*time.Second)[0]
	for name, pair := range map[string][2]string{
		"subject":    {got.Subject, sent.Subject},
		"text":       {strings.ReplaceAll(got.Text, "\r\n", "\n"), sent.Text},
		"html":       {strings.TrimSpace(got.HTML), sent.HTML},
		"from":       {got.From.String(), `"MSP Nines" <nines@msp.example>`},
		"to":         {got.To[0].Name + " " + got.To[0].Address, "Müller, Ada ada@acme.example"},
		"message id": {got.MessageID, messageID(sent, "msp.example")},
		"date":       {got.Date.UTC().Format(time.RFC3339), "2026-11-01T07:00:00Z"},
		"attachment": {string(box.Part(t, got.ID, got.Attachments[0].PartID)), string(sent.Files[0].Data)},
		"file":       {got.Attachments[0].FileName + " " + got.Attachments[0].ContentType, "acme-2026-10.json application/json"},
		"automatic":  {box.Header(t, got.ID, "Auto-Submitted")[0], "auto-generated"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s arrived as %q, want %q", name, pair[0], pair[1])
		}
	}
	if agent := box.Header(t, got.ID, "User-Agent"); !strings.HasPrefix(agent[0], "nines/") || strings.Contains(agent[0], "go-mail") {
		t.Errorf("User-Agent = %q, want our own", agent)
	}
}

func TestNoNameBecomesAHeaderOrARecipient(t *testing.T) {
	box := testservers.Mailpit(t)
	m := mailer(t, plain(t, box.SMTP))
	sent := letter("breach/erp/1")
	sent.Subject = "Acme\r\nBcc: everyone@evil.example\r\n\r\nGone"
	sent.Files[0].Name = "a\r\nBcc: everyone@evil.example\".json"
	if err := m.Send(t.Context(), sent); err != nil {
		t.Fatalf("Send = %v", err)
	}
	got := box.Wait(t, 1, 10*time.Second)[0]
	if want := "Acme  Bcc: everyone@evil.example    Gone"; got.Subject != want {
		t.Errorf("subject arrived as %q, want %q", got.Subject, want)
	}
	if bcc := box.Header(t, got.ID, "Bcc"); len(bcc) != 0 || len(got.To) != 1 || len(got.Cc) != 0 {
		t.Errorf("arrived with Bcc %q, To %v, Cc %v; want the one recipient", bcc, got.To, got.Cc)
	}
	for _, to := range []string{"ada@acme.example\r\nBcc: everyone@evil.example", "ada@acme.example, everyone@evil.example", "ada", ""} {
		sent.To = []string{to}
		var refused *RefusedError
		if err := m.Send(t.Context(), sent); !errors.As(err, &refused) || !refused.Permanent {
			t.Errorf("Send to %q = %v, want a permanent refusal", to, err)
		}
	}
}

func TestRefusalsAreToldFromFailures(t *testing.T) {
	for name, tc := range map[string]struct {
		flags     []string
		refused   bool
		permanent bool
	}{
		"a recipient that nobody knows":           {[]string{"--smtp-allowed-recipients", "^nobody@"}, true, true},
		"a recipient for whom it is too early":    {[]string{"--chaos-triggers", "Recipient:451:100"}, true, false},
		"a sender that may not":                   {[]string{"--chaos-triggers", "Sender:550:100"}, false, false},
		"a server that does not want us just now": {[]string{"--chaos-triggers", "Sender:421:100"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			box := testservers.Mailpit(t, tc.flags...)
			err := mailer(t, plain(t, box.SMTP)).Send(t.Context(), letter("breach/erp/1"))
			var refused *RefusedError
			is := errors.As(err, &refused)
			if err == nil || is != tc.refused || is && refused.Permanent != tc.permanent {
				t.Errorf("Send = %v, refused %v; want refused %v, permanent %v", err, is, tc.refused, tc.permanent)
			}
			if err != nil && !strings.Contains(err.Error(), box.SMTP) {
				t.Errorf("Send = %v, want the server named", err)
			}
		})
	}
}

func TestASilentServerIsLeftAtTheDeadline(t *testing.T) {
	for name, talk := range map[string]string{
		"before it says hello":       "",
		"after it has said hello":    "220 mail.example\r\n",
		"in the middle of a message": "220 mail.example\r\n250 hello\r\n250 ok\r\n250 ok\r\n354 go on\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			m := mailer(t, plain(t, silentServer(t, talk)))
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			began := time.Now()
			err := m.Send(ctx, letter("breach/erp/1"))
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 10*time.Second {
				t.Errorf("Send = %v after %s, want the deadline exceeded soon after it", err, time.Since(began))
			}
		})
	}
}

// silentServer answers with the lines of talk, one for each line that it hears until a message
// begins, and then says nothing more.
func silentServer(t *testing.T, talk string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		heard := make([]byte, 4096)
		for _, line := range strings.SplitAfter(talk, "\n") {
			if _, err := conn.Write([]byte(line)); err != nil {
				return
			}
			if _, err := conn.Read(heard); err != nil {
				return
			}
		}
		for { // until the client hangs up
			if _, err := conn.Read(heard); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { listener.Close(); <-done })
	return listener.Addr().String()
}

func TestLoginOverTLS(t *testing.T) {
	const password = "c0rrect-horse"
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	users := write(t, dir, "users", "nines:"+password+"\n")
	right := write(t, dir, "password", password+"\n")
	wrong := write(t, dir, "wrong", "hunter22\n")
	for mode, flag := range map[string]string{StartTLS: "--smtp-require-starttls", ImplicitTLS: "--smtp-require-tls"} {
		t.Run(mode, func(t *testing.T) {
			box := testservers.Mailpit(t, "--smtp-tls-cert", cert, "--smtp-tls-key", key, "--smtp-auth-file", users, flag)
			c := plain(t, box.SMTP)
			c.TLS, c.CAFile, c.Username, c.PasswordFile = mode, cert, "nines", right
			if err := mailer(t, c).Send(t.Context(), letter("breach/erp/1")); err != nil {
				t.Fatalf("Send = %v", err)
			}
			box.Wait(t, 1, 10*time.Second)

			c.PasswordFile = wrong
			err := mailer(t, c).Send(t.Context(), letter("breach/erp/2"))
			var refused *RefusedError
			if err == nil || errors.As(err, &refused) || strings.Contains(err.Error(), "hunter22") {
				t.Errorf("Send with a wrong password = %v, want a failure that does not say it", err)
			}
			c.CAFile, c.PasswordFile = "", right
			if err := mailer(t, c).Send(t.Context(), letter("breach/erp/3")); err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("Send to a server that nobody vouches for = %v, want an error about its certificate", err)
			}
		})
	}
}

func TestStartTLSIsNotGivenUp(t *testing.T) {
	box := testservers.Mailpit(t) // offers no TLS
	c := plain(t, box.SMTP)
	c.TLS = StartTLS
	if err := mailer(t, c).Send(t.Context(), letter("breach/erp/1")); err == nil {
		t.Error("Send with starttls to a server without = nil, want an error")
	}
	if got := box.Messages(t); len(got) != 0 {
		t.Errorf("%d messages went out in the clear", len(got))
	}
}

func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// certificate makes a certificate for 127.0.0.1 that signs itself, as PEM files.
func certificate(t testing.TB, dir string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var cert, private bytes.Buffer
	if err := errors.Join(pem.Encode(&cert, &pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.Encode(&private, &pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})); err != nil {
		t.Fatal(err)
	}
	return write(t, dir, "cert.pem", cert.String()), write(t, dir, "key.pem", private.String())
}
