package ship

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nines-monitor/nines/agent/spool"
	"github.com/nines-monitor/nines/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// attempt is one request that the collector of a test got.
type attempt struct {
	batch wire.Batch
	body  string
	nonce string
}

// collector is a real HTTPS server that proves every signature, and answers as a test says.
type collector struct {
	*httptest.Server
	key ed25519.PrivateKey

	mu     sync.Mutex
	got    []attempt
	forged int
	answer func(w http.ResponseWriter, n int, b wire.Batch) // n counts from 1
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{key: key, answer: func(w http.ResponseWriter, _ int, b wire.Batch) { acknowledge(w, b) }}
	c.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, wire.MaxBatchBytes))
		if err == nil {
			err = wire.Verify(r, body, pub, time.Now())
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if err != nil {
			c.forged++
			problem(w, http.StatusUnauthorized, err.Error())
			return
		}
		b, err := wire.DecodeBatch(body)
		if err != nil {
			problem(w, http.StatusBadRequest, err.Error())
			return
		}
		c.got = append(c.got, attempt{b, string(body), r.Header.Get(wire.HeaderNonce)})
		c.answer(w, len(c.got), b)
	}))
	t.Cleanup(c.Close)
	return c
}

func acknowledge(w http.ResponseWriter, b wire.Batch) {
	reply(w, http.StatusOK, wire.Ack{Result: wire.Accepted, Epoch: b.Epoch, Seq: b.Seq, Watermark: b.Seq,
		CollectorTime: time.Now().UnixMilli(), ConfigRevision: "r1"})
}

func problem(w http.ResponseWriter, status int, text string) {
	reply(w, status, wire.Problem{Error: text, CollectorTime: time.Now().UnixMilli()})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (c *collector) attempts() []attempt {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]attempt(nil), c.got...)
}

// client speaks to c with its key.
func (c *collector) client(t *testing.T, base string) *Client {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(c.Certificate())
	client := NewClient(u, roots, c.key, time.Now)
	t.Cleanup(client.Close)
	return client
}

// logged collects what a shipper says.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// rig is a shipper on a real spool.
type rig struct {
	*Shipper
	queue     *spool.Spool
	dir       string
	log       *logged
	revisions chan string
}

func newRig(t *testing.T, client *Client) *rig {
	t.Helper()
	r := &rig{dir: t.TempDir(), log: &logged{}, revisions: make(chan string, 100)}
	var err error
	if r.queue, err = spool.Open(r.dir, spool.Options{MaxBytes: 64 << 20}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.queue.Close(); err != nil {
			t.Errorf("Close() = %v, want nil", err)
		}
	})
	r.Shipper = New(client, r.queue, func(rev string) { r.revisions <- rev }, slog.New(slog.NewTextHandler(r.log, nil)))
	return r
}

// run ships until the end of the test.
func (r *rig) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
}

func (r *rig) add(t *testing.T, from, to int, urgent bool) {
	t.Helper()
	for n := from; n < to; n++ {
		e := spool.Entry{Check: "a", IntervalMS: 1000, Result: wire.Result{T: int64(n+1) * 1000, Reason: wire.OK}}
		if err := r.queue.Append(e, urgent); err != nil {
			t.Fatalf("Append = %v, want nil", err)
		}
	}
}

// until polls for a condition, and fails the test when it does not come about.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("after 20 s: %s has not come about", what)
		case <-tick.C:
		}
	}
}

func (r *rig) value(name string) string {
	var text strings.Builder
	r.Metrics().WritePrometheus(&text)
	r.queue.Metrics().WritePrometheus(&text)
	for line := range strings.Lines(text.String()) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return fmt.Sprintf("no metric %s", name)
}
