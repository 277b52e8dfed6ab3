package agent

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/nines-monitor/nines/internal/version"
)

// readRoots gives the certificates in the PEM file at path; nil for no path: the system's.
func readRoots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read ca_file: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("ca_file %s holds no certificate: want the collector's certificate, or its authority's, as PEM", path)
	}
	return roots, nil
}

// listen opens the metrics port; nil for no address.
func listen(addr string) (net.Listener, error) {
	if addr == "" {
		return nil, nil
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics: %w: set another address as metrics in agent.toml, or \"\" for none", err)
	}
	return l, nil
}

// serve answers /metrics and /healthz, to this machine alone, until ctx ends.
func (a *Agent) serve(ctx context.Context) {
	if a.listener == nil {
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", a.handleMetrics)
	mux.HandleFunc("GET /healthz", a.handleHealth)
	srv := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
		a.log.Error("metrics are not served any more", "error", err)
	}
}

func (a *Agent) handleMetrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	fmt.Fprintf(w, "nines_agent_info{version=%q} 1\n", version.String())
	for _, set := range []*metrics.Set{a.schedule.Metrics(), a.spool.Metrics(), a.shipper.Metrics(), a.orders.set} {
		set.WritePrometheus(w)
	}
	metrics.WriteProcessMetrics(w)
}

func (a *Agent) handleHealth(w http.ResponseWriter, _ *http.Request) {
	if err := a.Healthy(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}
