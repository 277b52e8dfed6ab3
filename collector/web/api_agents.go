package web

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
)

const maxAgentBody = 16 << 10

// agentJSON is one registered agent.
type agentJSON struct {
	Client       string  `json:"client"`
	Site         string  `json:"site"`
	ID           string  `json:"id"`
	KeyID        string  `json:"key_id"`
	Version      string  `json:"version"`
	RegisteredAt *string `json:"registered_at"`
	LastContact  *string `json:"last_contact"`
	Silent       bool    `json:"silent"`          // no contact for more than two minutes
	Fault        string  `json:"fault,omitempty"` // why someone must look at it
	Demo         bool    `json:"demo,omitempty"`
}

type agentsAnswer struct {
	AsOf   string      `json:"as_of"`
	Agents []agentJSON `json:"agents"`
}

func (s *Site) listAgents(w http.ResponseWriter, _ *http.Request) error {
	now := s.opts.Now().UnixMilli()
	answer := agentsAnswer{AsOf: instant(now), Agents: []agentJSON{}}
	for _, a := range s.opts.Agents() {
		answer.Agents = append(answer.Agents, s.newAgentJSON(a, now))
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (s *Site) newAgentJSON(a store.Agent, now int64) agentJSON {
	c, err := s.findClient(a.Tenant)
	return agentJSON{
		Client: a.Tenant, Site: a.Site, ID: a.ID, KeyID: a.KeyID, Version: a.Version, Fault: a.Fault,
		RegisteredAt: optionalInstant(a.RegisteredAt), LastContact: optionalInstant(a.LastContact), Silent: isSilent(a, now), Demo: err == nil && c.Demo,
	}
}

// registration is what registers an agent.
type registration struct {
	Client    string `json:"client"`
	Site      string `json:"site"`
	ID        string `json:"id"`
	PublicKey string `json:"public_key"` // Ed25519, 32 bytes, base64
	Replace   bool   `json:"replace"`    // let the agent of this id have another key or site
}

// registerAgent makes an agent known. Saying the same again changes nothing.
func (s *Site) registerAgent(w http.ResponseWriter, r *http.Request) error {
	if s.opts.RegisterAgent == nil {
		return refusal{http.StatusNotImplemented, "this collector registers no agents"}
	}
	var asked registration
	if err := readJSON(w, r, &asked); err != nil {
		return err
	}
	agent, err := s.newAgent(asked)
	if err != nil {
		return err
	}
	now := s.opts.Now().UnixMilli()
	known, err := s.conflict(agent, asked.Replace)
	switch {
	case err != nil:
		return err
	case known != nil:
		return writeJSON(w, http.StatusOK, s.newAgentJSON(*known, now))
	}
	agent.RegisteredAt = now
	if err := s.opts.RegisterAgent(r.Context(), agent); err != nil {
		return fmt.Errorf("register agent %s/%s: %w", agent.Tenant, agent.ID, err)
	}
	s.opts.Log.Info("agent registered", "client", agent.Tenant, "site", agent.Site, "agent", agent.ID, "key_id", agent.KeyID)
	return writeJSON(w, http.StatusCreated, s.newAgentJSON(agent, now))
}

func (s *Site) newAgent(asked registration) (store.Agent, error) {
	key, err := base64.StdEncoding.DecodeString(asked.PublicKey)
	switch {
	case err != nil || len(key) != ed25519.PublicKeySize:
		return store.Agent{}, refusal{http.StatusBadRequest, "public_key: want an Ed25519 public key, 32 bytes in base64"}
	case !wire.ValidID(asked.ID):
		return store.Agent{}, refusal{http.StatusBadRequest, fmt.Sprintf("id %q: want 1 to 64 of a-z, 0-9 and -", asked.ID)}
	}
	c, err := s.findClient(asked.Client)
	if err != nil {
		return store.Agent{}, err
	}
	for _, site := range c.Sites {
		if site.ID == asked.Site {
			return store.Agent{
				Tenant: asked.Client, Site: asked.Site, ID: asked.ID, PublicKey: key, KeyID: wire.KeyID(key),
			}, nil
		}
	}
	return store.Agent{}, refusal{http.StatusNotFound, fmt.Sprintf("client %s has no site %q in its contract", asked.Client, asked.Site)}
}

// conflict gives the registered agent that agent is already, or refuses what would take a key
// or an id away from another.
func (s *Site) conflict(agent store.Agent, replace bool) (*store.Agent, error) {
	for _, a := range s.opts.Agents() {
		same := a.Tenant == agent.Tenant && a.ID == agent.ID
		switch {
		case same && a.KeyID == agent.KeyID && a.Site == agent.Site:
			return &a, nil
		case same && !replace:
			return nil, refusal{http.StatusConflict, fmt.Sprintf(
				"agent %s of client %s is registered with another key or site; nines agent register --replace, or \"replace\": true in the request, gives the id to the new one", a.ID, a.Tenant)}
		case !same && a.KeyID == agent.KeyID:
			return nil, refusal{http.StatusConflict, fmt.Sprintf(
				"this key belongs to agent %s of client %s; each agent makes a key of its own", a.ID, a.Tenant)}
		}
	}
	return nil, nil
}

func (s *Site) findClient(id string) (*contract.Contract, error) {
	for _, c := range s.opts.Source.Contracts() {
		if c.Client.ID == id {
			return c, nil
		}
	}
	return nil, refusal{http.StatusNotFound, fmt.Sprintf("no client %q has a contract in force", id)}
}

// readJSON reads one strict JSON document from a bounded body.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/json" {
		return refusal{http.StatusUnsupportedMediaType, "send Content-Type: application/json"}
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAgentBody))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the document")
		}
	}
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is longer than %d bytes", tooLong.Limit)}
	case err != nil:
		return refusal{http.StatusBadRequest, "body: " + err.Error()}
	}
	return nil
}
