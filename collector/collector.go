// Package collector puts the rooms together: it opens the store, serves agents, pages and API,
// keeps the loops turning, and ends everything in order.
package collector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/nines-monitor/nines/collector/ingest"
	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/collector/notify"
	"github.com/nines-monitor/nines/collector/report"
	"github.com/nines-monitor/nines/collector/sqlite"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/collector/timeline"
	"github.com/nines-monitor/nines/collector/watch"
	"github.com/nines-monitor/nines/collector/web"
	"github.com/nines-monitor/nines/internal/durable"
	"github.com/nines-monitor/nines/internal/wire"
)

// Collector is a running collector. Start makes one; Close ends it.
type Collector struct {
	cfg Config
	log *slog.Logger

	db       *sqlite.DB
	registry *ingest.Registry
	timeline *timeline.Timeline
	terms    *terms
	source   *ledger.Book
	watch    *watch.Watch
	notify   *notify.Worker
	reports  *report.Scheduler
	ingest   *ingest.Handler
	site     *web.Site

	pages, agents door
	certFile      string

	endLoops context.CancelFunc
	loops    sync.WaitGroup
	failed   chan error
	pulse    pulse
	watching sync.Mutex // held while SLOs are judged
}

// door is one server and what it listens on.
type door struct {
	server   *http.Server
	listener net.Listener
}

// Start opens the state and begins to serve. It returns once both ports take connections; ctx
// bounds the start alone.
func Start(ctx context.Context, cfg Config, log *slog.Logger) (_ *Collector, err error) {
	c := &Collector{cfg: cfg, log: log, failed: make(chan error, 4)}
	token, err := cfg.AdminToken()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.State, 0o700); err != nil {
		return nil, fmt.Errorf("make the state directory: %w: set state in collector.toml to a directory that can be written", err)
	}
	if c.db, err = sqlite.Open(ctx, cfg.State); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.closeListeners(), c.db.Close())
		}
	}()
	if err := c.listen(); err != nil {
		return nil, err
	}
	if err := c.open(ctx, token); err != nil {
		return nil, err
	}
	if err := durable.WriteFile(filepath.Join(cfg.State, addressFile), []byte(c.PagesURL()+"\n"), 0o644); err != nil {
		return nil, err
	}
	c.serve()
	log.Info("collector is up", "pages", c.PagesURL(), "agents", c.AgentsURL(), "state", cfg.State)
	return c, nil
}

// open makes the rooms, each on those before it.
func (c *Collector) open(ctx context.Context, token string) (err error) {
	if c.registry, err = ingest.OpenRegistry(ctx, c.db, c.log); err != nil {
		return err
	}
	if c.terms, err = openTerms(ctx, c.cfg.Clients, c.db, c.log); err != nil {
		return err
	}
	c.timeline, err = timeline.Open(ctx, timeline.Options{Store: c.db, Journal: c.db, Params: c.terms.params, Log: c.log})
	if err != nil {
		return err
	}
	c.source = &ledger.Book{InForce: c.terms.inForce, AgentsOf: c.registry.Assignments, Revision: c.terms.revision, Timeline: c.timeline}
	c.watch = watch.New(watch.Options{Source: c.source, Store: c.db, Log: c.log})
	if err := c.openMail(); err != nil {
		return err
	}
	c.ingest = ingest.New(ingest.Options{
		Registry: c.registry, Journal: c.db, Store: c.db, Timeline: c.timeline, Config: c.terms.agentConfig, Log: c.log,
	})
	c.site = web.New(web.Options{
		Source:        c.source,
		Agents:        c.registry.Agents,
		Transitions:   c.db.Transitions,
		RegisterAgent: c.RegisterAgent,
		RevokeAgent:   c.registry.Revoke,
		Unsent:        c.db.UnsentMessages,
		GivenUp:       c.db.GivenUpMessages,
		Problems:      c.terms.problems,
		Changes:       c.timeline.Subscribe,
		Metrics:       c.writeMetrics,
		NotReady:      c.notReady,
		AdminToken:    token,
		Insecure:      c.cfg.InsecureListen,
		ContractDir:   c.cfg.Clients,
		Log:           c.log,
	})
	return nil
}

func (c *Collector) openMail() error {
	var mailer notify.Mailer
	if c.cfg.Mail.Configured() {
		smtp, err := notify.NewSMTP(c.cfg.Mail)
		if err != nil {
			return err
		}
		mailer = smtp
	}
	c.notify = notify.New(notify.Options{Store: c.db, Mailer: mailer, Log: c.log})
	c.reports = report.NewScheduler(report.Options{Source: c.source, Store: c.db, Log: c.log})
	return nil
}

// RegisterAgent lets the agent with a key report for a site of a client. An agent of the same
// tenant and id is replaced.
func (c *Collector) RegisterAgent(ctx context.Context, a store.Agent) error {
	if !wire.ValidID(a.Tenant) || !wire.ValidID(a.Site) || !wire.ValidID(a.ID) {
		return fmt.Errorf("register agent: client %q, site %q, id %q: each is 1 to 64 of a-z, 0-9 and -", a.Tenant, a.Site, a.ID)
	}
	a.RegisteredAt = time.Now().UnixMilli()
	return c.registry.Register(ctx, a)
}

// ReloadContracts puts in force what the caller has just written into the directory of
// contracts. The directory's own watch would wait, lest a file be half written.
func (c *Collector) ReloadContracts(ctx context.Context) error {
	return c.terms.tick(ctx, time.Now().Add(time.Second))
}

// PagesURL is where the page is.
func (c *Collector) PagesURL() string { return "http://" + reachable(c.pages.listener.Addr()) }

// AgentsURL is where agents on this machine find the collector.
func (c *Collector) AgentsURL() string { return "https://" + reachable(c.agents.listener.Addr()) }

// CertFile is the PEM file of the certificate at AgentsURL.
func (c *Collector) CertFile() string { return c.certFile }

// Failed gives the error of a part that ended by itself. The collector should then be closed.
func (c *Collector) Failed() <-chan error { return c.failed }

// reachable turns an address that is listened on into one that can be dialled.
func reachable(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return a.String()
	}
	return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
}

func (c *Collector) writeMetrics(w io.Writer) {
	for _, s := range []interface{ Metrics() *metrics.Set }{c.db, c.timeline, c.ingest, c.watch, c.notify, c.site} {
		s.Metrics().WritePrometheus(w)
	}
	metrics.WriteProcessMetrics(w)
}
