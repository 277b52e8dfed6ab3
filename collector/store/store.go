// Package store keeps what the collector knows: agents, contracts, observations and what is
// derived from them, the state of each SLO, and what has yet to be told to someone.
//
// It knows nothing of HTTP, of pages or of the arithmetic. Every key begins with the tenant.
// Engines implement Store and pass storetest; SQL lives in one package per engine.
package store

import (
	"context"
	"errors"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// ErrNotFound is returned where something is asked for by its key and is not there.
var ErrNotFound = errors.New("not found")

// Agent is a registered agent. Tenant and site follow from its key alone.
type Agent struct {
	Tenant, Site, ID string
	KeyID            string // wire.KeyID of PublicKey; unique
	PublicKey        []byte // Ed25519
	RegisteredAt     int64  // ms
	RevokedAt        int64  // ms; 0: not revoked
	LastContact      int64  // ms; 0: never
	Version          string // as it last said
	Fault            string // why someone must look at it; empty: nothing
}

// Assignment says that an agent reported for a site in [Since, Until) ms; Until 0: it still does.
type Assignment struct {
	Tenant, Agent, Site string
	Since, Until        int64
}

// Series is one check run by one agent.
type Series struct {
	Tenant, Check, Agent string
}

// Chunk holds the observations of one series in one UTC hour, at least one, in order of time,
// and the fold's carry at the hour's end.
type Chunk struct {
	Series
	Hour         int64 // ms, start of the hour
	Observations []wire.Result
	Carry        []byte // opaque: the timeline's
}

// Fold is what has changed of one series: Spans replace all stored ones that start in
// [From, Until), Chunks those of the same hours.
type Fold struct {
	Series
	From, Until int64 // ms; From == Until: no span has changed
	Spans       []slo.Span
	Chunks      []Chunk
}

// Quarantined counts results that were taken but set aside, and says why. Nothing is ever made
// of them.
type Quarantined struct {
	Tenant, Agent string
	Epoch, Seq    uint64 // of their batch
	Check         string // empty: the whole batch
	Count         int    // results
	Reason        string
	At            int64 // ms
}

// Revision is an accepted contract.
type Revision struct {
	Tenant     string
	Number     int    // 1, 2, ... per tenant
	AcceptedAt int64  // ms
	File       string // where it came from, for a person
	Text       []byte // the TOML document
}

// Always is the period of the state of an SLO with a rolling window: from the Unix epoch to
// the end of the year 9999, in ms.
var Always = slo.Period{Start: 0, End: 253_402_300_800_000}

// SLOState is where one SLO stands in one period. Its key is tenant, SLO and period; an SLO
// with a rolling window has one row only, with the period Always.
type SLOState struct {
	Tenant, SLO string
	Period      slo.Period
	State       slo.BudgetState
	Since       int64 // ms, when the state was taken on
	BreachedAt  int64 // ms; 0: not breached
}

// Transition is one change of an SLO's state, kept for ever.
type Transition struct {
	Tenant, SLO string
	Period      slo.Period
	At          int64 // ms, when it was noticed
	From, To    slo.BudgetState
	BreachedAt  int64  // ms, the moment in the data; 0 when To is not breached
	Note        string // for a person: "breach", "correction", ...
}

// Message is something to be told to someone: a row of the outbox.
type Message struct {
	ID        int64 // given by the store
	Tenant    string
	Key       string // natural key: a second message of the tenant with the same key is not kept
	Kind      string // "breach", "correction", "report"
	To        []string
	Subject   string
	Text      string
	HTML      string
	Files     []File
	CreatedAt int64 // ms

	Attempts    int
	NextAttempt int64  // ms
	SentAt      int64  // ms; 0: not yet
	GivenUpAt   int64  // ms; 0: not given up; never set together with SentAt
	LastError   string // of the last attempt
}

// File is an attachment.
type File struct {
	Name, Type string
	Data       []byte
}

// Report records that a month's report was made.
type Report struct {
	Tenant string
	Month  string // "2026-10"
	MadeAt int64  // ms
	JSON   []byte
	HTML   []byte
}

// Store is the collector's durable memory. All methods are safe for concurrent use; each is
// one transaction.
type Store interface {
	// PutAgent registers an agent, assigned to its site from at (ms) on, or replaces it by
	// (Tenant, ID): another site than before ends the assignment to that one. Another agent with the
	// same KeyID is an error.
	PutAgent(ctx context.Context, a Agent, at int64) error
	// Agents lists all agents of all tenants, by tenant and id.
	Agents(ctx context.Context) ([]Agent, error)
	// RevokeAgent ends an agent's assignment at at (ms) and marks it revoked. ErrNotFound when
	// there is no such agent, or it is revoked already.
	RevokeAgent(ctx context.Context, tenant, id string, at int64) error
	// Assignments lists what all agents were ever assigned to, by tenant, agent and time.
	Assignments(ctx context.Context) ([]Assignment, error)
	// TouchAgents records last contacts (ms by key id) and versions; unknown keys are passed over.
	TouchAgents(ctx context.Context, seen []Agent) error
	// FlagAgent records why someone must look at an agent; an empty fault takes the flag back.
	// ErrNotFound when there is no such agent.
	FlagAgent(ctx context.Context, tenant, id, fault string) error

	// PutQuarantine records what was set aside; a row that is there already, by all but its
	// count and time, stands.
	PutQuarantine(ctx context.Context, q []Quarantined) error
	// Quarantine gives what of a tenant's was set aside, newest first, at most limit.
	Quarantine(ctx context.Context, tenant string, limit int) ([]Quarantined, error)

	// AddRevision keeps a contract if its text differs from the tenant's latest, and returns the latest.
	AddRevision(ctx context.Context, r Revision) (Revision, error)
	// LatestRevisions gives each tenant's latest contract.
	LatestRevisions(ctx context.Context) ([]Revision, error)

	// PutFolds stores what the journal up to a position has become, and that it was applied.
	PutFolds(ctx context.Context, applied journal.Position, folds []Fold) error
	// Applied is the position given to the last PutFolds; 0 when there was none.
	Applied(ctx context.Context) (journal.Position, error)
	// Spans gives a series' spans that overlap [from, to), in order.
	Spans(ctx context.Context, s Series, from, to int64) ([]slo.Span, error)
	// Chunks gives a series' chunks whose hour starts in [from, to), in order.
	Chunks(ctx context.Context, s Series, from, to int64) ([]Chunk, error)
	// ChunkBefore gives a series' newest chunk whose hour starts before an instant, or ErrNotFound.
	ChunkBefore(ctx context.Context, s Series, before int64) (Chunk, error)
	// LatestChunks gives the newest chunk of every series.
	LatestChunks(ctx context.Context) ([]Chunk, error)

	// SLOStates gives the latest state of every SLO and period that overlaps [from, to).
	SLOStates(ctx context.Context, from, to int64) ([]SLOState, error)
	// PutSLOState records a state, its transition and what is to be told of it, or nothing at all.
	PutSLOState(ctx context.Context, s SLOState, t Transition, m []Message) error
	// Transitions gives a tenant's transitions noticed in [from, to), newest first, at most limit.
	Transitions(ctx context.Context, tenant string, from, to int64, limit int) ([]Transition, error)

	// PutReport records a report and what is to be mailed, or nothing at all.
	PutReport(ctx context.Context, r Report, m []Message) error
	// Report gives the record of a month's report, or ErrNotFound.
	Report(ctx context.Context, tenant, month string) (Report, error)

	// DueMessages gives messages neither sent nor given up whose NextAttempt is not after
	// now, those that have been due for longest first.
	DueMessages(ctx context.Context, now int64, limit int) ([]Message, error)
	// MessageSent, MessageFailed and MessageGivenUp record the end of an attempt, and count it.
	MessageSent(ctx context.Context, id, at int64) error
	MessageFailed(ctx context.Context, id int64, next int64, reason string) error
	MessageGivenUp(ctx context.Context, id, at int64, reason string) error
	// UnsentMessages counts what waits in the outbox: neither sent nor given up.
	UnsentMessages(ctx context.Context) (int, error)
	// GivenUpMessages gives the messages that nobody will try again, newest first, at most
	// limit, without their HTML and files.
	GivenUpMessages(ctx context.Context, limit int) ([]Message, error)
}
