package ingest

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
)

// bodyTime is how long a request's body may take to arrive.
const bodyTime = 30 * time.Second

// recognise finds the agent that a request names. It reads nothing of the body and proves nothing.
func (h *Handler) recognise(r *http.Request, now time.Time) (store.Agent, wire.Claim, error) {
	claim, err := wire.ReadClaim(r)
	if err != nil {
		return store.Agent{}, claim, refuse(http.StatusUnauthorized, "the request is not signed: it lacks key, time or nonce")
	}
	agent, ok := h.registry.Lookup(claim.KeyID)
	if !ok {
		return store.Agent{}, claim, refuse(http.StatusUnauthorized, "no agent with key %q is registered here: register it with nines agent register", claim.KeyID)
	}
	if skew := now.Sub(time.UnixMilli(claim.Time)).Abs(); skew > wire.MaxSkew {
		return store.Agent{}, claim, stale(skew)
	}
	return agent, claim, nil
}

func stale(skew time.Duration) *refusal {
	return refuse(http.StatusUnauthorized, "the request's time is %s from the collector's: set the agent's clock, or the collector's", skew.Round(time.Second))
}

// prove makes sure that a request with that body is the agent's, and was not sent before.
// Nothing of it touches the disk.
func (h *Handler) prove(r *http.Request, agent store.Agent, claim wire.Claim, body []byte, now time.Time) error {
	switch err := wire.Verify(r, body, agent.PublicKey, now); {
	case errors.Is(err, wire.ErrStale):
		return stale(now.Sub(time.UnixMilli(claim.Time)).Abs())
	case err != nil:
		return refuse(http.StatusUnauthorized, "the request's signature does not hold")
	}
	switch h.nonces.note(claim, now) {
	case replayed:
		return refuse(http.StatusUnauthorized, "the request was sent before: sign each attempt anew")
	case noRoom:
		return later(http.StatusTooManyRequests, time.Minute, "the collector gets more requests than it can tell from replayed ones")
	}
	h.registry.hear(agent.KeyID, versionOf(r), now.UnixMilli())
	return nil
}

// lengthOf is what a body takes in memory at most.
func lengthOf(r *http.Request) (int64, error) {
	switch {
	case r.ContentLength > wire.MaxBatchBytes:
		return 0, tooLong()
	case r.ContentLength < 0: // not told
		return wire.MaxBatchBytes, nil
	default:
		return r.ContentLength, nil
	}
}

func tooLong() *refusal {
	return refuse(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes: send smaller batches", wire.MaxBatchBytes)
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, wire.MaxBatchBytes))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, tooLong()
	case err != nil:
		return nil, refuse(http.StatusRequestTimeout, "the body did not arrive whole within %s", bodyTime)
	}
	return body, nil
}

// versionOf is what an agent says of its version, cut to what a page can show.
func versionOf(r *http.Request) string {
	v := []byte(r.Header.Get(wire.HeaderAgent))
	v = v[:min(len(v), 64)]
	for i, c := range v {
		if c < ' ' || c > '~' {
			v[i] = '?'
		}
	}
	return string(v)
}
