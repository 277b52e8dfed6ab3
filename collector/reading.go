package collector

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/collector/notify"
	"github.com/nines-monitor/nines/collector/report"
	"github.com/nines-monitor/nines/collector/sqlite"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/collector/timeline"
	"github.com/nines-monitor/nines/slo"
)

// Reading answers from a collector's state as it was when it was opened, whether or not the
// collector runs. It changes nothing.
type Reading struct {
	db        *sqlite.DB
	contracts map[string]*contract.Contract
	source    *ledger.Book
	mail      notify.MailConfig
}

// OpenReading opens the state of the collector with a configuration.
func OpenReading(ctx context.Context, cfg Config, log *slog.Logger) (_ *Reading, err error) {
	r := &Reading{contracts: map[string]*contract.Contract{}, mail: cfg.Mail}
	if r.db, err = sqlite.OpenSnapshot(ctx, cfg.State); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = r.db.Close() // the first error is the one to tell
		}
	}()
	numbers, err := r.readContracts(ctx)
	if err != nil {
		return nil, err
	}
	assignments, err := r.db.Assignments(ctx)
	if err != nil {
		return nil, err
	}
	line, err := timeline.Open(ctx, timeline.Options{Store: r.db, Journal: r.db, Params: r.params, Log: log})
	if err != nil {
		return nil, err
	}
	r.source = &ledger.Book{
		InForce: r.inForce,
		AgentsOf: func(tenant, site string) []store.Assignment {
			return slices.DeleteFunc(slices.Clone(assignments), func(a store.Assignment) bool { return a.Tenant != tenant || a.Site != site })
		},
		Revision: func(tenant string) int { return numbers[tenant] },
		Timeline: line,
	}
	return r, nil
}

func (r *Reading) readContracts(ctx context.Context) (map[string]int, error) {
	latest, err := r.db.LatestRevisions(ctx)
	if err != nil {
		return nil, err
	}
	numbers := make(map[string]int, len(latest))
	for _, rev := range latest {
		c, err := contract.Parse(rev.File, rev.Text)
		if err != nil {
			return nil, fmt.Errorf("the stored contract of %s, revision %d: %w", rev.Tenant, rev.Number, err)
		}
		r.contracts[rev.Tenant], numbers[rev.Tenant] = c, rev.Number
	}
	return numbers, nil
}

func (r *Reading) inForce() []*contract.Contract {
	all := make([]*contract.Contract, 0, len(r.contracts))
	for _, c := range r.contracts {
		all = append(all, c)
	}
	return all
}

func (r *Reading) params(s store.Series) slo.Params {
	if c, ok := r.contracts[s.Tenant]; ok {
		return foldParams(c, s.Check)
	}
	return slo.Params{}
}

// Report makes a client's report of a month ("2026-10"), as of now.
func (r *Reading) Report(ctx context.Context, client, month string, now time.Time) (*report.Report, error) {
	return report.Build(ctx, r.source, client, month, now)
}

// Mail sends a report to those whom the client's contract names, at once, and gives their
// addresses. It stops at the first that the mail server does not take.
func (r *Reading) Mail(ctx context.Context, made *report.Report) ([]string, error) {
	if !r.mail.Configured() {
		return nil, fmt.Errorf("mail the report: no mail server is configured: set [mail] in collector.toml")
	}
	smtp, err := notify.NewSMTP(r.mail)
	if err != nil {
		return nil, err
	}
	messages, err := made.Messages(r.contracts[made.Client.ID])
	if err != nil {
		return nil, err
	}
	if len(messages) == 0 {
		return nil, fmt.Errorf("mail the report: the contract of %s names nobody: set report.to, or let a contact get \"report\"", made.Client.ID)
	}
	var sent []string
	for _, m := range messages {
		if err := smtp.Send(ctx, m); err != nil {
			return sent, fmt.Errorf("mail the report to %v: %w", m.To, err)
		}
		sent = append(sent, m.To...)
	}
	return sent, nil
}

// Close gives the state back.
func (r *Reading) Close() error { return r.db.Close() }

// foldParams are the terms by which a check is folded; the zero value where the contract does
// not have it.
func foldParams(c *contract.Contract, check string) slo.Params {
	for _, each := range c.Checks {
		if each.Wire.ID == check {
			return each.Fold
		}
	}
	return slo.Params{}
}
