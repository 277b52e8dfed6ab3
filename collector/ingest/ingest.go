// Package ingest takes what agents send: it authenticates, bounds and decodes requests, makes
// batches durable, and only then acknowledges them.
//
// It promises that an acknowledged batch is in the journal, that a batch sent twice counts
// once, that a request nobody signed costs no disk I/O, and that one bad result does not cost
// its neighbours. Tenant and site follow from the key alone. It refuses to know what results
// mean.
package ingest

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/collector/timeline"
	"github.com/nines-monitor/nines/internal/wire"
)

// Bounds of the requests that are answered at once, and with them of memory: a batch takes some
// 5 MB decoded. A place is for proven requests only; others may wait a little for one.
const (
	maxRequests = 32
	patience    = 2 * time.Second
)

// Options are what ingest stands on.
type Options struct {
	Registry *Registry
	Journal  journal.Journal
	Store    store.Store // of the quarantine
	Timeline *timeline.Timeline
	// Config gives what a site's agents are to probe; false when no contract in force has
	// the site. What it gives is not changed afterwards, unless with another revision.
	Config func(tenant, site string) (wire.Config, bool)
	Log    *slog.Logger
	Now    func() time.Time // nil: time.Now
}

// Handler answers wire.PathConfig and wire.PathBatches.
type Handler struct {
	registry *Registry
	journal  journal.Journal
	store    store.Store
	timeline *timeline.Timeline
	config   func(tenant, site string) (wire.Config, bool)
	log      *slog.Logger
	now      func() time.Time

	mux      *http.ServeMux
	nonces   *nonces
	checks   checkSets
	bodies   bodies
	requests chan struct{} // a place for each request under way
	patience time.Duration
	decoding chan struct{}          // a place for each batch that is being decompressed
	untaken  atomic.Pointer[string] // why the journal took nothing the last time; nil: it did
	metrics  *metrics.Set
	counts   counts
}

// New makes a Handler.
func New(o Options) *Handler {
	h := &Handler{
		registry: o.Registry, journal: o.Journal, store: o.Store, timeline: o.Timeline, config: o.Config, log: o.Log, now: o.Now,
		mux: http.NewServeMux(), nonces: newNonces(), metrics: metrics.NewSet(),
		requests: make(chan struct{}, maxRequests), patience: patience,
		decoding: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
	if h.now == nil {
		h.now = time.Now
	}
	h.counts = newCounts(h)
	h.mux.HandleFunc("GET "+wire.PathConfig, h.answer(h.giveConfig))
	h.mux.HandleFunc("POST "+wire.PathBatches, h.answer(h.takeBatch))
	return h
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// Metrics are nines_ingest_...
func (h *Handler) Metrics() *metrics.Set { return h.metrics }

// request is one that is proven to be an agent's.
type request struct {
	*http.Request
	agent store.Agent
	body  []byte
	now   time.Time
}

// answer turns what a handler returns into a response: its own, or a refusal.
func (h *Handler) answer(handle func(http.ResponseWriter, request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		start := h.now()
		err := h.serve(w, r, start, handle)
		if err != nil {
			refusal := asRefusal(err)
			h.counts.refused(refusal.status)
			refusal.write(w, h.now())
		}
		h.counts.took.Update(h.now().Sub(start).Seconds())
	}
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request, now time.Time, handle func(http.ResponseWriter, request) error) error {
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime)) //nolint:errcheck // a writer without deadlines is a test's
	agent, claim, err := h.recognise(r, now)
	if err != nil {
		return err
	}
	length, err := lengthOf(r)
	if err != nil {
		return err
	}
	from := partyOf(r, claim)
	if !h.bodies.take(from, length) {
		return busy()
	}
	defer h.bodies.give(from, length)
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	if err := h.prove(r, agent, claim, body, now); err != nil {
		return err
	}
	if !h.enter(r.Context()) {
		return busy()
	}
	defer func() { <-h.requests }()
	return handle(w, request{Request: r, agent: agent, body: body, now: now})
}

func busy() *refusal {
	return later(http.StatusTooManyRequests, time.Second, "the collector has as many requests under way as it takes: send it again")
}

// enter takes a place among the requests under way, or gives up.
func (h *Handler) enter(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, h.patience)
	defer cancel()
	select {
	case h.requests <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// giveConfig tells an agent what to probe.
func (h *Handler) giveConfig(w http.ResponseWriter, r request) error {
	config, ok := h.config(r.agent.Tenant, r.agent.Site)
	if !ok {
		return noContract(r.agent)
	}
	tag := strconv.Quote(config.Revision)
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	data, err := wire.EncodeConfig(config)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(data)
	return nil
}

// noContract is told to an agent whose site is in no contract. It keeps what it has: a contract
// that cannot be read for an hour must not cost an hour of results.
func noContract(a store.Agent) *refusal {
	return later(http.StatusServiceUnavailable, time.Minute,
		"no contract in force names site %s of client %s: add the site to the client's contract, or register the agent for another site", a.Site, a.Tenant)
}
