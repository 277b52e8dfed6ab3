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

// authenticate proves who sent a request and gives its whole body. Nothing of it touches the
// disk, and nothing of the body is read before the key is known and its length is in bounds.
func (h *Handler) authenticate(w http.ResponseWriter, r *http.Request, now time.Time) (store.Agent, []byte, error) {
	claim, err := wire.ReadClaim(r)
	if err != nil {
		return store.Agent{}, nil, refuse(http.StatusUnauthorized, "the request is not signed: it lacks key, time or nonce")
	}
	agent, ok := h.registry.Lookup(claim.KeyID)
	if !ok {
		return store.Agent{}, nil, refuse(http.StatusUnauthorized, "no agent with key %q is registered here: register it with nines agent register", claim.KeyID)
	}
	body, err := readBody(w, r)
	if err != nil {
		return store.Agent{}, nil, err
	}
	switch err := wire.Verify(r, body, agent.PublicKey, now); {
	case errors.Is(err, wire.ErrStale):
		return store.Agent{}, nil, refuse(http.StatusUnauthorized, "the request's time is %s from the collector's: set the agent's clock, or the collector's",
			now.Sub(time.UnixMilli(claim.Time)).Abs().Round(time.Second))
	case err != nil:
		return store.Agent{}, nil, refuse(http.StatusUnauthorized, "the request's signature does not hold")
	}
	switch h.nonces.note(claim, now) {
	case replayed:
		return store.Agent{}, nil, refuse(http.StatusUnauthorized, "the request was sent before: sign each attempt anew")
	case noRoom:
		return store.Agent{}, nil, later(http.StatusTooManyRequests, time.Minute, "the collector gets more requests than it can tell from replayed ones")
	}
	h.registry.hear(agent.KeyID, versionOf(r), now.UnixMilli())
	return agent, body, nil
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	tooLong := refuse(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes: send smaller batches", wire.MaxBatchBytes)
	if r.ContentLength > wire.MaxBatchBytes {
		return nil, tooLong
	}
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime)) //nolint:errcheck // a writer without deadlines is a test's
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, wire.MaxBatchBytes))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, tooLong
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
