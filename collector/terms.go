package collector

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// revisions is what terms needs of the store.
type revisions interface {
	AddRevision(ctx context.Context, r store.Revision) (store.Revision, error)
	LatestRevisions(ctx context.Context) ([]store.Revision, error)
}

// terms are the contracts in force: the watched directory, and what was accepted from it as
// revisions in the store.
type terms struct {
	book  *contract.Book
	store revisions
	log   *slog.Logger

	mu      sync.Mutex
	numbers map[string]int // of the revision in force, by client
	told    []string       // the problems that were logged last
}

// openTerms opens the directory of contracts, made if missing. What was accepted last holds
// until a file says otherwise.
func openTerms(ctx context.Context, dir string, s revisions, log *slog.Logger) (*terms, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the directory of contracts: %w: set clients in collector.toml", err)
	}
	t := &terms{store: s, log: log, numbers: map[string]int{}}
	latest, err := s.LatestRevisions(ctx)
	if err != nil {
		return nil, err
	}
	var accepted []contract.Source
	for _, r := range latest {
		accepted = append(accepted, contract.Source{File: r.File, Text: r.Text})
		t.numbers[r.Tenant] = r.Number
	}
	t.book, err = contract.OpenBook(contract.Options{Dir: dir, Accepted: accepted, OnChange: t.keep})
	if err != nil {
		return nil, err
	}
	return t, t.tick(ctx, time.Now())
}

// keep makes an accepted contract a revision before it comes into force.
func (t *terms) keep(ctx context.Context, c contract.Change) error {
	if c.Contract == nil {
		t.log.Info("client retired: its contract's file is gone", "client", c.Client)
		return nil
	}
	source := c.Contract.Source
	r, err := t.store.AddRevision(ctx, store.Revision{Tenant: c.Client, AcceptedAt: c.At.UnixMilli(), File: source.File, Text: source.Text})
	if err != nil {
		return fmt.Errorf("keep the contract as a revision: %w", err)
	}
	t.mu.Lock()
	t.numbers[c.Client] = r.Number
	t.mu.Unlock()
	t.log.Info("contract in force", "client", c.Client, "file", source.File, "revision", r.Number)
	return nil
}

// tick reads what has changed in the directory. A problem is logged when it appears, and once
// more when the last of them is gone.
func (t *terms) tick(ctx context.Context, now time.Time) error {
	if !t.book.Tick(ctx, now) {
		return nil
	}
	problems := t.problems()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range problems {
		if !slices.Contains(t.told, p) {
			t.log.Warn("a contract's file is not in force as it is", "problem", p)
		}
	}
	if len(problems) == 0 && len(t.told) > 0 {
		t.log.Info("nothing is wrong with the contracts' files any more")
	}
	t.told = problems
	return nil
}

func (t *terms) inForce() []*contract.Contract { return t.book.Contracts() }

func (t *terms) problems() []string {
	var lines []string
	for _, p := range t.book.Problems() {
		lines = append(lines, p.String())
	}
	return lines
}

// revision is the number of the client's contract in force.
func (t *terms) revision(client string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.numbers[client]
}

// params are the terms by which a series is folded; the zero value where no contract has it.
func (t *terms) params(s store.Series) slo.Params {
	c, ok := t.book.Contract(s.Tenant)
	if !ok {
		return slo.Params{}
	}
	return foldParams(c, s.Check)
}

// agentConfig is what the agents of a site are told; false when no contract has the site.
func (t *terms) agentConfig(tenant, site string) (wire.Config, bool) {
	c, ok := t.book.Contract(tenant)
	if !ok {
		return wire.Config{}, false
	}
	for _, s := range c.Sites {
		if s.ID == site {
			return contract.AgentConfig(c, site), true
		}
	}
	return wire.Config{}, false
}
