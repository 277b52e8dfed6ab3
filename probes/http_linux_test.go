package probes_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/version"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/probes"
	"github.com/nines-monitor/nines/probes/probestest"
)

func TestHTTP(t *testing.T) {
	ok := []string{"2xx"}
	probestest.Run(t, map[string]probestest.Case{
		"a page":                               {Target: page("/", wire.HTTP{Status: ok, Body: "all is well"}), Want: wire.OK},
		"a page, by HEAD":                      {Target: page("/", wire.HTTP{Status: ok, Method: "HEAD"}), Want: wire.OK},
		"a status that is asked for":           {Target: page("/status/503", wire.HTTP{Status: []string{"204", "503"}}), Want: wire.OK},
		"a status that is not":                 {Target: page("/status/503", wire.HTTP{Status: ok}), Want: wire.HTTPStatus},
		"a body without the words":             {Target: page("/", wire.HTTP{Status: ok, Body: "all is lost"}), Want: wire.BodyMismatch},
		"the words at the end of a MiB":        {Target: page("/long/1048571", wire.HTTP{Status: ok, Body: "words"}), Want: wire.OK},
		"the words beyond it":                  {Target: page("/long/1048572", wire.HTTP{Status: ok, Body: "words"}), Want: wire.BodyMismatch},
		"a page that takes 0.2 s":              {Target: page("/slow", wire.HTTP{Status: ok, MaxLatencyMS: 150}), Want: wire.Slow},
		"a page that may take 0.2 s":           {Target: page("/slow", wire.HTTP{Status: ok, MaxLatencyMS: 4000}), Want: wire.OK},
		"five redirects":                       {Target: page("/hop/5", wire.HTTP{Status: ok, Body: "all is well"}), Want: wire.OK},
		"six redirects":                        {Target: page("/hop/6", wire.HTTP{Status: ok}), Want: wire.Redirects},
		"a redirect to another protocol":       {Target: page("/to/ftp://127.0.0.1/", wire.HTTP{Status: ok}), Want: wire.Redirects},
		"a redirect to no port":                {Target: page("/to/http://127.0.0.1:99999/", wire.HTTP{Status: ok}), Want: wire.Redirects},
		"a redirect to no host":                {Target: page("/to/http://0.0.0.0/", wire.HTTP{Status: ok}), Want: wire.Redirects},
		"a redirect that is no URL":            {Target: page("/to/http://%5B/", wire.HTTP{Status: ok}), Want: wire.Protocol},
		"a redirect to nowhere":                {Target: page("/status/302", wire.HTTP{Status: ok}), Want: wire.HTTPStatus},
		"a redirect that is asked for":         {Target: page("/hop/6", wire.HTTP{Status: []string{"3xx"}}), Want: wire.OK},
		"a header that never comes":            {Target: page("/never", wire.HTTP{Status: ok}), Want: wire.Timeout, Waits: true},
		"a port that accepts and is silent":    {Target: spoken("http", listen), Want: wire.Timeout, Waits: true},
		"a byte at a time":                     {Target: spoken("http", drip), Want: wire.Timeout, Waits: true},
		"a body without end, at a drip":        {Target: spoken("http", dripBody), Want: wire.Timeout, Waits: true},
		"a body without end, at full speed":    {Target: spoken("http", pour("HTTP/1.1 200 OK\r\n\r\n", "water ")), Want: wire.OK},
		"a header without end":                 {Target: spoken("http", pour("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n")), Want: wire.Protocol},
		"informal answers without end":         {Target: spoken("http", pour("", "HTTP/1.1 103 Early Hints\r\n\r\n")), Want: wire.Protocol},
		"another protocol":                     {Target: spoken("http", say("SSH-2.0-OpenSSH_9.2\r\n\r\n")), Want: wire.Protocol},
		"a chunk that is none":                 {Target: spoken("http", say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")), Want: wire.Protocol},
		"a connection closed early":            {Target: spoken("http", say("")), Want: wire.Reset},
		"a connection closed in the header":    {Target: spoken("http", say("HTTP/1.1 200 OK\r\nServer: lab\r\n")), Want: wire.Reset},
		"a connection closed in the body":      {Target: spoken("http", say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")), Want: wire.Reset},
		"a connection reset":                   {Target: spoken("http", reset), Want: wire.Reset},
		"a port where nobody listens":          {Target: url("http://127.0.0.1:1/"), Want: wire.Refused},
		"a host that never answers":            {Target: url("http://" + silent + "/"), Want: wire.Timeout, Waits: true},
		"a host that is turned back":           {Target: url("http://" + turnsBack + "/"), Want: wire.Unreachable},
		"a host that this host cannot send to": {Target: url("http://" + nowhere + "/"), Want: wire.Link},
		"a name that does not exist":           {Target: url("http://missing.test/"), Want: wire.DNSNotFound},
		"a name whose resolver fails":          {Target: url("https://broken.test/"), Want: wire.DNSFailure},
		"a name whose resolver is silent":      {Target: url("https://silent.test/"), Want: wire.DNSTimeout, Waits: true},
	})
}

func TestHTTPS(t *testing.T) {
	expired := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }
	early := func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }
	other := func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"other.test"} }
	client := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }
	with := func(selfSigned bool, change func(*x509.Certificate)) func(*testing.T) wire.Check {
		return func(t *testing.T) wire.Check {
			return secured(t, &tls.Config{Certificates: []tls.Certificate{certificate(t, selfSigned, change)}}, false)
		}
	}
	probestest.Run(t, map[string]probestest.Case{
		"a certificate that holds":         {Target: with(false, nil), Want: wire.OK},
		"a certificate that has expired":   {Target: with(false, expired), Want: wire.TLSExpired},
		"a certificate of tomorrow":        {Target: with(false, early), Want: wire.TLSExpired},
		"a certificate for another name":   {Target: with(false, other), Want: wire.TLSName},
		"a certificate for another use":    {Target: with(false, client), Want: wire.TLSUntrusted},
		"a certificate that signed itself": {Target: with(true, nil), Want: wire.TLSUntrusted},
		"a bad certificate that need not hold": {Target: func(t *testing.T) wire.Check {
			return secured(t, &tls.Config{Certificates: []tls.Certificate{certificate(t, true, expired)}}, true)
		}, Want: wire.OK},
		"a server that speaks no TLS since 1.2": {Target: func(t *testing.T) wire.Check {
			return secured(t, &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10, Certificates: []tls.Certificate{certificate(t, false, nil)}}, false)
		}, Want: wire.TLSHandshake},
		"a server that wants a certificate": {Target: func(t *testing.T) wire.Check {
			return secured(t, &tls.Config{ClientAuth: tls.RequireAnyClientCert, Certificates: []tls.Certificate{certificate(t, false, nil)}}, false)
		}, Want: wire.TLSHandshake},
		"a server that wants one, by TLS 1.2": {Target: func(t *testing.T) wire.Check {
			return secured(t, &tls.Config{MaxVersion: tls.VersionTLS12, ClientAuth: tls.RequireAnyClientCert, Certificates: []tls.Certificate{certificate(t, false, nil)}}, false)
		}, Want: wire.TLSHandshake},
		"a server that speaks plain HTTP":        {Target: spoken("https", say("HTTP/1.1 400 Bad Request\r\n\r\n")), Want: wire.TLSHandshake},
		"a server that is silent":                {Target: spoken("https", listen), Want: wire.Timeout, Waits: true},
		"a server that hangs up":                 {Target: spoken("https", say("")), Want: wire.Reset},
		"a server that resets":                   {Target: spoken("https", reset), Want: wire.Reset},
		"a redirect from http to https":          {Target: func(t *testing.T) wire.Check { c := with(false, nil)(t); return redirectTo(t, c.HTTP.URL) }, Want: wire.OK},
		"a redirect to a certificate that fails": {Target: func(t *testing.T) wire.Check { c := with(false, other)(t); return redirectTo(t, c.HTTP.URL) }, Want: wire.TLSName},
	})
}

// A request says who asks, and carries nothing from one hop or probe to the next. The proxies
// that the environment names (see buildLab) would refuse it.
func TestHTTPRequest(t *testing.T) {
	var mu sync.Mutex
	var seen []*http.Request
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r)
		http.SetCookie(w, &http.Cookie{Name: "follow", Value: "me"})
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/next", http.StatusFound)
		}
	}))
	defer srv.Close()
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	p := newProber(t, wire.Check{HTTP: &wire.HTTP{URL: "http://answers.test:" + port, Status: []string{"200"}}})
	for range 2 {
		if got := p.Probe(t.Context()); got.Reason != wire.OK {
			t.Fatalf("Probe = %s (%s), want %s", got.Reason, got.Detail, wire.OK)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != 4 {
		t.Fatalf("the server saw %d requests, want 4", len(seen))
	}
	peers := map[string]bool{}
	for _, r := range seen {
		if got, want := r.UserAgent(), "nines-agent/"+version.String(); got != want {
			t.Errorf("User-Agent %q, want %q", got, want)
		}
		if len(r.Cookies()) > 0 {
			t.Errorf("cookies %v, want none", r.Cookies())
		}
		peers[r.RemoteAddr] = true
	}
	if len(peers) != 4 {
		t.Errorf("4 requests over %d connections, want one each", len(peers))
	}
}

func TestHTTPLatencyEndsWithTheBody(t *testing.T) {
	const late = 100 * time.Millisecond
	check := spoken("http", func(conn net.Conn) {
		head(conn)
		fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
		<-time.After(late)
		fmt.Fprint(conn, "b")
	})(t)
	if got := newProber(t, check).Probe(t.Context()); got.Reason != wire.OK || got.Latency < late {
		t.Errorf("Probe of a body that takes %v = %+v, want ok with a latency of that at least", late, got)
	}
}

// A detail is shown on a terminal, and a target may try to write on it.
func TestHTTPDetailIsPlain(t *testing.T) {
	check := spoken("http", say("HTTP/1.1 500 \x1b[2J\x07"+strings.Repeat("ä", 400)+"\r\nContent-Length: 0\r\n\r\n"))(t)
	got := newProber(t, check).Probe(t.Context())
	if got.Reason != wire.HTTPStatus || strings.ContainsAny(got.Detail, "\x1b\x07") || len(got.Detail) > 256 {
		t.Errorf("Probe = %s with detail %q, want %s in at most 256 printable bytes", got.Reason, got.Detail, wire.HTTPStatus)
	}
}

func newProber(t *testing.T, c wire.Check) probes.Prober {
	t.Helper()
	c.ID, c.IntervalMS, c.TimeoutMS, c.DownAfter, c.UpAfter = "one", 60_000, 5_000, 1, 1
	p, err := probes.New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return p
}

func url(s string) func(*testing.T) wire.Check {
	return func(*testing.T) wire.Check { return wire.Check{HTTP: &wire.HTTP{URL: s, Status: []string{"2xx"}}} }
}

// page gives a check of one path of an ordinary web server.
func page(path string, c wire.HTTP) func(*testing.T) wire.Check {
	return func(t *testing.T) wire.Check {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(site))
		srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		srv.Start()
		t.Cleanup(srv.Close)
		c.URL = srv.URL + path
		return wire.Check{HTTP: &c}
	}
}

func site(w http.ResponseWriter, r *http.Request) {
	var n int
	switch path := r.URL.Path; {
	case scan(path, "/status/%d", &n):
		w.WriteHeader(n)
	case scan(path, "/hop/%d", &n) && n > 0:
		http.Redirect(w, r, fmt.Sprintf("/hop/%d", n-1), http.StatusFound)
	case strings.HasPrefix(path, "/to/"):
		w.Header().Set("Location", strings.TrimPrefix(path, "/to/"))
		w.WriteHeader(http.StatusFound)
	case scan(path, "/long/%d", &n):
		fmt.Fprint(w, strings.Repeat(" ", n), "words")
	case path == "/slow":
		wait(r.Context(), 200*time.Millisecond)
	case path == "/never":
		<-r.Context().Done()
	default:
		fmt.Fprint(w, "all is well")
	}
}

func scan(path, format string, n *int) bool {
	_, err := fmt.Sscanf(path, format, n)
	return err == nil
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// spoken gives a check of a server that speaks as handle does. What a handler cannot say or
// hear, because the probe has hung up, does not matter: the probe's answer is what counts.
func spoken(scheme string, handle func(net.Conn)) func(*testing.T) wire.Check {
	return func(t *testing.T) wire.Check { return url(scheme + "://" + serve(t, "127.0.0.1:0", handle))(t) }
}

// head reads the beginning of a request.
func head(conn net.Conn) { _, _ = conn.Read(make([]byte, 4096)) }

// say answers with text and hangs up in peace.
func say(text string) func(net.Conn) {
	return func(conn net.Conn) {
		head(conn)
		_, _ = io.WriteString(conn, text)
		_ = conn.(*net.TCPConn).CloseWrite()
		listen(conn)
	}
}

func reset(conn net.Conn) {
	head(conn)
	_ = conn.(*net.TCPConn).SetLinger(0)
}

// pour says first, and then again and again, as fast as it is heard.
func pour(first, again string) func(net.Conn) {
	return func(conn net.Conn) {
		head(conn)
		_, _ = io.WriteString(conn, first)
		for more := []byte(strings.Repeat(again, 100)); ; {
			if _, err := conn.Write(more); err != nil {
				return
			}
		}
	}
}

// drip says one byte each 20 ms, until nobody listens.
func drip(conn net.Conn) {
	head(conn)
	dripping(conn, "HTTP/1.1 200 OK\r\nX-Slow: "+strings.Repeat("z", 10_000))
}

func dripBody(conn net.Conn) {
	head(conn)
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	dripping(conn, strings.Repeat("z", 10_000))
}

func dripping(conn net.Conn, text string) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for i := range len(text) {
		<-ticker.C
		if _, err := conn.Write([]byte{text[i]}); err != nil {
			return
		}
	}
}

// secured gives a check of a server with the configuration of TLS that is given.
func secured(t *testing.T, config *tls.Config, skipVerify bool) wire.Check {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(site))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.TLS = config
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return wire.Check{HTTP: &wire.HTTP{URL: srv.URL, Status: []string{"2xx"}, SkipVerify: skipVerify}}
}

func redirectTo(t *testing.T, target string) wire.Check {
	t.Helper()
	srv := httptest.NewServer(http.RedirectHandler(target, http.StatusMovedPermanently))
	t.Cleanup(srv.Close)
	return wire.Check{HTTP: &wire.HTTP{URL: srv.URL, Status: []string{"2xx"}}}
}
