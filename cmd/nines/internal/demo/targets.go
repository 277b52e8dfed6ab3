package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// slowAnswer is how long the ERP takes in an episode; its check allows less.
const slowAnswer = 1500 * time.Millisecond

// follow is how often a target looks at its plan.
const follow = 200 * time.Millisecond

// Addresses says where the targets are: host:port, of loopback.
type Addresses struct {
	Shop, ERP, Files, VPN string
}

// Targets are the running targets.
type Targets struct {
	Addresses
	now     func() time.Time
	servers []*http.Server
	stop    context.CancelFunc
	running sync.WaitGroup
}

// Start starts the targets at the given addresses; an address with port 0, or one that is
// taken, gets a free port. They follow their plans by the clock that they are given. Close
// ends them.
func Start(at Addresses, now func() time.Time) (*Targets, error) {
	ctx, stop := context.WithCancel(context.Background())
	t := &Targets{now: now, stop: stop}
	err := errors.Join(
		t.serveHTTP(at.Shop, &t.Shop, func(w http.ResponseWriter, _ *http.Request) {
			if shopPlan.inTrouble(t.now()) {
				http.Error(w, "out of order", http.StatusServiceUnavailable)
				return
			}
			_, _ = io.WriteString(w, "open\n") // a client that has gone needs no answer
		}),
		t.serveHTTP(at.ERP, &t.ERP, func(w http.ResponseWriter, r *http.Request) {
			if erpPlan.inTrouble(t.now()) {
				select {
				case <-time.After(slowAnswer):
				case <-r.Context().Done():
				}
			}
			_, _ = io.WriteString(w, "ok\n")
		}),
		t.closeAtTimes(ctx, at.Files),
		t.dropAtTimes(ctx, at.VPN),
	)
	if err != nil {
		t.Close()
		return nil, fmt.Errorf("start the demonstration's targets: %w", err)
	}
	return t, nil
}

// Close ends all targets and waits for them.
func (t *Targets) Close() {
	t.stop()
	for _, s := range t.servers {
		_ = s.Close() // it serves nothing that must be finished
	}
	t.running.Wait()
}

func (t *Targets) serveHTTP(addr string, bound *string, h http.HandlerFunc) error {
	l, err := listen(addr)
	if err != nil {
		return err
	}
	*bound = l.Addr().String()
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second}
	t.servers = append(t.servers, s)
	t.running.Go(func() { _ = s.Serve(l) }) // ends with ErrServerClosed
	return nil
}

// closeAtTimes is a port that refuses connections while its plan says so.
func (t *Targets) closeAtTimes(ctx context.Context, addr string) error {
	l, err := listen(addr)
	if err != nil {
		return err
	}
	t.Files = l.Addr().String()
	t.running.Go(func() {
		for ctx.Err() == nil {
			if l != nil {
				acceptUntil(ctx, l, func() bool { return filesPlan.inTrouble(t.now()) })
				_ = l.Close()
				l = nil
			}
			pause(ctx)
			if !filesPlan.inTrouble(t.now()) {
				l, _ = net.Listen("tcp", t.Files) // taken by someone else: stays closed
			}
		}
		if l != nil {
			_ = l.Close()
		}
	})
	return nil
}

// dropAtTimes is a host that drops packets while its plan says so: nobody accepts, the queue of
// waiting connections is full, and the kernel drops what comes.
func (t *Targets) dropAtTimes(ctx context.Context, addr string) error {
	l, err := listenShort(addr)
	if err != nil {
		return err
	}
	t.VPN = l.Addr().String()
	t.running.Go(func() {
		defer l.Close()
		for ctx.Err() == nil {
			acceptUntil(ctx, l, func() bool { return vpnPlan.inTrouble(t.now()) })
			fillers := fillQueue(ctx, t.VPN)
			for ctx.Err() == nil && vpnPlan.inTrouble(t.now()) {
				pause(ctx)
			}
			for _, c := range fillers {
				_ = c.Close()
			}
		}
	})
	return nil
}

// acceptUntil accepts and hangs up until over, or until ctx ends.
func acceptUntil(ctx context.Context, l net.Listener, over func() bool) {
	tl, ok := l.(*net.TCPListener)
	for ok && ctx.Err() == nil && !over() {
		if err := tl.SetDeadline(time.Now().Add(follow)); err != nil {
			return
		}
		if conn, err := tl.Accept(); err == nil {
			_ = conn.Close()
		}
	}
}

// fillQueue opens connections that nobody accepts until no more fit.
func fillQueue(ctx context.Context, addr string) []net.Conn {
	const most = 16
	var conns []net.Conn
	d := net.Dialer{Timeout: follow}
	for len(conns) < most {
		c, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			break
		}
		conns = append(conns, c)
	}
	return conns
}

func pause(ctx context.Context) {
	select {
	case <-time.After(follow):
	case <-ctx.Done():
	}
}

// listen listens at addr, or at a free port where addr is taken.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	return l, err
}
