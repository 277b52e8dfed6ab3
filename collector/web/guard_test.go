package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const token = "correct-horse-battery-staple"

// ask makes one request of a site as a peer at remote would.
func ask(site http.Handler, method, target, remote string, edit func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr = remote
	if edit != nil {
		edit(r)
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w
}

func TestWithoutATokenOnlyThisMachineIsAnswered(t *testing.T) {
	site := New(practice(t).options())
	for name, tc := range map[string]struct {
		host, remote, relayed string
		want                  int
	}{
		"loopback by name":                    {"localhost:8080", "127.0.0.1:4711", "", 200},
		"loopback by address":                 {"127.0.0.1:8080", "127.0.0.1:4711", "", 200},
		"loopback without a port":             {"127.0.0.1", "127.0.0.1:4711", "", 200},
		"another loopback address":            {"127.8.9.10:8080", "127.0.0.2:4711", "", 200},
		"IPv6 loopback":                       {"[::1]:8080", "[::1]:4711", "", 200},
		"IPv4 loopback in IPv6":               {"localhost", "[::ffff:127.0.0.1]:4711", "", 200},
		"a name in capitals with a dot":       {"LOCALHOST.:8080", "127.0.0.1:4711", "", 200},
		"a rebound name":                      {"evil.example:8080", "127.0.0.1:4711", "", 403},
		"a name that only begins as loopback": {"127.0.0.1.evil.example", "127.0.0.1:4711", "", 403},
		"a name that only ends as localhost":  {"evil.localhost", "127.0.0.1:4711", "", 403},
		"an empty host":                       {"", "127.0.0.1:4711", "", 403},
		"another machine":                     {"localhost:8080", "192.0.2.7:4711", "", 403},
		"another machine, by its own name":    {"nines.example", "192.0.2.7:4711", "", 403},
		"a relay on this machine":             {"localhost:8080", "127.0.0.1:4711", "192.0.2.7", 403},
		"a peer without an address":           {"localhost", "@", "", 403},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/", "/api/v1/services", "/api/v1/agents", "/metrics"} {
				got := ask(site, "GET", path, tc.remote, func(r *http.Request) {
					r.Host = tc.host
					if tc.relayed != "" {
						r.Header.Set("X-Forwarded-For", tc.relayed)
					}
				})
				if got.Code != tc.want {
					t.Errorf("GET %s for host %q from %s = %d, want %d", path, tc.host, tc.remote, got.Code, tc.want)
				}
			}
		})
	}
}

func TestTheTokenIsAskedOfEveryReader(t *testing.T) {
	opts := practice(t).options()
	opts.AdminToken = token
	site := New(opts)
	for name, tc := range map[string]struct {
		path, authorization string
		want                int
	}{
		"no token":                       {"/api/v1/services", "", 401},
		"the token":                      {"/api/v1/services", "Bearer " + token, 200},
		"the scheme in small letters":    {"/api/v1/services", "bearer " + token, 200},
		"another token":                  {"/api/v1/services", "Bearer " + token + "x", 401},
		"a part of the token":            {"/api/v1/services", "Bearer " + token[:5], 401},
		"an empty token":                 {"/api/v1/services", "Bearer ", 401},
		"another scheme":                 {"/api/v1/services", "Basic " + token, 401},
		"live page without the token":    {"/events", "", 401},
		"metrics without the token":      {"/metrics", "", 401},
		"metrics with the token":         {"/metrics", "Bearer " + token, 200},
		"the page without, leads to log": {"/", "", 303},
		"the page with the token":        {"/", "Bearer " + token, 200},
		"health is told to anybody":      {"/healthz", "", 200},
		"readiness is told to anybody":   {"/readyz", "", 200},
		"the login form":                 {"/login", "", 200},
		"the style sheet":                {assets.CSS, "", 200},
	} {
		t.Run(name, func(t *testing.T) {
			got := ask(site, "GET", tc.path, "127.0.0.1:4711", func(r *http.Request) {
				r.Host = "localhost"
				if tc.authorization != "" {
					r.Header.Set("Authorization", tc.authorization)
				}
			})
			if got.Code != tc.want {
				t.Errorf("GET %s with %q = %d, want %d", tc.path, tc.authorization, got.Code, tc.want)
			}
			if got.Code == 401 && !strings.HasPrefix(got.Header().Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("GET %s = 401 with WWW-Authenticate %q, want Bearer", tc.path, got.Header().Get("WWW-Authenticate"))
			}
		})
	}
}

// logIn posts the login form and gives the session's cookie, or nil.
func logIn(t *testing.T, site http.Handler, with string) *http.Cookie {
	t.Helper()
	body := strings.NewReader(url.Values{"token": {with}}.Encode())
	got := ask(site, "POST", "/login", "192.0.2.7:4711", func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = io.NopCloser(body)
	})
	for _, c := range got.Result().Cookies() {
		return c
	}
	return nil
}

func TestASession(t *testing.T) {
	w := practice(t)
	opts := w.options()
	opts.AdminToken = token
	site := New(opts)
	if c := logIn(t, site, "a guess"); c != nil {
		t.Fatalf("login with a guess gave the cookie %v, want none", c)
	}
	cookie := logIn(t, site, token)
	switch {
	case cookie == nil:
		t.Fatal("login with the token gave no cookie")
	case !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/":
		t.Errorf("cookie = %v, want HttpOnly, SameSite=Lax, Path=/", cookie)
	case strings.Contains(cookie.Value, token):
		t.Errorf("cookie %q holds the token", cookie.Value)
	}
	status := func(site http.Handler, value string) int {
		return ask(site, "GET", "/", "192.0.2.7:4711", func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: sessionCookie, Value: value})
		}).Code
	}
	if got := status(site, cookie.Value); got != 200 {
		t.Errorf("GET / with the session = %d, want 200", got)
	}
	forged := []byte(cookie.Value)
	forged[2] ^= 1
	if got := status(site, string(forged)); got != 303 {
		t.Errorf("GET / with a forged session = %d, want 303", got)
	}
	if got := status(site, "short"); got != 303 {
		t.Errorf("GET / with a short session = %d, want 303", got)
	}
	opts.AdminToken = "another"
	if got := status(New(opts), cookie.Value); got != 303 {
		t.Errorf("GET / with a session of another token = %d, want 303", got)
	}
	w.now = w.now.Add(sessionLength + time.Second)
	if got := status(site, cookie.Value); got != 303 {
		t.Errorf("GET / with a session that has ended = %d, want 303", got)
	}
}

func TestWritesFromOtherSitesAreRefused(t *testing.T) {
	site := New(practice(t).options())
	for name, tc := range map[string]struct {
		header, value string
		want          int
	}{
		"a page elsewhere":         {"Sec-Fetch-Site", "cross-site", 403},
		"a foreign origin":         {"Origin", "https://evil.example", 403},
		"a program, not a browser": {"User-Agent", "curl", 415}, // comes through, and lacks a body
	} {
		t.Run(name, func(t *testing.T) {
			got := ask(site, "POST", "/api/v1/agents", "127.0.0.1:4711", func(r *http.Request) {
				r.Host = "localhost"
				r.Header.Set(tc.header, tc.value)
			})
			if got.Code != tc.want {
				t.Errorf("POST /api/v1/agents with %s: %s = %d, want %d", tc.header, tc.value, got.Code, tc.want)
			}
		})
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	site := New(practice(t).options())
	for _, path := range []string{"/", "/healthz", "/api/v1/services", "/api/v1/nothing", "/nothing", assets.CSS} {
		got := ask(site, "GET", path, "127.0.0.1:4711", func(r *http.Request) { r.Host = "localhost" })
		for header, want := range map[string]string{
			"Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
		} {
			if got.Header().Get(header) != want {
				t.Errorf("GET %s: %s = %q, want %q", path, header, got.Header().Get(header), want)
			}
		}
	}
}
