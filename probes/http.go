package probes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/nines-monitor/nines/internal/version"
	"github.com/nines-monitor/nines/internal/wire"
)

// Bounds of what an HTTP probe takes from a target.
const (
	maxBody      = 1 << 20 // bytes read of a body; what comes after is not looked at
	maxRedirects = 5
)

// errRedirect is the end of a chain of redirects that may not be followed.
var errRedirect = errors.New("redirect not followed")

// httpProbe makes one GET or HEAD request over HTTP/1.1, on a connection of its own, and
// follows up to maxRedirects redirects, unless the redirect itself is a status that is wanted.
// It sends no cookies, asks for no compression, and never takes a proxy from the environment:
// a monitoring agent must not be led elsewhere unseen.
//
// Latency runs from the start of the probe until the body has been read, or its first MiB:
// resolution, connection, TLS, request and answer, for each redirect anew. It is what a user
// waits for. An answer whose status is wrong is not read on: its latency ends with the header.
type httpProbe struct {
	client *http.Client
	method string
	url    string
	wanted []statusRange
	body   []byte
	slow   time.Duration // 0: no bound
}

func newHTTP(c wire.HTTP) (Prober, error) {
	u, err := parseURL(c.URL)
	if err != nil {
		return nil, fmt.Errorf("http.url: %w", err)
	}
	p := httpProbe{
		method: c.Method,
		url:    u.String(),
		body:   []byte(c.Body),
		slow:   time.Duration(c.MaxLatencyMS) * time.Millisecond,
	}
	switch {
	case c.Method == "":
		p.method = http.MethodGet
	case c.Method != http.MethodGet && c.Method != http.MethodHead:
		return nil, fmt.Errorf("http.method %q: want GET or HEAD", c.Method)
	case c.Method == http.MethodHead && c.Body != "":
		return nil, errors.New("http.body: the answer to HEAD has none: use GET")
	}
	if len(c.Body) > maxBody {
		return nil, fmt.Errorf("http.body: %d bytes: only the first %d of an answer are read", len(c.Body), maxBody)
	}
	for _, s := range c.Status {
		r, err := parseStatus(s)
		if err != nil {
			return nil, fmt.Errorf("http.status: %w", err)
		}
		p.wanted = append(p.wanted, r)
	}
	p.client = &http.Client{Transport: exchange{skipVerify: c.SkipVerify}, CheckRedirect: p.followRedirect}
	return p, nil
}

// parseURL gives the URL of a target. Its errors leave out what may be a password.
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		var parse *url.Error
		if errors.As(err, &parse) {
			err = parse.Err
		}
		return nil, fmt.Errorf("not a URL: %w", err)
	}
	if err := checkURL(u); err != nil {
		return nil, fmt.Errorf("%q: %w", u.Redacted(), err)
	}
	return u, nil
}

func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("want http:// or https://")
	case u.Hostname() == "":
		return errors.New("names no host")
	}
	if port := u.Port(); port != "" {
		if err := checkPort(port); err != nil {
			return err
		}
	}
	return checkHost(u.Hostname())
}

func (p httpProbe) followRedirect(next *http.Request, via []*http.Request) error {
	switch {
	case p.wants(next.Response.StatusCode):
		return http.ErrUseLastResponse
	case len(via) > maxRedirects:
		return fmt.Errorf("%w: more than %d", errRedirect, maxRedirects)
	}
	if err := checkURL(next.URL); err != nil {
		return fmt.Errorf("%w: %q: %w", errRedirect, next.URL.Redacted(), err)
	}
	return nil
}

func (p httpProbe) Probe(ctx context.Context) Outcome {
	start := time.Now()
	req, err := http.NewRequestWithContext(ctx, p.method, p.url, nil)
	if err != nil {
		return Outcome{Reason: wire.BadCheck, Detail: detail(err.Error())}
	}
	req.Header.Set("User-Agent", "nines-agent/"+version.String())
	resp, err := p.client.Do(req)
	if err != nil {
		return p.failed(ctx, err)
	}
	defer resp.Body.Close()
	if !p.wants(resp.StatusCode) {
		return Outcome{Reason: wire.HTTPStatus, Latency: time.Since(start), Detail: detail("status " + resp.Status)}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return p.failed(ctx, err)
	}
	return p.judge(body, time.Since(start))
}

func (p httpProbe) failed(ctx context.Context, err error) Outcome {
	var outer *url.Error
	if errors.As(err, &outer) { // the URL is known, and its Timeout looks at the next error alone
		err = outer.Err
	}
	if errors.Is(err, errRedirect) {
		return Outcome{Reason: wire.Redirects, Detail: detail(err.Error())}
	}
	return failed(ctx, err, wire.Protocol)
}

func (p httpProbe) judge(body []byte, latency time.Duration) Outcome {
	switch {
	case !bytes.Contains(body, p.body):
		return Outcome{Reason: wire.BodyMismatch, Latency: latency, Detail: fmt.Sprintf("not found in the %d bytes read", len(body))}
	case p.slow > 0 && latency > p.slow:
		return Outcome{Reason: wire.Slow, Latency: latency, Detail: fmt.Sprintf("%v, at most %v", latency.Round(time.Millisecond), p.slow)}
	}
	return Outcome{Reason: wire.OK, Latency: latency}
}

func (p httpProbe) wants(status int) bool {
	for _, r := range p.wanted {
		if r.low <= status && status <= r.high {
			return true
		}
	}
	return false
}

// statusRange holds the codes low to high, both included.
type statusRange struct{ low, high int }

var statusPattern = regexp.MustCompile(`^[2-5](?:xx|[0-9][0-9])$`)

// parseStatus reads "2xx" or "204". A 1xx is never the last word of a server (RFC 9110,
// section 15.2), so it cannot be asked for.
func parseStatus(s string) (statusRange, error) {
	if !statusPattern.MatchString(s) {
		return statusRange{}, fmt.Errorf(`%q: want a code such as "204", or a class, "2xx" to "5xx"`, s)
	}
	low, err := strconv.Atoi(strings.ReplaceAll(s, "x", "0"))
	if err != nil {
		return statusRange{}, err
	}
	if strings.HasSuffix(s, "xx") {
		return statusRange{low, low + 99}, nil
	}
	return statusRange{low, low}, nil
}
