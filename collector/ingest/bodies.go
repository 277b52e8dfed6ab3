package ingest

import (
	"net/http"
	"net/netip"
	"sync"

	"github.com/nines-monitor/nines/internal/wire"
)

// share is a number of requests and the bytes of their bodies.
type share struct {
	requests int
	bytes    int64
}

// Bounds of the requests whose bodies are being read, that wait for a place, or are under way.
// Until a body is there nobody knows who sends it, so that one address that names one key gets
// a part only, and one address, behind which may be a proxy with many agents, no more than half.
var (
	shareOfAll     = share{512, 64 * wire.MaxBatchBytes}
	shareOfAddress = share{256, 32 * wire.MaxBatchBytes}
	shareOfParty   = share{64, 8 * wire.MaxBatchBytes}
)

// party is who a request comes from, as far as that is known before its body is read.
type party struct {
	address string
	keyID   string // that it names; empty: the address as a whole
}

// partyOf takes 64 bits of an IPv6 address: whoever has one such address has them all.
func partyOf(r *http.Request, c wire.Claim) party {
	p := party{address: r.RemoteAddr, keyID: c.KeyID}
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return p
	}
	address := at.Addr().Unmap().WithZone("")
	if net, err := address.Prefix(64); err == nil && address.Is6() {
		address = net.Addr()
	}
	p.address = address.String()
	return p
}

// bodies counts the requests and bytes in memory.
type bodies struct {
	mu      sync.Mutex
	all     share
	parties map[party]share // and addresses: parties without a key
}

// take makes room for a body, or gives false.
func (b *bodies) take(p party, bytes int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	address := party{address: p.address}
	if !b.all.fits(bytes, shareOfAll) || !b.parties[address].fits(bytes, shareOfAddress) || !b.parties[p].fits(bytes, shareOfParty) {
		return false
	}
	b.add(p, share{1, bytes})
	return true
}

// give gives the room back that take has made.
func (b *bodies) give(p party, bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.add(p, share{-1, -bytes})
}

func (b *bodies) add(p party, more share) {
	b.all = b.all.plus(more)
	if b.parties == nil {
		b.parties = map[party]share{}
	}
	for _, q := range []party{p, {address: p.address}} {
		if b.parties[q] = b.parties[q].plus(more); b.parties[q].requests == 0 {
			delete(b.parties, q)
		}
	}
}

func (s share) fits(bytes int64, bound share) bool {
	return s.requests < bound.requests && s.bytes+bytes <= bound.bytes
}

func (s share) plus(more share) share { return share{s.requests + more.requests, s.bytes + more.bytes} }
