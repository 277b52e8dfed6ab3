// Package ingest takes what agents send: it authenticates, bounds and decodes requests, makes
// batches durable, and only then acknowledges them.
//
// It promises that an acknowledged batch is in the journal, that a batch sent twice counts
// once, that a request nobody signed costs no disk I/O, and that one bad result does not cost
// its neighbours. Tenant and site follow from the key alone. It refuses to know what results
// mean.
package ingest

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/collector/timeline"
	"github.com/nines-monitor/nines/internal/wire"
)

// Options are what ingest stands on.
type Options struct {
	Registry *Registry
	Journal  journal.Journal
	Store    store.Store // of the quarantine
	Timeline *timeline.Timeline
	// Config gives what a site's agents are to probe; false when no contract in force has
	// the site.
	Config func(tenant, site string) (wire.Config, bool)
	Log    *slog.Logger
	Now    func() time.Time // nil: time.Now
}

// Handler answers wire.PathConfig and wire.PathBatches.
type Handler struct{}

// New makes a Handler.
func New(o Options) *Handler { panic("to be written") }

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { panic("to be written") }

// Metrics are nines_ingest_...
func (h *Handler) Metrics() *metrics.Set { panic("to be written") }
