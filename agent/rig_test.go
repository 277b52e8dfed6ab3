package agent

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nines-monitor/nines/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector is a real HTTPS server with the agent's side of the wire: it proves signatures and
// keeps what it acknowledges.
type collector struct {
	*httptest.Server
	pub ed25519.PublicKey

	mu       sync.Mutex
	config   []byte
	revision string
	fetches  int
	down     bool
	results  map[string][]wire.Result
	batches  map[[2]uint64]bool
}

func newCollector(t *testing.T, key ed25519.PrivateKey) *collector {
	t.Helper()
	pub, _ := key.Public().(ed25519.PublicKey)
	c := &collector{pub: pub, results: map[string][]wire.Result{}, batches: map[[2]uint64]bool{}}
	c.Server = httptest.NewTLSServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = wire.Verify(r, body, c.pub, time.Now())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
		c.reply(w, 401, wire.Problem{Error: err.Error(), CollectorTime: time.Now().UnixMilli()})
	case c.down:
		c.reply(w, 503, wire.Problem{Error: "down for the test", CollectorTime: time.Now().UnixMilli()})
	case r.URL.Path == wire.PathConfig:
		c.fetches++
		if r.Header.Get("If-None-Match") == strconv.Quote(c.revision) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(c.config)
	default:
		c.take(w, body)
	}
}

func (c *collector) take(w http.ResponseWriter, body []byte) {
	b, err := wire.DecodeBatch(body)
	if err != nil {
		c.reply(w, 400, wire.Problem{Error: err.Error(), CollectorTime: time.Now().UnixMilli()})
		return
	}
	id := [2]uint64{b.Epoch, b.Seq}
	ack := wire.Ack{Result: wire.Duplicate, Epoch: b.Epoch, Seq: b.Seq, Watermark: b.Seq, CollectorTime: time.Now().UnixMilli(), ConfigRevision: c.revision}
	if !c.batches[id] {
		c.batches[id] = true
		ack.Result = wire.Accepted
		for _, run := range b.Runs {
			c.results[run.Check] = append(c.results[run.Check], run.Results...)
		}
	}
	c.reply(w, 200, ack)
}

func (c *collector) reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// wants makes text the configuration that c gives, under the given revision.
func (c *collector) wants(revision, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.revision, c.config = revision, []byte(text)
}

func (c *collector) fail(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = down
}

func (c *collector) of(check string) []wire.Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]wire.Result(nil), c.results[check]...)
}

// configText is a configuration of TCP checks, every second, by id and address.
func configText(t *testing.T, revision string, targets map[string]string) string {
	t.Helper()
	c := wire.Config{Client: "acme", Site: "hq", Revision: revision}
	for id, address := range targets {
		c.Checks = append(c.Checks, wire.Check{ID: id, IntervalMS: 1000, TimeoutMS: 900, DownAfter: 2, UpAfter: 1, TCP: &wire.TCP{Address: address}})
	}
	data, err := wire.EncodeConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// target is a real listener that accepts and hangs up, until the end of the test.
func target(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	})
	t.Cleanup(func() { l.Close(); serving.Wait() })
	return l
}

// site is a state directory with a key, and a collector that knows it.
func site(t *testing.T) (Config, *collector) {
	t.Helper()
	dir := t.TempDir()
	key, err := EnsureIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := newCollector(t, key)
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return Config{Collector: c.URL, CAFile: ca, StateDir: dir, Metrics: "127.0.0.1:0", SpoolMax: 8 << 20}, c
}

// said collects a log.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// running is an agent under way.
type running struct {
	*Agent
	log  *said
	stop func() error // stops it once and gives what Run returned
}

func run(t *testing.T, cfg Config) *running {
	t.Helper()
	r := &running{log: &said{}}
	var err error
	if r.Agent, err = New(cfg, slog.New(slog.NewTextHandler(r.log, nil))); err != nil {
		t.Fatalf("New(%+v) = %v, want an agent", cfg, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	r.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	})
	return r
}

// until polls for a condition, and fails the test when it does not come about.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("after 20 s: %s has not come about", what)
		case <-tick.C:
		}
	}
}

func (r *running) get(t *testing.T, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.MetricsAddr()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
