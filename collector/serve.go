package collector

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// How long an orderly end may wait for requests under way.
const drainTime = 5 * time.Second

// listen opens both ports before anything is served, so that a port in use is said at once.
func (c *Collector) listen() error {
	pair, file, err := c.cfg.certificate(time.Now())
	if err != nil {
		return err
	}
	c.certFile = file
	if c.pages.listener, err = listenOn(c.cfg.Listen, "listen", "pages"); err != nil {
		return err
	}
	plain, err := listenOn(c.cfg.AgentsListen, "agents-listen", "agents")
	if err != nil {
		return err
	}
	c.agents.listener = tls.NewListener(plain, &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	})
	return nil
}

func listenOn(addr, flag, what string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("the port for %s: %w: is another collector running? Choose another address with --%s", what, err, flag)
	}
	return l, nil
}

func (c *Collector) closeListeners() error {
	var errs []error
	for _, d := range []door{c.pages, c.agents} {
		if d.listener != nil {
			errs = append(errs, d.listener.Close())
		}
	}
	return errors.Join(errs...)
}

// serve starts the servers and the loops.
func (c *Collector) serve() {
	ctx, end := context.WithCancel(context.Background())
	c.endLoops = end
	c.startLoops(ctx)

	agents := http.NewServeMux()
	agents.Handle("/agent/", c.ingest)
	agents.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	c.agents.server = c.newServer(agents, 60*time.Second)
	c.pages.server = c.newServer(c.site, 0) // event streams stay open: the site sets deadlines itself
	c.start("agents", &c.agents)
	c.start("pages", &c.pages)
}

func (c *Collector) newServer(h http.Handler, write time.Duration) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second, WriteTimeout: write,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
	}
}

func (c *Collector) start(what string, d *door) {
	c.loops.Go(func() {
		if err := d.server.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
			c.failed <- fmt.Errorf("serve %s: %w", what, err)
		}
	})
}

// Close ends the collector in order: no more from agents, what came is stored, loops end, pages
// end, the database is closed.
func (c *Collector) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	errs := []error{shutdown(ctx, c.agents.server, "agents")}
	errs = append(errs, c.timeline.Flush(ctx))
	c.endLoops()
	errs = append(errs, shutdown(ctx, c.pages.server, "pages"))
	c.loops.Wait()
	_ = os.Remove(filepath.Join(c.cfg.State, addressFile)) // one that stays names a port that is closed
	errs = append(errs, c.db.Close())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stop the collector: %w", err)
	}
	c.log.Info("collector has stopped")
	return nil
}

// shutdown waits for requests under way, and cuts off those that take too long.
func shutdown(ctx context.Context, s *http.Server, what string) error {
	err := s.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.Close()
	}
	if err != nil {
		return fmt.Errorf("close the port for %s: %w", what, err)
	}
	return nil
}

// pulse tells whether the loops still turn.
type pulse struct{ last atomic.Int64 }

func (p *pulse) beat(now time.Time) { p.last.Store(now.UnixNano()) }

// pulseLimit is how long the slowest tick may take before the collector counts as hung.
const pulseLimit = 30 * time.Second

// Healthy reports whether the collector's loops turn: a service manager that asks may kill and
// restart one that hangs.
func (c *Collector) Healthy() bool {
	return time.Since(time.Unix(0, c.pulse.last.Load())) < pulseLimit
}

// notReady lists, in words, what keeps the collector from taking batches.
func (c *Collector) notReady(context.Context) []string {
	var reasons []string
	if !c.Healthy() {
		reasons = append(reasons, "the collector's loops have not turned for "+pulseLimit.String())
	}
	if why := c.ingest.NotTaking(); why != "" {
		reasons = append(reasons, why)
	}
	return reasons
}
