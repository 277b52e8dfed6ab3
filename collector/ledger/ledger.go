// Package ledger asks the one question that every page, alert, report and API asks: what does
// this SLO's time come to in this period, under these terms?
//
// It joins contracts, registered agents and the timeline into an slo.Input, and leaves all
// arithmetic to slo. It keeps nothing and tells nobody.
package ledger

import (
	"context"
	"errors"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// ErrUnknown is returned for a client, service or SLO that no contract in force has.
var ErrUnknown = errors.New("no such client, service or SLO")

// Answer is what there is to say of one SLO in one period, as of Now.
type Answer struct {
	Client  contract.Client
	Service contract.Service
	SLO     contract.SLO
	Demo    bool

	Label      string // of the period: "2026-10", "rolling 28d to 2026-11-23"
	Now        int64  // ms
	Ledger     slo.Ledger
	State      slo.BudgetState
	BreachedAt int64 // ms; 0: not breached
	Terms      slo.Terms
	Revision   int // of the contract these are the terms of; 0: not kept yet
}

// Present is what is known of a service right now.
type Present struct {
	State           slo.State
	Since           int64       // ms; 0: never observed
	Reason          wire.Reason // of the first check that is not up, when the service is not
	Cause           string      // that check; empty when the service is up or was never observed
	Unserved        []string    // sites of the service's checks that no agent is assigned to
	LastObservation int64       // ms; 0: none
	InMaintenance   bool
}

// Source answers. All methods are safe for concurrent use.
type Source interface {
	// Contracts gives the contracts in force, by client id.
	Contracts() []*contract.Contract
	// Answer evaluates one SLO over the period of its own window that holds the instant at,
	// as seen at now. ErrUnknown when there is no such thing.
	Answer(ctx context.Context, client, sloID string, at, now int64) (Answer, error)
	// AnswerPeriod evaluates one SLO over any period, with its terms.
	AnswerPeriod(ctx context.Context, client, sloID string, p slo.Period, label string, now int64) (Answer, error)
	// Present tells where a service stands at now.
	Present(ctx context.Context, client, service string, now int64) (Present, error)
	// Explain gives the classes of an SLO's period in order; they sum to the elapsed time.
	Explain(ctx context.Context, client, sloID string, p slo.Period, now int64) ([]slo.ClassSpan, error)
}
