package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

const (
	sessionCookie = "nines_session"
	sessionLength = 7 * 24 * time.Hour
)

var (
	errNotLoopback = refusal{http.StatusForbidden,
		"this collector has no admin token, so it answers only its own machine, by the name localhost or a loopback address; " +
			"set admin.token_file in collector.toml to reach it from elsewhere"}
	errNoToken = refusal{http.StatusUnauthorized,
		"this needs the admin token: send it as \"Authorization: Bearer ...\", or log in at /login"}
)

// guard decides who may read and write.
type guard struct {
	token    []byte // SHA-256 of the admin token; nil: there is none
	session  []byte // key that sessions are signed with
	insecure bool
	now      func() time.Time
}

func newGuard(opts Options) guard {
	g := guard{insecure: opts.Insecure, now: opts.Now}
	if opts.AdminToken == "" {
		return g
	}
	token := sha256.Sum256([]byte(opts.AdminToken))
	g.token = token[:]
	g.session = sign([]byte(opts.AdminToken), "nines web session, version 1")
	return g
}

// only lets h answer readers whom the guard admits. A browser that has to log in is shown where.
func (g guard) only(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := g.admit(r)
		switch {
		case err == nil:
			return h(w, r)
		case errors.Is(err, errNoToken) && r.URL.Path == "/":
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return nil
		case errors.Is(err, errNoToken):
			w.Header().Set("WWW-Authenticate", `Bearer realm="nines"`)
		}
		return err
	}
}

// admit returns nil for a reader who may go on, else a refusal.
func (g guard) admit(r *http.Request) error {
	switch {
	case g.token != nil && (g.hasToken(r) || g.hasSession(r)):
		return nil
	case g.token != nil:
		return errNoToken
	case g.insecure || fromThisMachine(r):
		return nil
	}
	return errNotLoopback
}

func (g guard) hasToken(r *http.Request) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && g.isToken(strings.TrimSpace(given))
}

// isToken compares digests, so that its time tells neither the token nor its length.
func (g guard) isToken(given string) bool {
	sum := sha256.Sum256([]byte(given))
	return hmac.Equal(sum[:], g.token)
}

func (g guard) hasSession(r *http.Request) bool {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || len(raw) != 8+sha256.Size {
		return false
	}
	end := int64(binary.BigEndian.Uint64(raw[:8]))
	return hmac.Equal(raw[8:], sign(g.session, string(raw[:8]))) && g.now().Unix() < end
}

// newSession is a cookie that hasSession accepts until it ends. It is derived from the token and
// says nothing about it; with another token it is worth nothing.
func (g guard) newSession(secure bool) *http.Cookie {
	end := g.now().Add(sessionLength)
	raw := binary.BigEndian.AppendUint64(nil, uint64(end.Unix()))
	raw = append(raw, sign(g.session, string(raw))...)
	return &http.Cookie{
		Name: sessionCookie, Value: base64.RawURLEncoding.EncodeToString(raw),
		Path: "/", Expires: end, Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// fromThisMachine reports whether a request was made on this machine and for it. A name in Host
// that only resolves to this machine is not enough (a page elsewhere could have such a name:
// DNS rebinding), nor is a peer on this machine that asks for someone else.
func fromThisMachine(r *http.Request) bool {
	for _, relayed := range []string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip"} {
		if r.Header.Get(relayed) != "" {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback() && isLoopbackHost(r.Host)
}

func isLoopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
