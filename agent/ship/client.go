package ship

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nines-monitor/nines/internal/version"
	"github.com/nines-monitor/nines/internal/wire"
)

// attemptTimeout bounds one attempt of one request, from dialling to the end of the answer.
const attemptTimeout = 30 * time.Second

// maxAnswer bounds the body of every answer but a configuration, in bytes.
const maxAnswer = 1 << 20

// Client speaks to the collector with signed requests. It is safe for concurrent use.
type Client struct {
	base *url.URL
	http *http.Client
	sign *signer
}

// NewClient gives a client of the collector at base, known by key. Only certificates that lead
// to roots are trusted; nil: the system's roots. now is the clock that requests are dated by.
func NewClient(base *url.URL, roots *x509.CertPool, key ed25519.PrivateKey, now func() time.Time) *Client {
	var protocols http.Protocols
	protocols.SetHTTP1(true) // a dead HTTP/2 connection would outlive the attempts that found it dead
	sign := &signer{key: key, now: now, next: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConns:           2,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		Protocols:              &protocols,
	}}
	return &Client{base: base, sign: sign, http: &http.Client{
		Transport:     sign,
		Timeout:       attemptTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Config asks once for the configuration, unless it still has the revision given. nil: it has.
func (c *Client) Config(ctx context.Context, revision string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base.JoinPath(wire.PathConfig).String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	if revision != "" {
		req.Header.Set("If-None-Match", strconv.Quote(revision))
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusNotModified:
		return nil, nil
	case http.StatusOK:
		data, err := readBounded(resp.Body, wire.MaxConfigBytes)
		if err != nil {
			return nil, fmt.Errorf("read configuration: %w", err)
		}
		return data, nil
	}
	return nil, refusal(resp)
}

// signer signs each attempt anew.
type signer struct {
	next http.RoundTripper
	key  ed25519.PrivateKey
	now  func() time.Time
	sent atomic.Int64 // ms, of the last attempt
}

func (s *signer) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := bodyOf(r)
	if err != nil {
		return nil, err
	}
	signed := r.Clone(r.Context())
	if len(body) > 0 {
		signed.Body = io.NopCloser(bytes.NewReader(body))
	}
	now := s.now()
	s.sent.Store(now.UnixMilli())
	signed.Header.Set(wire.HeaderAgent, version.String())
	signed.Header.Set("User-Agent", "nines-agent/"+version.String())
	wire.Sign(signed, body, s.key, now)
	return s.next.RoundTrip(signed)
}

func bodyOf(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	return body, errors.Join(err, r.Body.Close())
}

func readBounded(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("answer of more than %d bytes", limit)
	}
	return data, err
}
