package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

// thousand is a thousand services of fifty clients, each with one objective and two months.
func thousand(b *testing.B) *world {
	b.Helper()
	var contracts []string
	for c := range 50 {
		var services []string
		for s := range 20 {
			services = append(services, fmt.Sprintf("service-%d = Service number %d = 99.9", s, s+1))
		}
		contracts = append(contracts, terms(fmt.Sprintf("client-%d", c), fmt.Sprintf("Client number %d", c+1), "", services...))
	}
	w := newWorld(b, contracts...)
	for c := range 50 {
		for s := range 20 {
			w.up(fmt.Sprintf("client-%d.service-%d", c, s), 70*24*time.Hour, w.outage(time.Duration(s*30+c+5)*time.Hour, time.Hour, wire.Timeout))
		}
	}
	return w
}

// BenchmarkOverview1000Services is what a reader waits for the page while the shared overview is
// fresh: every reader but the first in a second.
func BenchmarkOverview1000Services(b *testing.B) {
	site := New(thousand(b).options())
	ask := httptest.NewRequest("GET", "/", nil)
	ask.RemoteAddr, ask.Host = "127.0.0.1:4711", "localhost"
	var took []time.Duration
	for b.Loop() {
		started := time.Now()
		answer := statusOnly{header: http.Header{}}
		if site.ServeHTTP(&answer, ask); answer.status > http.StatusOK {
			b.Fatalf("GET / = %d", answer.status)
		}
		took = append(took, time.Since(started))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(10, "goal-ms-p99")
}

// BenchmarkUpdate1000Services is what the collector spends on all viewers together each time
// that something has changed, beside what the ledgers cost.
func BenchmarkUpdate1000Services(b *testing.B) {
	w := thousand(b)
	r := &reader{opts: w.options()}
	before, err := newSnapshot("boot", nil, r.read(b.Context(), noon.UnixMilli()))
	if err != nil {
		b.Fatal(err)
	}
	facts := before.facts
	for b.Loop() {
		facts.at += second
		for i := range 10 {
			facts.clients[i].services[i].present.LastObservation += second
		}
		if before, err = newSnapshot("boot", before, facts); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(before.step))/1e3, "kB/update")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/update")
}

// BenchmarkRender1000Services is the whole page, rendered for the first who opens it after a change.
func BenchmarkRender1000Services(b *testing.B) {
	w := thousand(b)
	shot, err := newSnapshot("boot", nil, (&reader{opts: w.options()}).read(b.Context(), noon.UnixMilli()))
	if err != nil {
		b.Fatal(err)
	}
	var page []byte
	for b.Loop() {
		if page, err = shot.render(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(page))/1e6, "MB/page")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/page")
}
