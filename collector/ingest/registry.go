package ingest

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
)

const (
	registryTick = 5 * time.Second
	lastWordTime = 10 * time.Second // for storing last contacts at the end
)

// Registry knows the registered agents, and when each was last heard, in memory: to look an
// agent up costs no disk I/O. All methods are safe for concurrent use.
type Registry struct {
	store store.Store
	log   *slog.Logger

	writing sync.Mutex // one change or refresh at a time
	failing bool       // the last Tick has failed; guarded by writing

	mu     sync.RWMutex
	agents map[string]*store.Agent // by key id
	heard  map[string]bool         // key ids whose last contact is not stored yet

	assigned map[place][]store.Assignment // guarded by mu
}

// OpenRegistry reads the agents from the store.
func OpenRegistry(ctx context.Context, s store.Store, log *slog.Logger) (*Registry, error) {
	r := &Registry{store: s, log: log, agents: map[string]*store.Agent{}, heard: map[string]bool{}}
	return r, r.refresh(ctx)
}

// Register adds an agent, or replaces it by (Tenant, ID). KeyID follows from PublicKey. An
// agent that is replaced keeps when it was registered, and with the same key also when it was
// last heard.
// It can ship as soon as Register has returned.
func (r *Registry) Register(ctx context.Context, a store.Agent) error {
	if err := validate(a); err != nil {
		return fmt.Errorf("register agent: %w", err)
	}
	a.KeyID = wire.KeyID(a.PublicKey)
	at := a.RegisteredAt
	r.writing.Lock()
	defer r.writing.Unlock()
	for _, known := range r.Agents() {
		switch {
		case known.Tenant != a.Tenant || known.ID != a.ID:
		case known.KeyID == a.KeyID:
			known.Site = a.Site
			a = known
		default: // it is the same agent with another key
			a.RegisteredAt = known.RegisteredAt
		}
	}
	if err := r.store.PutAgent(ctx, a, at); err != nil {
		return err
	}
	return r.refresh(ctx)
}

// Revoke ends an agent: from now on its key is refused, and its site counts without it. What
// it has observed stays. store.ErrNotFound when there is no such agent.
func (r *Registry) Revoke(ctx context.Context, tenant, id string, at int64) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	if err := r.store.RevokeAgent(ctx, tenant, id, at); err != nil {
		return err
	}
	return r.refresh(ctx)
}

// Assignments lists what a site's agents were ever assigned to it for.
func (r *Registry) Assignments(tenant, site string) []store.Assignment {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clone(r.assigned[place{tenant, site}])
}

// place is a site of a tenant.
type place struct{ tenant, site string }

func validate(a store.Agent) error {
	for _, id := range []struct{ name, value string }{{"client", a.Tenant}, {"site", a.Site}, {"agent", a.ID}} {
		if !wire.ValidID(id.value) {
			return fmt.Errorf("%s id %q: want 1 to 64 of a-z, 0-9 and -", id.name, id.value)
		}
	}
	if len(a.PublicKey) != ed25519.PublicKeySize {
		return fmt.Errorf("public key of %d bytes: want the %d of Ed25519, as nines-agent key prints them", len(a.PublicKey), ed25519.PublicKeySize)
	}
	return nil
}

// Agents lists all agents that are not revoked by tenant and id, with their last contact as of now.
func (r *Registry) Agents() []store.Agent {
	r.mu.RLock()
	defer r.mu.RUnlock()
	all := make([]store.Agent, 0, len(r.agents))
	for _, a := range r.agents {
		all = append(all, *a)
	}
	slices.SortFunc(all, func(a, b store.Agent) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// Lookup finds an agent by the id of its key.
func (r *Registry) Lookup(keyID string) (store.Agent, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	a, ok := r.agents[keyID]
	if !ok {
		return store.Agent{}, false
	}
	return *a, true
}

// hear notes a contact.
func (r *Registry) hear(keyID, version string, at int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a, ok := r.agents[keyID]; ok {
		a.LastContact, a.Version = max(a.LastContact, at), version
		r.heard[keyID] = true
	}
}

// flag records why someone must look at an agent.
func (r *Registry) flag(ctx context.Context, a store.Agent, fault string) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	if err := r.store.FlagAgent(ctx, a.Tenant, a.ID, fault); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.agents[a.KeyID]; ok {
		known.Fault = fault
	}
	return nil
}

// Run stores last contacts every few seconds until ctx ends, and then once more.
func (r *Registry) Run(ctx context.Context) {
	ticker := time.NewTicker(registryTick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			r.Tick(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWordTime)
			defer cancel()
			r.Tick(last)
			return
		}
	}
}

// Tick stores last contacts and takes in what has changed in the store. What fails is logged
// and tried again by the next one.
func (r *Registry) Tick(ctx context.Context) {
	r.writing.Lock()
	defer r.writing.Unlock()
	err := r.touch(ctx)
	if err == nil {
		err = r.refresh(ctx)
	}
	if failed := err != nil && ctx.Err() == nil; failed != r.failing {
		r.failing = failed
		if failed {
			r.log.Error("last contacts of agents cannot be stored; it is tried again every few seconds", "error", err)
		} else {
			r.log.Info("last contacts of agents can be stored again")
		}
	}
}

// touch stores the last contacts that are not.
func (r *Registry) touch(ctx context.Context) error {
	r.mu.Lock()
	heard := r.heard
	r.heard = map[string]bool{}
	seen := make([]store.Agent, 0, len(heard))
	for keyID := range heard {
		if a, ok := r.agents[keyID]; ok {
			seen = append(seen, *a)
		}
	}
	r.mu.Unlock()
	if len(seen) == 0 {
		return nil
	}
	err := r.store.TouchAgents(ctx, seen)
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		for keyID := range heard {
			r.heard[keyID] = true
		}
	}
	return err
}

// refresh takes the agents from the store; what was heard since stays.
func (r *Registry) refresh(ctx context.Context) error {
	stored, err := r.store.Agents(ctx)
	if err != nil {
		return err
	}
	assignments, err := r.store.Assignments(ctx)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	agents := make(map[string]*store.Agent, len(stored))
	for _, a := range stored {
		if a.RevokedAt != 0 {
			continue
		}
		if known, ok := r.agents[a.KeyID]; ok && known.LastContact > a.LastContact {
			a.LastContact, a.Version = known.LastContact, known.Version
		}
		agents[a.KeyID] = &a
	}
	r.agents = agents
	r.assigned = make(map[place][]store.Assignment)
	for _, a := range assignments {
		at := place{a.Tenant, a.Site}
		r.assigned[at] = append(r.assigned[at], a)
	}
	return nil
}
