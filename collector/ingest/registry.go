package ingest

import (
	"context"

	"github.com/nines-monitor/nines/collector/store"
)

// Registry knows the registered agents, and when each was last heard. All methods are safe
// for concurrent use.
type Registry struct{}

// OpenRegistry reads the agents from the store.
func OpenRegistry(ctx context.Context, s store.Store) (*Registry, error) { panic("to be written") }

// Register adds an agent, or replaces it by (Tenant, ID); KeyID follows from PublicKey.
func (r *Registry) Register(ctx context.Context, a store.Agent) error { panic("to be written") }

// Agents lists all agents by tenant and id, with their last contact as of now.
func (r *Registry) Agents() []store.Agent { panic("to be written") }

// Lookup finds an agent by the id of its key.
func (r *Registry) Lookup(keyID string) (store.Agent, bool) { panic("to be written") }

// Run stores last contacts every few seconds until ctx ends, and then once more.
func (r *Registry) Run(ctx context.Context) { panic("to be written") }
