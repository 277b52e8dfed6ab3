package up

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/nines-monitor/nines/agent"
	"github.com/nines-monitor/nines/cmd/nines/internal/demo"
	"github.com/nines-monitor/nines/collector"
	"github.com/nines-monitor/nines/collector/contract"
)

// The demonstration's targets keep their places over restarts where they are free.
var demoAddresses = demo.Addresses{
	Shop: "127.0.0.1:8981", ERP: "127.0.0.1:8982", Files: "127.0.0.1:8983", VPN: "127.0.0.1:8984",
}

// startDemo starts the targets, puts their contract in force, fills in their past and starts
// the agent that goes on from there. The function that it gives ends the targets.
func startDemo(ctx context.Context, o Options, c *collector.Collector, a *agents, out io.Writer) (func(), error) {
	targets, err := demo.Start(demoAddresses, time.Now)
	if err != nil {
		return nil, err
	}
	if err := joinDemo(ctx, o, c, a, targets.Addresses, out); err != nil {
		targets.Close()
		return nil, err
	}
	return targets.Close, nil
}

func joinDemo(ctx context.Context, o Options, c *collector.Collector, a *agents, at demo.Addresses, out io.Writer) error {
	now := time.Now()
	terms, err := demoContract(demoFile(o), at, now)
	if err != nil {
		return err
	}
	if err := c.ReloadContracts(ctx); err != nil {
		return err
	}
	dir := filepath.Join(a.state, "agents", demo.Agent)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the agent's state directory: %w", err)
	}
	marker := filepath.Join(dir, "history-filled")
	if _, err := os.Stat(marker); errors.Is(err, os.ErrNotExist) {
		if err := a.register(ctx, dir, demo.Client, demo.Site, demo.Agent); err != nil {
			return err
		}
		err := c.Unwatched(func() error { return fillDemo(ctx, c, dir, terms, now, out) })
		if err != nil {
			return err
		}
		if err := replaceIfChanged(marker, []byte(now.UTC().Format(time.RFC3339)+"\n")); err != nil {
			return err
		}
	}
	return a.start(ctx, demo.Client, demo.Site, demo.Agent)
}

// demoFile is the demonstration's contract.
func demoFile(o Options) string { return filepath.Join(o.State, "clients", demo.Client+".toml") }

// demoContract writes the demonstration's contract. Its first day stays what it was at the
// first start: the past is not promised anew.
func demoContract(path string, at demo.Addresses, now time.Time) (*contract.Contract, error) {
	since := now.Add(-demo.History)
	if old, err := os.ReadFile(path); err == nil {
		if was, err := contract.Parse(path, old); err == nil {
			d := was.Effective
			since = time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, was.Client.Zone)
		}
	}
	text, err := demo.Contract(at, since, localZone())
	if err != nil {
		return nil, fmt.Errorf("write the demonstration's contract: %w", err)
	}
	terms, err := contract.Parse(path, text)
	if err != nil {
		return nil, err
	}
	return terms, replaceIfChanged(path, text)
}

func fillDemo(ctx context.Context, c *collector.Collector, dir string, terms *contract.Contract, now time.Time, out io.Writer) error {
	key, err := agent.EnsureIdentity(dir)
	if err != nil {
		return err
	}
	client, err := trusting(c.CertFile())
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	checks := contract.AgentConfig(terms, demo.Site).Checks
	fmt.Fprintln(out, "Filling in the demonstration's last 60 days …")
	began := time.Now()
	n, err := demo.Fill(ctx, demo.Door{Client: client, URL: c.AgentsURL(), Key: key}, checks, now.Add(-demo.History), now)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d results shipped and kept in %.1f s.\n", n, time.Since(began).Seconds())
	return nil
}

// trusting is an HTTP client that trusts one PEM file alone.
func trusting(caFile string) (*http.Client, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("read the collector's certificate: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", caFile)
	}
	return &http.Client{
		Timeout:   time.Minute,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
	}, nil
}

func publicKey(key ed25519.PrivateKey) ed25519.PublicKey {
	return ed25519.PublicKey(key[ed25519.PrivateKeySize-ed25519.PublicKeySize:])
}
