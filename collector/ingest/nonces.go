package ingest

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

const (
	// A request can be replayed for as long as its time is within MaxSkew, on either side.
	nonceLife = 2 * wire.MaxSkew
	// At most this many are remembered of each nonceLife: 40 MB or so in all.
	maxNonces = 1_000_000
)

// nonces remembers the nonces of proven requests for at least nonceLife, in two generations.
// They are kept as seeded hashes: a collision, which nobody can bring about, makes an agent
// sign once more.
type nonces struct {
	seed maphash.Seed
	most int

	mu          sync.Mutex
	young, old  map[uint64]struct{}
	lastRotated time.Time
}

func newNonces() *nonces {
	return &nonces{seed: maphash.MakeSeed(), most: maxNonces, young: map[uint64]struct{}{}}
}

// What a nonce is found to be.
type freshness int

const (
	fresh freshness = iota
	replayed
	noRoom // too many requests to remember them all
)

// note remembers a claim's nonce and says whether it is the first with it.
func (n *nonces) note(c wire.Claim, now time.Time) freshness {
	sum := maphash.String(n.seed, c.KeyID+c.Nonce)
	n.mu.Lock()
	defer n.mu.Unlock()
	if now.Sub(n.lastRotated) >= nonceLife {
		n.young, n.old, n.lastRotated = map[uint64]struct{}{}, n.young, now
	}
	_, young := n.young[sum]
	_, old := n.old[sum]
	switch {
	case young || old:
		return replayed
	case len(n.young) >= n.most:
		return noRoom
	}
	n.young[sum] = struct{}{}
	return fresh
}
