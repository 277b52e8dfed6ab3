package watch

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/ledger/ledgertest"
	"github.com/nines-monitor/nines/collector/sqlite"
	"github.com/nines-monitor/nines/internal/wire"
)

// A tick over the SLOs of 200 clients with five services each, half of a month gone, nothing
// changed since the tick before.
func BenchmarkTick1000SLOs(b *testing.B) {
	const clients, services = 200, 5
	w := ledgertest.New(b)
	from, now := utc("2026-10-01T00:00:00Z"), utc("2026-10-16T00:00:00Z")
	for i := range clients {
		head, tail, _ := strings.Cut(document, "[[service]]")
		text := strings.Replace(head, `id = "acme"`, fmt.Sprintf(`id = "client-%d"`, i), 1)
		for j := range services {
			text += strings.ReplaceAll("[[service]]"+tail, "erp", fmt.Sprintf("erp-%d", j))
		}
		client := w.Agree(b, text).Client.ID
		for day := range 15 {
			start := from.AddDate(0, 0, day)
			w.Observe(client, "web", start, start.Add(23*time.Hour+55*time.Minute), wire.OK)
			w.Observe(client, "web", start.Add(23*time.Hour+55*time.Minute), start.AddDate(0, 0, 1), wire.Timeout)
		}
	}
	db, err := sqlite.Open(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // nothing to keep
	watch := New(Options{Source: w.Source(), Store: db, Log: slog.New(slog.DiscardHandler)})
	if err := watch.Tick(b.Context(), now); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := watch.Tick(b.Context(), now); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/op")
	b.ReportMetric(1000, "limit-ms/op")
}
