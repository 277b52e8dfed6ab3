package e2e

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// target is an HTTP server that fails when told to, and knows when it did.
type target struct {
	URL string

	mu      sync.Mutex
	failing bool
	since   time.Time
	outages []outage
}

type outage struct{ from, to time.Time }

func (o outage) length() time.Duration { return o.to.Sub(o.from) }

func newTarget(t *testing.T) *target {
	t.Helper()
	g := &target{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		g.mu.Lock()
		failing := g.failing
		g.mu.Unlock()
		if failing {
			http.Error(w, "out of order", http.StatusInternalServerError)
		}
	}))
	t.Cleanup(s.Close)
	g.URL = s.URL
	return g
}

// fail begins an outage, mend ends it and gives the truth about it.
func (g *target) fail() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.failing, g.since = true, time.Now()
}

func (g *target) mend() outage {
	g.mu.Lock()
	defer g.mu.Unlock()
	o := outage{g.since, time.Now()}
	g.failing, g.outages = false, append(g.outages, o)
	return o
}
