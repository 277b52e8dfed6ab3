package report

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/slo"
)

// LatestAfter is how long a report waits, from the moment that the contract names, for data
// that has not arrived.
const LatestAfter = 72 * time.Hour

// mostMonths is how far back reports that were missed are made.
const mostMonths = 3

// Store is the part of store.Store that the scheduler needs.
type Store interface {
	Agents(ctx context.Context) ([]store.Agent, error)
	Report(ctx context.Context, tenant, month string) (store.Report, error)
	PutReport(ctx context.Context, r store.Report, m []store.Message) error
}

// Scheduler makes each client's report of the month before, once, when its contract says so.
// Tick is not to be called concurrently.
type Scheduler struct {
	source ledger.Source
	store  Store
	log    *slog.Logger
	done   map[string]bool // tenant and month: made, or nothing to make
}

// Options are what a Scheduler needs.
type Options struct {
	Source ledger.Source
	Store  Store
	Log    *slog.Logger
}

// NewScheduler makes a scheduler. What it has done is in the store alone.
func NewScheduler(o Options) *Scheduler {
	return &Scheduler{source: o.Source, store: o.Store, log: o.Log, done: make(map[string]bool)}
}

// Tick makes the reports that are due at now and puts their mails into the outbox. It looks
// back three months for reports that were missed. A client that fails does not keep the
// others from theirs.
//
// A report of made-up data is made and kept, and mailed to nobody. Of a month without any
// measurement there is none.
func (s *Scheduler) Tick(ctx context.Context, now time.Time) error {
	var problems []error
	for _, c := range s.source.Contracts() {
		if c.Report == nil {
			continue
		}
		for _, month := range pastMonths(c, now) {
			if err := s.consider(ctx, c, month, now); err != nil {
				problems = append(problems, err)
				break
			}
		}
	}
	return errors.Join(problems...)
}

// pastMonths are those for which a report may be due, oldest first.
func pastMonths(c *contract.Contract, now time.Time) []slo.Period {
	window := slo.Window{Kind: slo.Month, Zone: c.Client.Zone}
	from := effective(c)
	var months []slo.Period
	for p := window.Previous(window.At(now.UnixMilli())); len(months) < mostMonths && p.End > from; p = window.Previous(p) {
		months = append([]slo.Period{p}, months...)
	}
	return months
}

// dueAt is the moment that the contract names for the report of a month.
func dueAt(c *contract.Contract, month slo.Period) time.Time {
	year, next, _ := time.UnixMilli(month.End).In(c.Client.Zone).Date()
	clock := c.Report.Clock
	return time.Date(year, next, c.Report.Day, int(clock.Hours()), int(clock.Minutes())%60, int(clock.Seconds())%60, 0, c.Client.Zone)
}

func (s *Scheduler) consider(ctx context.Context, c *contract.Contract, month slo.Period, now time.Time) error {
	due := dueAt(c, month)
	label := time.UnixMilli(month.Start).In(c.Client.Zone).Format("2006-01")
	key := c.Client.ID + "/" + label
	if now.Before(due) || s.done[key] {
		return nil
	}
	switch _, err := s.store.Report(ctx, c.Client.ID, label); {
	case err == nil:
		s.done[key] = true
		return nil
	case !errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("look for the report %s: %w", key, err)
	}
	late := !now.Before(due.Add(LatestAfter))
	complete, err := s.dataIsIn(ctx, c, month, now)
	if err != nil {
		return fmt.Errorf("report %s: %w", key, err)
	}
	if !complete && !late {
		return nil
	}
	made, err := s.send(ctx, c, label, now)
	if err != nil {
		return fmt.Errorf("report %s: %w", key, err)
	}
	s.done[key] = made || late
	return nil
}

// dataIsIn reports whether every agent that ever spoke has spoken since the month's end, and
// every service that was ever observed has been observed since.
func (s *Scheduler) dataIsIn(ctx context.Context, c *contract.Contract, month slo.Period, now time.Time) (bool, error) {
	agents, err := s.store.Agents(ctx)
	if err != nil {
		return false, err
	}
	for _, a := range agents {
		if a.Tenant == c.Client.ID && a.RevokedAt == 0 && a.LastContact != 0 && a.LastContact < month.End {
			return false, nil
		}
	}
	for _, service := range c.Services {
		present, err := s.source.Present(ctx, c.Client.ID, service.ID, now.UnixMilli())
		if err != nil {
			return false, err
		}
		if last := present.LastObservation; last != 0 && last < month.End {
			return false, nil
		}
	}
	return true, nil
}

// send makes the report and its mails in one transaction, unless the month holds no data.
func (s *Scheduler) send(ctx context.Context, c *contract.Contract, month string, now time.Time) (made bool, err error) {
	r, err := Build(ctx, s.source, c.Client.ID, month, now)
	if err != nil {
		return false, err
	}
	if !r.measured() {
		return false, nil
	}
	record := store.Report{Tenant: c.Client.ID, Month: month, MadeAt: now.UnixMilli()}
	if record.HTML, err = r.HTML(); err != nil {
		return false, err
	}
	if record.JSON, err = r.JSON(); err != nil {
		return false, err
	}
	var messages []store.Message
	if !c.Demo {
		if messages, err = r.Messages(c); err != nil {
			return false, err
		}
	}
	if err := s.store.PutReport(ctx, record, messages); err != nil {
		return false, err
	}
	s.log.Info("report made", "client", c.Client.ID, "month", month, "mails", len(messages))
	return true, nil
}

// measured reports whether anything of the month was.
func (r *Report) measured() bool {
	for _, s := range r.Services {
		for _, o := range s.SLOs {
			if o.Ledger.Up+o.Ledger.Down > 0 {
				return true
			}
		}
	}
	return false
}
