// Package ledgertest gives tests a real ledger over observations that they make up: contracts
// are parsed, observations are folded, and ledger.Book answers. Only tests import it.
package ledgertest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// Agent is the one agent of every site.
const Agent = "agent-1"

// World is some contracts and what was observed. It is safe for concurrent use.
type World struct {
	mu           sync.Mutex
	contracts    []*contract.Contract
	observations map[store.Series][]slo.Observation
	spans        map[store.Series][]slo.Span // folded so far
}

// New makes a world in which nothing was observed, of contracts in TOML.
func New(t testing.TB, documents ...string) *World {
	t.Helper()
	w := &World{observations: make(map[store.Series][]slo.Observation), spans: make(map[store.Series][]slo.Span)}
	for _, document := range documents {
		w.Agree(t, document)
	}
	return w
}

// Agree puts a contract in force, in the place of the client's earlier one.
func (w *World) Agree(t testing.TB, document string) *contract.Contract {
	t.Helper()
	c, err := contract.Parse("test.toml", []byte(document))
	if err != nil {
		t.Fatalf("ledgertest: %v", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.contracts = slices.DeleteFunc(w.contracts, func(old *contract.Contract) bool { return old.Client.ID == c.Client.ID })
	w.contracts = append(w.contracts, c)
	clear(w.spans)
	return c
}

// Observe makes one observation each interval of the check, from from until before to.
func (w *World) Observe(client, check string, from, to time.Time, reason wire.Reason) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := store.Series{Tenant: client, Check: check, Agent: Agent}
	states := map[wire.Status]slo.State{wire.Up: slo.Up, wire.Down: slo.Down}
	interval := w.params(s).Interval
	for at := from.UnixMilli(); at < to.UnixMilli(); at += interval {
		w.observations[s] = append(w.observations[s], slo.Observation{T: at, State: states[reason.Status()], Reason: slo.Reason(reason)})
	}
	delete(w.spans, s)
}

// Forget takes what a check observed in [from, to) back.
func (w *World) Forget(client, check string, from, to time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := store.Series{Tenant: client, Check: check, Agent: Agent}
	w.observations[s] = slices.DeleteFunc(w.observations[s], func(o slo.Observation) bool {
		return o.T >= from.UnixMilli() && o.T < to.UnixMilli()
	})
	delete(w.spans, s)
}

// Source is the ledger of this world.
func (w *World) Source() *ledger.Book {
	return &ledger.Book{
		InForce: func() []*contract.Contract {
			w.mu.Lock()
			defer w.mu.Unlock()
			return slices.Clone(w.contracts)
		},
		AgentsOf: func(string, string) []store.Assignment { return []store.Assignment{{Agent: Agent}} },
		Revision: func(string) int { return 1 },
		Timeline: w,
	}
}

// Spans implements ledger.Timeline.
func (w *World) Spans(_ context.Context, s store.Series, from, to int64) ([]slo.Span, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.spans[s]; !ok {
		w.spans[s] = slo.Fold(w.params(s), w.observations[s])
	}
	var overlap []slo.Span
	for _, span := range w.spans[s] {
		if span.Start < to && span.End > from {
			overlap = append(overlap, span)
		}
	}
	return overlap, nil
}

// Last implements ledger.Timeline.
func (w *World) Last(s store.Series) (wire.Result, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var last slo.Observation
	for _, o := range w.observations[s] {
		if o.T > last.T {
			last = o
		}
	}
	return wire.Result{T: last.T, Reason: wire.Reason(last.Reason)}, last.T != 0
}

// params are those of the check in the contract, or one a minute when it has no such check.
func (w *World) params(s store.Series) slo.Params {
	for _, c := range w.contracts {
		for _, check := range c.Checks {
			if c.Client.ID == s.Tenant && check.Wire.ID == s.Check {
				return check.Fold
			}
		}
	}
	return slo.Params{Interval: time.Minute.Milliseconds()}
}
