package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// Timeline is what a Book reads of the observations.
type Timeline interface {
	Spans(ctx context.Context, s store.Series, from, to int64) ([]slo.Span, error)
	Last(s store.Series) (wire.Result, bool)
}

// Book is the Source over a timeline. Its fields are set once, before use.
type Book struct {
	InForce  func() []*contract.Contract
	AgentsOf func(tenant, site string) []store.Assignment // whom a site ever had, and when
	Revision func(tenant string) int                      // of the contract in force; 0: not kept yet
	Timeline Timeline
}

var _ Source = (*Book)(nil)

// Contracts implements Source.
func (b *Book) Contracts() []*contract.Contract {
	all := slices.Clone(b.InForce())
	slices.SortFunc(all, func(x, y *contract.Contract) int { return cmp.Compare(x.Client.ID, y.Client.ID) })
	return all
}

// label is what a window's period is called on a page.
func label(w slo.Window, p slo.Period) string {
	if w.Kind != slo.Rolling {
		return w.Label(p.Start)
	}
	if days := w.Length / (24 * time.Hour); days > 0 && w.Length%(24*time.Hour) == 0 {
		return fmt.Sprintf("rolling %dd", days)
	}
	return "rolling " + w.Length.String()
}

// Answer implements Source.
func (b *Book) Answer(ctx context.Context, client, sloID string, at, now int64) (Answer, error) {
	c, s, err := b.find(client, sloID)
	if err != nil {
		return Answer{}, err
	}
	p := s.Window.At(at)
	return b.answer(ctx, c, s, p, label(s.Window, p), now)
}

// AnswerPeriod implements Source.
func (b *Book) AnswerPeriod(ctx context.Context, client, sloID string, p slo.Period, label string, now int64) (Answer, error) {
	c, s, err := b.find(client, sloID)
	if err != nil {
		return Answer{}, err
	}
	return b.answer(ctx, c, s, p, label, now)
}

func (b *Book) answer(ctx context.Context, c *contract.Contract, s contract.SLO, p slo.Period, label string, now int64) (Answer, error) {
	in, service, err := b.question(ctx, c, s, p, now)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{
		Client: c.Client, Service: service, SLO: s, Demo: c.Demo,
		Label: label, Now: now, Terms: s.Terms, Revision: b.Revision(c.Client.ID),
	}
	if err := a.evaluate(in); err != nil {
		return Answer{}, fmt.Errorf("SLO %s of %s: %w", s.ID, c.Client.ID, err)
	}
	return a, nil
}

// evaluate lays out the terms once and asks three things of them.
func (a *Answer) evaluate(in slo.Input) error {
	table, err := slo.NewTimetable(in.Terms, in.Period)
	if err != nil {
		return err
	}
	if a.Ledger, err = table.Ledger(in.Now, in.Service, in.Series); err != nil {
		return err
	}
	if a.State, err = table.Status(a.Ledger, in.Now, in.Service, in.Series); err != nil {
		return err
	}
	if a.State == slo.Breached {
		a.BreachedAt, _, err = table.BreachedAt(in.Now, in.Service, in.Series)
	}
	return err
}

// Explain implements Source.
func (b *Book) Explain(ctx context.Context, client, sloID string, p slo.Period, now int64) ([]slo.ClassSpan, error) {
	c, s, err := b.find(client, sloID)
	if err != nil {
		return nil, err
	}
	in, _, err := b.question(ctx, c, s, p, now)
	if err != nil {
		return nil, err
	}
	spans, err := slo.Explain(in)
	return withoutUnassigned(spans), err
}

// question gathers what slo needs to judge an SLO.
func (b *Book) question(ctx context.Context, c *contract.Contract, s contract.SLO, p slo.Period, now int64) (slo.Input, contract.Service, error) {
	service, ok := serviceOf(c, s.Service)
	if !ok {
		return slo.Input{}, service, fmt.Errorf("service %s of SLO %s: %w", s.Service, s.ID, ErrUnknown)
	}
	in, err := b.input(ctx, c, service, s.Terms, p, now)
	return in, service, err
}

// input gathers what slo needs of a service. The part of the period before the contract took
// effect belongs to no SLO and is cut off.
func (b *Book) input(ctx context.Context, c *contract.Contract, service contract.Service, terms slo.Terms, p slo.Period, now int64) (slo.Input, error) {
	if from := effectiveFrom(c); p.Start < from {
		p.Start = min(from, p.End)
	}
	in := slo.Input{Period: p, Now: now, Terms: terms, Series: map[string][]slo.Span{}}
	sites := make(map[string]string, len(c.Checks))
	for _, check := range c.Checks {
		sites[check.Wire.ID] = check.Site
	}
	var err error
	in.Service = b.assign(c.Client.ID, service.UpWhen, sites, in.Series, func(s store.Series) []slo.Span {
		spans, problem := b.Timeline.Spans(ctx, s, p.Start, p.End)
		err = errors.Join(err, problem)
		return spans
	})
	if err != nil {
		return slo.Input{}, fmt.Errorf("read the timeline of %s: %w", service.ID, err)
	}
	return in, nil
}

// effectiveFrom is 00:00 of the contract's effective date in the client's zone.
func effectiveFrom(c *contract.Contract) int64 {
	d := c.Effective
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, c.Client.Zone).UnixMilli()
}

func (b *Book) find(client, sloID string) (*contract.Contract, contract.SLO, error) {
	c, err := b.contract(client)
	if err != nil {
		return nil, contract.SLO{}, err
	}
	for _, s := range c.SLOs {
		if s.ID == sloID {
			return c, s, nil
		}
	}
	return nil, contract.SLO{}, fmt.Errorf("SLO %q of client %q: %w", sloID, client, ErrUnknown)
}

func (b *Book) contract(client string) (*contract.Contract, error) {
	for _, c := range b.InForce() {
		if c.Client.ID == client {
			return c, nil
		}
	}
	return nil, fmt.Errorf("client %q: %w", client, ErrUnknown)
}

func serviceOf(c *contract.Contract, id string) (contract.Service, bool) {
	i := slices.IndexFunc(c.Services, func(s contract.Service) bool { return s.ID == id })
	if i < 0 {
		return contract.Service{}, false
	}
	return c.Services[i], true
}
