// Package web shows the ledger to people and programs: one live page for the NOC, and a JSON API.
//
// It promises that every number comes from a ledger.Source, that the page works without scripts
// and is live with them, and that data which has stopped moving is seen to have stopped. It
// refuses SQL, arithmetic on availability, and readers whom it cannot place: without an admin
// token it answers this machine alone.
package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/collector/store"
)

// Options are what the pages and the API stand on. Source, Agents and Transitions are required;
// every function is safe for concurrent use.
type Options struct {
	Source ledger.Source

	// Agents lists all registered agents, with their last contacts.
	Agents func() []store.Agent
	// Transitions gives a tenant's transitions noticed in [from, to) ms, newest first.
	Transitions func(ctx context.Context, tenant string, from, to int64, limit int) ([]store.Transition, error)
	// RegisterAgent keeps an agent, or replaces the one of the same tenant and id. Nil: agents
	// are not registered here.
	RegisterAgent func(context.Context, store.Agent) error
	// RevokeAgent ends an agent as of at (ms); store.ErrNotFound when there is none. Nil: agents
	// are not revoked here.
	RevokeAgent func(ctx context.Context, tenant, id string, at int64) error
	// Unsent counts the mails that wait to be sent. Nil: there is no outbox.
	Unsent func(context.Context) (int, error)
	// GivenUp gives the newest mails that nobody will try again, at most limit. Nil: there is
	// no outbox.
	GivenUp func(ctx context.Context, limit int) ([]store.Message, error)
	// Problems lists what is wrong with contract files, each with its file and line. Nil: nothing ever is.
	Problems func() []string
	// Changes subscribes to "something that a page shows has changed"; signals may be merged.
	// Nil: the page only follows its timer.
	Changes func() (changed <-chan struct{}, cancel func())

	// Metrics writes every component's metrics in Prometheus' text format; Site.Metrics is one of them.
	Metrics func(io.Writer)
	// NotReady lists what the collector still waits for, in words. Nil: it is ready when it answers.
	NotReady func(context.Context) []string

	// AdminToken, when set, is asked of every reader: as a bearer token, or once in the login form.
	AdminToken string
	// Insecure lets readers from anywhere in without a token.
	Insecure bool

	ContractDir string           // where contract files are put, for the words on an empty page
	Now         func() time.Time // nil: time.Now
	Log         *slog.Logger     // nil: none
}

// Site is all pages and the API. It is an http.Handler for every path that is not an agent's.
type Site struct {
	opts    Options
	guard   guard
	board   *board
	meters  meters
	handler http.Handler
}

// New makes a Site. The page is live while Run runs.
func New(opts Options) *Site {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	s := &Site{opts: opts, guard: newGuard(opts), meters: newMeters()}
	s.board = newBoard(&reader{opts: opts}, opts.Log, s.meters)
	s.handler = secured(s.counted(http.NewCrossOriginProtection().Handler(s.routes())))
	return s
}

// routes is every address that the site answers.
func (s *Site) routes() http.Handler {
	mux := http.NewServeMux()
	open := func(pattern string, h handler) { mux.Handle(pattern, s.answer(h)) }
	guarded := func(pattern string, h handler) { mux.Handle(pattern, s.answer(s.guard.only(h))) }

	guarded("GET /{$}", s.showOverview)
	guarded("GET /events", s.streamEvents)

	guarded("GET /api/v1/services", s.listServices)
	guarded("GET /api/v1/services/{id}/ledger", s.showLedger)
	guarded("GET /api/v1/clients/{id}/transitions", s.listTransitions)
	guarded("GET /api/v1/agents", s.listAgents)
	guarded("POST /api/v1/agents", s.registerAgent)
	guarded("DELETE /api/v1/agents/{client}/{id}", s.revokeAgent)

	guarded("GET /metrics", s.showMetrics)
	open("GET /healthz", s.showHealth)
	open("GET /readyz", s.showReadiness)

	open("GET /login", s.showLogin)
	open("POST /login", s.login)
	open("POST /logout", s.logout)
	open("GET /static/{file}", s.showStatic)
	return s.sentences(mux)
}

// ServeHTTP answers any path that is not an agent's.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Run keeps the page live until ctx is done, and then ends every open stream, so that a server
// can shut down. It returns nil.
func (s *Site) Run(ctx context.Context) error {
	s.board.run(ctx, s.opts.Changes, s.opts.Now)
	return nil
}

// Metrics are the site's own: requests, viewers, the time that an overview takes.
func (s *Site) Metrics() *metrics.Set { return s.meters.set }
