package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/nines-monitor/nines/collector/store"
)

// revokeAgent ends an agent: its key is refused from now on, its site counts without it, and
// what it has observed stays.
func (s *Site) revokeAgent(w http.ResponseWriter, r *http.Request) error {
	if s.opts.RevokeAgent == nil {
		return refusal{http.StatusNotImplemented, "this collector revokes no agents"}
	}
	client, id := r.PathValue("client"), r.PathValue("id")
	err := s.opts.RevokeAgent(r.Context(), client, id, s.opts.Now().UnixMilli())
	if errors.Is(err, store.ErrNotFound) {
		return refusal{http.StatusNotFound, fmt.Sprintf("client %q has no agent %q that is not revoked already", client, id)}
	}
	if err != nil {
		return fmt.Errorf("revoke agent %s/%s: %w", client, id, err)
	}
	s.opts.Log.Info("agent revoked", "client", client, "agent", id)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
