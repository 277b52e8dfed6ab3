package ingest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/sqlite"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/collector/timeline"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// world is a collector's intake on a real database behind a real listener, and an agent's key.
type world struct {
	testing.TB
	db       *sqlite.DB
	registry *Registry
	timeline *timeline.Timeline
	handler  *Handler
	server   *httptest.Server
	key      ed25519.PrivateKey

	mu     sync.Mutex
	now    time.Time
	config wire.Config
	closed bool // no contract has the site
}

var epoch = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func newWorld(t testing.TB) *world {
	w := &world{TB: t, now: epoch, config: wire.Config{Client: "acme", Site: "hq", Revision: "r1", Checks: []wire.Check{tcp("erp"), tcp("dns")}}}
	ctx := context.Background()
	log := slog.New(slog.DiscardHandler)
	var err error
	if w.db, err = sqlite.Open(ctx, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	if w.registry, err = OpenRegistry(ctx, w.db, log); err != nil {
		t.Fatal(err)
	}
	w.timeline, err = timeline.Open(ctx, timeline.Options{Store: w.db, Journal: w.db, Log: log,
		Params: func(store.Series) slo.Params { return slo.Params{Interval: 30_000, DownAfter: 1} }})
	if err != nil {
		t.Fatal(err)
	}
	w.handler = New(Options{Registry: w.registry, Journal: w.db, Store: w.db, Timeline: w.timeline, Config: w.configOf, Log: log, Now: w.clock})
	w.server = httptest.NewServer(w.handler)
	t.Cleanup(w.server.Close)
	w.key = w.register("hq-1")
	return w
}

func tcp(id string) wire.Check {
	return wire.Check{ID: id, IntervalMS: 30_000, TimeoutMS: 1000, DownAfter: 1, UpAfter: 1, TCP: &wire.TCP{Address: "127.0.0.1:9"}}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) configOf(tenant, site string) (wire.Config, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.config, tenant == "acme" && site == "hq" && !w.closed
}

// set changes what the world's clock and contract are.
func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (w *world) register(id string) ed25519.PrivateKey {
	w.Helper()
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		w.Fatal(err)
	}
	if err := w.registry.Register(context.Background(), store.Agent{Tenant: "acme", Site: "hq", ID: id, PublicKey: pub, RegisteredAt: 1}); err != nil {
		w.Fatalf("Register(%s) = %v, want nil", id, err)
	}
	return key
}

// encode makes a batch of one run for each check.
func (w *world) encode(seq uint64, runs ...wire.Run) []byte {
	w.Helper()
	body, err := wire.EncodeBatch(wire.Batch{Epoch: 1 << 63, Seq: seq, Runs: runs})
	if err != nil {
		w.Fatal(err)
	}
	return body
}

// run makes count results, 30 s apart, of which the first is so many seconds from the epoch.
func run(check string, from int64, count int, reason wire.Reason) wire.Run {
	r := wire.Run{Check: check, IntervalMS: 30_000}
	for i := range int64(count) {
		r.Results = append(r.Results, wire.Result{T: epoch.UnixMilli() + from*1000 + i*30_000, Reason: reason, LatencyUS: 900})
	}
	return r
}

func (w *world) request(method, path string, body []byte) *http.Request {
	w.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, w.server.URL+path, bytes.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	return r
}

func (w *world) signed(method, path string, body []byte) *http.Request {
	w.Helper()
	r := w.request(method, path, body)
	r.Header.Set(wire.HeaderAgent, "1.2.3")
	wire.Sign(r, body, w.key, w.clock())
	return r
}

// response is an answer that was read to its end.
type response struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request and reads the answer.
func (w *world) do(r *http.Request) response {
	w.Helper()
	res, err := w.server.Client().Do(r)
	if err != nil {
		w.Fatalf("%s %s = %v, want an answer", r.Method, r.URL, err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		w.Fatalf("read answer: %v", err)
	}
	return response{res.StatusCode, res.Header, data}
}

// send posts a batch that must be acknowledged.
func (w *world) send(body []byte) wire.Ack {
	w.Helper()
	res := w.do(w.signed("POST", wire.PathBatches, body))
	var ack wire.Ack
	if err := json.Unmarshal(res.body, &ack); err != nil || res.status != http.StatusOK {
		w.Fatalf("POST batch = %d %s, want an acknowledgement", res.status, res.body)
	}
	return ack
}

// refused wants a status and a Problem with the collector's time.
func (w *world) refused(r *http.Request, status int) (wire.Problem, response) {
	w.Helper()
	res := w.do(r)
	var p wire.Problem
	if err := json.Unmarshal(res.body, &p); err != nil || res.status != status || p.Error == "" || p.CollectorTime != w.clock().UnixMilli() {
		w.Errorf("%s %s = %d %s, want %d with a sentence and the collector's time", r.Method, r.URL.Path, res.status, res.body, status)
	}
	return p, res
}

func (w *world) spans(check string) []slo.Span {
	w.Helper()
	spans, err := w.timeline.Spans(context.Background(), store.Series{Tenant: "acme", Check: check, Agent: "hq-1"}, 0, 1<<60)
	if err != nil {
		w.Fatalf("Spans(%s) = %v, want nil", check, err)
	}
	return spans
}
