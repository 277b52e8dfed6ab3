package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/slo"
)

// ErrNoReport is wrapped by the errors that say why there can be no such report: nobody has
// the client's id, the month is not one, has not begun, or was before the contract.
var ErrNoReport = errors.New("no report")

// Build makes the report of one month ("2026-10") of a client, with what is known at now. A
// month that is not over gives a preliminary report.
func Build(ctx context.Context, src ledger.Source, client, month string, now time.Time) (*Report, error) {
	c, err := find(src, client)
	if err != nil {
		return nil, err
	}
	p, err := monthOf(c, month, now)
	if err != nil {
		return nil, err
	}
	r := &Report{
		Schema:      Schema,
		Client:      Client{ID: c.Client.ID, Name: c.Client.Name, TimeZone: c.Client.Zone.String()},
		Month:       month,
		Period:      localPeriod(p, c.Client.Zone),
		GeneratedAt: now.UnixMilli(),
		Preliminary: now.UnixMilli() < p.End,
		Demo:        c.Demo,
		Contract:    Contract{Effective: c.Effective.String()},
		Services:    []Service{},
		zone:        c.Client.Zone,
	}
	for _, s := range c.Services {
		if err := r.addService(ctx, src, c, s, p); err != nil {
			return nil, fmt.Errorf("report %s of %s: %w", month, client, err)
		}
	}
	return r, nil
}

func find(src ledger.Source, client string) (*contract.Contract, error) {
	contracts := src.Contracts()
	ids := make([]string, 0, len(contracts))
	for _, c := range contracts {
		if c.Client.ID == client {
			return c, nil
		}
		ids = append(ids, c.Client.ID)
	}
	slices.Sort(ids)
	if len(ids) == 0 {
		return nil, fmt.Errorf("%w: client %q is not known, and no contract is in force", ErrNoReport, client)
	}
	return nil, fmt.Errorf("%w: client %q is not known: there are %s", ErrNoReport, client, strings.Join(ids, ", "))
}

func monthOf(c *contract.Contract, month string, now time.Time) (slo.Period, error) {
	zone := c.Client.Zone
	p, err := slo.ParsePeriod(slo.Month, month, zone)
	switch {
	case err != nil:
		return slo.Period{}, fmt.Errorf("%w: %w", ErrNoReport, err)
	case p.Start > now.UnixMilli():
		return slo.Period{}, fmt.Errorf("%w: %s has not begun: in %s it is %s", ErrNoReport, month, zone, now.In(zone).Format("2006-01-02"))
	case p.End <= effective(c):
		return slo.Period{}, fmt.Errorf("%w: nothing was promised in %s: the contract of %s counts from %s", ErrNoReport, month, c.Client.ID, c.Effective)
	}
	return p, nil
}

// effective is the instant (ms) from which a contract counts.
func effective(c *contract.Contract) int64 {
	d := c.Effective
	if d == (slo.Date{}) {
		return 0
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, c.Client.Zone).UnixMilli()
}

func localPeriod(p slo.Period, zone *time.Location) Period {
	local := func(ms int64) string { return time.UnixMilli(ms).In(zone).Format(time.RFC3339) }
	return Period{p.Start, p.End, local(p.Start), local(p.End)}
}

func (r *Report) addService(ctx context.Context, src ledger.Source, c *contract.Contract, s contract.Service, month slo.Period) error {
	present, err := src.Present(ctx, c.Client.ID, s.ID, r.GeneratedAt)
	if err != nil {
		return err
	}
	r.DataAsOf = max(r.DataAsOf, present.LastObservation)
	service := Service{ID: s.ID, Name: s.Name, SLOs: []SLO{}}
	for _, o := range c.SLOs {
		if o.Service != s.ID {
			continue
		}
		account, revision, err := r.account(ctx, src, c, s, o, month)
		if err != nil {
			return err
		}
		r.Contract.Revision = revision
		service.SLOs = append(service.SLOs, account)
	}
	r.Services = append(r.Services, service)
	return nil
}

// account is one SLO's month, and the revision of the contract that it was computed with.
func (r *Report) account(ctx context.Context, src ledger.Source, c *contract.Contract, s contract.Service, o contract.SLO, month slo.Period) (SLO, int, error) {
	client, now := c.Client.ID, r.GeneratedAt
	a, err := src.AnswerPeriod(ctx, client, o.ID, month, r.Month, now)
	if err != nil {
		return SLO{}, 0, err
	}
	spans, err := src.Explain(ctx, client, o.ID, month, now)
	if err != nil {
		return SLO{}, 0, err
	}
	promise, err := promiseOf(ctx, src, c, o, a, month, now)
	if err != nil {
		return SLO{}, 0, err
	}
	window := o.Window.Kind.String()
	if o.Window.Kind == slo.Rolling {
		window = promise.Label // its length says which
	}
	account := SLO{
		ID:                  o.ID,
		Objective:           a.Terms.Objective.String(),
		Window:              window,
		UnknownCountsAs:     unknownPolicies[a.Terms.Unknown],
		MaintenanceCountsAs: maintenancePolicies[a.Terms.Policy.CountsAs],
		Ledger:              ledgerOf(a.Ledger),
		Promise:             promise,
		SmallestOutage:      smallestOutage(c, s, a.Ledger.Agreed),
		Outages:             outagesOf(spans),
		TakenOut:            takenOut(spans, c, o),
		Unmeasured:          gaps(spans),
		Days:                days(spans, month, r.zone),
	}
	return account, a.Revision, nil
}

// The policies as contracts write them.
var (
	unknownPolicies     = [...]string{slo.UnknownExcluded: "excluded", slo.UnknownAsUp: "up", slo.UnknownAsDown: "down"}
	maintenancePolicies = [...]string{slo.CountsExcluded: "excluded", slo.CountsUp: "up"}
)

// promiseOf is the standing of the window that the objective is promised for. It is the month,
// or the window that holds the month's last instant, as it stood when the month ended.
func promiseOf(ctx context.Context, src ledger.Source, c *contract.Contract, o contract.SLO, a ledger.Answer, month slo.Period, now int64) (Promise, error) {
	if o.Window.Kind != slo.Month || o.Window.At(month.Start) != month {
		seen := min(now, month.End)
		at := seen
		if o.Window.Kind != slo.Rolling {
			at = min(seen, month.End-1)
		}
		var err error
		if a, err = src.Answer(ctx, c.Client.ID, o.ID, at, seen); err != nil {
			return Promise{}, err
		}
		now = seen
	}
	l := a.Ledger
	p := Promise{
		Label: a.Label, Start: l.Period.Start, End: l.Period.End,
		Closed: o.Window.Kind != slo.Rolling && now >= l.Period.End,
		Agreed: l.Agreed, Budget: l.Budget, Consumed: l.Consumed, Remaining: l.Remaining,
		Availability: Share(l.Availability), Coverage: Share(l.Coverage),
		BreachedAt: a.BreachedAt,
		Verdict:    a.State.String(),
	}
	if !o.MinCoverage.IsZero() {
		p.MinCoverage = o.MinCoverage.String()
	}
	if p.Closed {
		p.Verdict = l.Verdict(o.MinCoverage).String()
	}
	return p, nil
}

func ledgerOf(l slo.Ledger) Ledger {
	return Ledger{
		Elapsed: l.Elapsed, OutOfHours: l.OutOfHours, Maintenance: l.Maintenance, Excluded: l.Excluded,
		Up: l.Up, Down: l.Down, Unknown: l.Unknown, Good: l.Good, Bad: l.Bad,
		Availability: Share(l.Availability), Best: Share(l.Best), Worst: Share(l.Worst), Coverage: Share(l.Coverage),
	}
}

// smallestOutage is what the checks that feed a service are certain to see, in ms.
func smallestOutage(c *contract.Contract, s contract.Service, agreed int64) int64 {
	leaves := s.UpWhen.Leaves()
	var params []slo.Params
	for _, check := range c.Checks {
		if slices.Contains(leaves, check.Wire.ID) {
			params = append(params, check.Fold)
		}
	}
	return slo.ResolutionOf(agreed, params...).SmallestOutage
}
