package probes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	probing "github.com/prometheus-community/pro-bing"

	"github.com/nines-monitor/nines/internal/wire"
)

const (
	// closing is how long pro-bing may take to return after it was told to: its reader looks
	// up every 102 ms at the latest.
	closing = 120 * time.Millisecond

	// rawSlots bounds the raw sockets at work at once. The kernel offers every ICMP packet to
	// each of them, so that too many lose packets which the network did not.
	rawSlots = 200
)

var (
	errPermission = errors.New("this host lets the agent open neither an unprivileged ping socket nor a raw one: " +
		"widen net.ipv4.ping_group_range or give CAP_NET_RAW")
	errNoSlot = errors.New("too many raw pings under way")
	errLate   = errors.New("no time left to ping")
)

// mode is a way to send echo requests.
type mode int32

const (
	unprivileged mode = iota // a datagram socket of the ICMP protocol
	raw
)

// host is how this process pings: which sockets it may open is a property of the process.
var host = newSockets(rawSlots)

// sockets opens sockets for echo requests and remembers which kind it was given. It is safe
// for concurrent use.
type sockets struct {
	last4, last6 atomic.Int32 // the mode that worked last, to be tried first
	slots        chan struct{}
}

func newSockets(slots int) *sockets {
	s := &sockets{slots: make(chan struct{}, slots)}
	if runtime.GOOS == "windows" { // it has no other
		s.last4.Store(int32(raw))
		s.last6.Store(int32(raw))
	}
	return s
}

// round is what came of the packets of one probe.
type round struct {
	sent int
	rtts []time.Duration // of those answered
}

// median gives the middle round trip, the mean of the two middle ones where their number is
// even, and 0 where there is none.
func (r round) median() time.Duration {
	n := len(r.rtts)
	if n == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(r.rtts))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// ping sends packets to addr and waits for their replies, until ctx's deadline less the time
// of closing. An error means that the host could not do that, and says nothing of the target.
func (s *sockets) ping(ctx context.Context, addr netip.Addr, packets int) (round, error) {
	last := &s.last4
	if addr.Is6() {
		last = &s.last6
	}
	first := mode(last.Load())
	for _, m := range []mode{first, 1 - first} {
		if m == unprivileged && runtime.GOOS == "windows" {
			continue
		}
		r, err := s.pingAs(ctx, m, addr, packets)
		if !errors.Is(err, errSocket) {
			last.Store(int32(m))
			return r, err
		}
	}
	return round{}, errPermission
}

// errSocket marks that the host does not give out the kind of socket that was asked for.
var errSocket = errors.New("no such socket for this process")

func (s *sockets) pingAs(ctx context.Context, m mode, addr netip.Addr, packets int) (round, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return round{}, errors.New("ping without a deadline")
	}
	deadline = deadline.Add(-closing)
	if m == raw {
		if err := s.acquire(ctx, time.Until(deadline)/4); err != nil {
			return round{}, err
		}
		defer s.release()
	}
	left := time.Until(deadline)
	if left <= 0 {
		return round{}, errLate
	}
	v := newVolley(m, addr, packets, min(maxSpacing, left/time.Duration(2*packets)))
	return v.run(ctx, left)
}

// acquire takes a slot for a raw socket, and waits for it no longer than patience: the rest of
// the time belongs to the target.
func (s *sockets) acquire(ctx context.Context, patience time.Duration) error {
	select {
	case s.slots <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	return errNoSlot
}

func (s *sockets) release() { <-s.slots }

// volley is one pro-bing Pinger at work. Its fields are touched by pro-bing's one sending
// goroutine alone, and read when that has ended.
type volley struct {
	probing.NoopLogger
	pinger  *probing.Pinger
	packets int
	sentAt  []time.Time // by sequence number
	rtts    []time.Duration
	failure error // of a send
}

func newVolley(m mode, addr netip.Addr, packets int, spacing time.Duration) *volley {
	p := probing.New("")
	p.SetIPAddr(&net.IPAddr{IP: addr.AsSlice(), Zone: addr.Zone()})
	p.SetPrivileged(m == raw)
	p.Count = packets
	p.Interval = max(spacing, time.Millisecond)
	p.RecordRtts, p.RecordTTLs = false, false
	v := &volley{pinger: p, packets: packets}
	p.SetLogger(v)
	p.OnSend = func(*probing.Packet) { v.sentAt = append(v.sentAt, time.Now()) }
	p.OnRecv = v.received
	p.OnSendError = func(_ *probing.Packet, err error) { v.giveUp(err) }
	return v
}

func (v *volley) received(p *probing.Packet) {
	if p.Seq >= 0 && p.Seq < len(v.sentAt) {
		v.rtts = append(v.rtts, time.Since(v.sentAt[p.Seq]))
	}
}

// run returns when every packet is answered, when it has waited for that long enough, when a
// send fails, or when ctx is cancelled; the last two are errors.
func (v *volley) run(ctx context.Context, wait time.Duration) (round, error) {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	err := v.pinger.RunWithContext(waiting)
	r := round{sent: len(v.sentAt), rtts: v.rtts}
	switch {
	case len(r.rtts) == v.packets:
		return r, nil
	case v.failure != nil:
		return r, fmt.Errorf("send echo request: %w", v.failure)
	case errors.Is(ctx.Err(), context.Canceled):
		return r, ctx.Err()
	case r.sent == 0 && refusedSocket(err):
		return r, fmt.Errorf("%w: %w", errSocket, err)
	case err != nil && waiting.Err() == nil:
		return r, fmt.Errorf("ping: %w", err)
	case r.sent == 0:
		return r, errLate
	}
	return r, nil
}

// Infof is called by pro-bing when the kernel forbids a send (EACCES): it takes the target for
// a broadcast address and tries again, without end where a rule of this host is the cause.
func (v *volley) Infof(string, ...any) { v.giveUp(syscall.EACCES) }

// giveUp ends pro-bing's sending goroutine, in which it is called. The goroutine's deferred
// calls end the rest; there is no other way out of its retries.
func (v *volley) giveUp(err error) {
	v.failure = err
	runtime.Goexit()
}

// refusedSocket reports whether err is this host's refusal to give out a socket.
func refusedSocket(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && errnoReasons[errno] == wire.NoPermission
}
