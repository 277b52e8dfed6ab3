package probes

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	maxHeader  = 64 << 10 // bytes of an answer's header, informal answers before it included
	maxInforms = 5        // informal answers (1xx) before the final one
)

// exchange is an http.RoundTripper that sends one request over a connection of its own, by
// HTTP/1.1 (RFC 9112), in the goroutine that calls it.
//
// http.Transport will not do here: it dials and shakes hands in a goroutine that outlives the
// request's deadline, for ever if the target says nothing, so that each probe of such a target
// would leave a socket behind.
type exchange struct {
	skipVerify bool
}

// RoundTrip ends by req's context. The connection is closed with the body.
func (x exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	conn, err := x.connect(req.Context(), req.URL)
	if err != nil {
		return nil, err
	}
	resp, err := send(conn, req)
	if err != nil {
		conn.Close() //nolint:errcheck // what went wrong before counts
		return nil, err
	}
	resp.Body = body{resp.Body, conn}
	return resp, nil
}

func (x exchange) connect(ctx context.Context, u *url.URL) (net.Conn, error) {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	dialed, err := dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, err
	}
	conn := watch(ctx, dialed)
	if u.Scheme != "https" {
		return conn, nil
	}
	secured := tls.Client(conn, &tls.Config{
		ServerName:         u.Hostname(),
		InsecureSkipVerify: x.skipVerify, // the contract's verify_tls = false
		NextProtos:         []string{"http/1.1"},
	})
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close() //nolint:errcheck // the handshake's error counts
		return nil, handshakeError{err}
	}
	return secured, nil
}

var (
	errHeader  = fmt.Errorf("header of more than %d bytes", maxHeader)
	errInforms = fmt.Errorf("more than %d informal answers", maxInforms)
)

// send writes req and reads the header of its final answer.
func send(conn net.Conn, req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context()) // a RoundTripper leaves the request as it is
	req.Close = true
	if err := req.Write(conn); err != nil {
		return nil, err
	}
	limit := &faultKeeper{LimitedReader: io.LimitedReader{R: conn, N: maxHeader}}
	from := bufio.NewReader(limit)
	for range maxInforms + 1 {
		resp, err := http.ReadResponse(from, req)
		switch {
		case err != nil && limit.N <= 0:
			return nil, errHeader
		case err != nil && limit.fault != nil:
			return nil, limit.fault
		case err != nil:
			return nil, err
		case resp.StatusCode == http.StatusSwitchingProtocols:
			return nil, errors.New("an upgrade that nobody asked for")
		case resp.StatusCode >= 200:
			limit.N = math.MaxInt64 // whoever reads the body bounds it
			return resp, nil
		}
	}
	return nil, errInforms
}

// faultKeeper bounds a reader and keeps its first error: of a header that ends within a line,
// package http reports the line alone.
type faultKeeper struct {
	io.LimitedReader
	fault error
}

func (k *faultKeeper) Read(p []byte) (int, error) {
	n, err := k.LimitedReader.Read(p)
	if k.fault == nil {
		k.fault = err
	}
	return n, err
}

// body is an answer's body, and closes its connection.
type body struct {
	io.Reader
	io.Closer
}

// watched is a connection that ends with a context.
type watched struct {
	net.Conn
	unwatch func() bool
}

func watch(ctx context.Context, conn net.Conn) net.Conn {
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline) //nolint:errcheck // fails on a closed connection alone, and then all else does
	}
	return watched{conn, context.AfterFunc(ctx, func() {
		conn.SetDeadline(time.Unix(1, 0)) //nolint:errcheck // as above
	})}
}

// Close ends the watch and the connection.
func (w watched) Close() error {
	w.unwatch()
	return w.Conn.Close()
}
