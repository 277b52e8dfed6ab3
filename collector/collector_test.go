package collector

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func testConfig(t *testing.T) Config {
	t.Helper()
	dir := t.TempDir()
	return Config{
		Listen: "127.0.0.1:0", AgentsListen: "127.0.0.1:0", State: filepath.Join(dir, "state"),
		Clients: filepath.Join(dir, "clients"), LogLevel: "error",
	}
}

func startTest(t *testing.T, cfg Config) *Collector {
	t.Helper()
	c, err := Start(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// get asks without keeping the connection, so that nothing is left when the test ends.
func get(t *testing.T, url string) (*http.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	return http.DefaultClient.Do(req)
}

func TestStartServeAndClose(t *testing.T) {
	cfg := testConfig(t)
	for range 2 { // the second start finds the state of the first
		c := startTest(t, cfg)
		for _, path := range []string{"/", "/healthz", "/readyz", "/metrics", "/api/v1/services"} {
			resp, err := get(t, c.PagesURL()+path)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close() // only the status matters
			if resp.StatusCode != http.StatusOK {
				t.Errorf("GET %s = %s, want 200", path, resp.Status)
			}
		}
		if !c.Healthy() {
			t.Error("Healthy() = false, want true")
		}
		pages := c.PagesURL()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if resp, err := get(t, pages); err == nil {
			_ = resp.Body.Close()
			t.Error("the page still answers after Close")
		}
	}
}

// TestCloseEndsOpenStreams: someone who watches the page must not keep the collector from
// stopping.
func TestCloseEndsOpenStreams(t *testing.T) {
	c := startTest(t, testConfig(t))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.PagesURL()+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	began := time.Now()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took >= drainTime {
		t.Errorf("Close took %s with a page open, want less than the %s after which it is cut off", took, drainTime)
	}
}

func TestStartSaysWhatIsInTheWay(t *testing.T) {
	cfg := testConfig(t)
	c := startTest(t, cfg)
	defer c.Close()
	if _, err := Start(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("Start on a state in use = %v", err)
	}
	busy := testConfig(t)
	busy.Listen = strings.TrimPrefix(c.PagesURL(), "http://")
	for range 2 { // what it opened before it failed is let go: the second try fails no other way
		if _, err := Start(t.Context(), busy, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "address already in use") || !strings.Contains(err.Error(), "--listen") {
			t.Errorf("Start on a port in use = %v", err)
		}
	}
}
