package testservers

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/mail"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Mailbox is a running mail server that keeps what it receives and hands it out again.
type Mailbox struct {
	SMTP string // host:port that takes mail: no TLS, no login, any recipient
	API  string // base URL of mailpit's pages and API, without a slash at the end
}

// Message is one mail as mailpit understood it, body decoded.
type Message struct {
	ID          string // mailpit's own
	MessageID   string // the header, without its angle brackets
	From        mail.Address
	To          []mail.Address
	Cc          []mail.Address
	Subject     string
	Date        time.Time
	Text        string
	HTML        string
	Inline      []Attachment
	Attachments []Attachment
}

// Attachment is one part of a message beside its text. Mailbox.Part fetches what is in it.
type Attachment struct {
	PartID      string
	FileName    string
	ContentType string
	ContentID   string
	Size        uint64 // bytes
}

const (
	startDeadline = 30 * time.Second
	startTries    = 3 // another process may take a free port before mailpit does
	poll          = 20 * time.Millisecond
)

// Mailpit starts an empty mail server of its own for this test, and returns when it answers. More flags of mailpit
// override its own, such as "--smtp-require-tls".
func Mailpit(t testing.TB, flags ...string) *Mailbox {
	t.Helper()
	program := Tool(t, "mailpit")
	var err error
	for range startTries {
		var box *Mailbox
		if box, err = startMailpit(t, program, flags); err == nil {
			return box
		}
	}
	t.Fatalf("testservers: start mailpit: %v", err)
	return nil
}

func startMailpit(t testing.TB, program string, flags []string) (*Mailbox, error) {
	t.Helper()
	smtp, api := freeAddr(t), freeAddr(t)
	if i := slices.Index(flags, "--smtp"); i >= 0 && i+1 < len(flags) {
		smtp = flags[i+1]
	}
	box := &Mailbox{SMTP: smtp, API: "http://" + api}
	ctx, kill := context.WithCancel(context.Background())
	own := []string{"--smtp", smtp, "--listen", api,
		"--disable-version-check", "--smtp-disable-rdns", "--block-remote-css-and-fonts", "--quiet"}
	cmd := exec.CommandContext(ctx, program, append(own, flags...)...)
	var said lockedBuffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		kill()
		return nil, err
	}
	ended := make(chan struct{})
	go func() { defer close(ended); cmd.Wait() }() //nolint:errcheck // it is killed in the end
	stop := func() { kill(); <-ended }

	deadline := time.Now().Add(startDeadline)
	for time.Now().Before(deadline) {
		select {
		case <-ended:
			kill()
			return nil, fmt.Errorf("it ended at once: %s", said.String())
		case <-time.After(poll):
		}
		if box.ready() {
			t.Cleanup(stop)
			return box, nil
		}
	}
	stop()
	return nil, fmt.Errorf("not ready after %s: %s", startDeadline, said.String())
}

func (m *Mailbox) ready() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", m.SMTP)
	if err != nil {
		return false
	}
	conn.Close()
	_, err = m.get("/readyz")
	return err == nil
}

// Messages returns every message in the box, oldest first.
func (m *Mailbox) Messages(t testing.TB) []Message {
	t.Helper()
	var list struct{ Messages []struct{ ID string } }
	m.decode(t, "/api/v1/messages?limit=500", &list)
	messages := make([]Message, len(list.Messages))
	for i, summary := range list.Messages { // newest first
		m.decode(t, "/api/v1/message/"+summary.ID, &messages[len(messages)-1-i])
	}
	return messages
}

// Wait returns the messages, oldest first, as soon as there are at least n. It fails the test after the given time.
func (m *Mailbox) Wait(t testing.TB, n int, within time.Duration) []Message {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		messages := m.Messages(t)
		if len(messages) >= n {
			return messages
		}
		if time.Now().After(deadline) {
			t.Fatalf("mailbox holds %d messages after %s, want %d: %s", len(messages), within, n, subjects(messages))
		}
		<-time.After(poll)
	}
}

// Header returns the raw values of a message's header field, in order; none when it has no such field.
func (m *Mailbox) Header(t testing.TB, id, field string) []string {
	t.Helper()
	var headers map[string][]string
	m.decode(t, "/api/v1/message/"+id+"/headers", &headers)
	for name, values := range headers {
		if strings.EqualFold(name, field) {
			return values
		}
	}
	return nil
}

// Part returns the decoded content of one attachment or inline part.
func (m *Mailbox) Part(t testing.TB, id, partID string) []byte {
	t.Helper()
	content, err := m.get("/api/v1/message/" + id + "/part/" + partID)
	if err != nil {
		t.Fatalf("testservers: %v", err)
	}
	return content
}

func (m *Mailbox) decode(t testing.TB, path string, into any) {
	t.Helper()
	body, err := m.get(path)
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		t.Fatalf("testservers: mailpit %s: %v", path, err)
	}
}

func (m *Mailbox) get(path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.API+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s: %s", path, resp.Status, body)
	}
	return body, nil
}

func subjects(messages []Message) string {
	var list []string
	for _, m := range messages {
		list = append(list, m.Subject)
	}
	return strings.Join(list, "; ")
}

// freeAddr returns a loopback address whose port was free a moment ago.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("testservers: %v", err)
	}
	defer l.Close()
	return l.Addr().String()
}

// lockedBuffer collects what a process says while another goroutine may read it.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
