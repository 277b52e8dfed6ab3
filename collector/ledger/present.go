package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// lookBack is how far the start of the present state is searched: a state older than this is
// shown as having lasted at least so long.
const lookBack = 35 * 24 * time.Hour

// Present implements Source.
func (b *Book) Present(ctx context.Context, client, service string, now int64) (Present, error) {
	c, err := b.contract(client)
	if err != nil {
		return Present{}, err
	}
	s, ok := serviceOf(c, service)
	if !ok {
		return Present{}, fmt.Errorf("service %q of client %q: %w", service, client, ErrUnknown)
	}
	always, err := slo.ParseObjective("100") // the state does not depend on it, but terms want one
	if err != nil {
		return Present{}, err
	}
	last, unserved := b.lastObservation(c, s)
	if last.T == 0 {
		return Present{Unserved: unserved}, nil
	}
	in, err := b.input(ctx, c, s, slo.Terms{Objective: always}, slo.Period{Start: now - lookBack.Milliseconds(), End: now + 1}, now+1)
	if err != nil {
		return Present{}, err
	}
	spans, err := slo.Explain(in)
	if err != nil {
		return Present{}, fmt.Errorf("service %s: %w", service, err)
	}
	p := latest(spans)
	p.LastObservation, p.Unserved = last.T, unserved
	p.InMaintenance, err = b.inMaintenance(c, s, now)
	return p, err
}

// latest reads the state at the end of spans, and how far back it reaches.
func latest(spans []slo.ClassSpan) Present {
	if len(spans) == 0 {
		return Present{}
	}
	end := spans[len(spans)-1]
	p := Present{State: stateOf(end.Class), Since: end.Start}
	if p.State != slo.Up {
		p.Reason = wire.Reason(end.Reason)
		p.Cause, _, _ = strings.Cut(end.Cause, "@")
	}
	for i := len(spans) - 2; i >= 0 && spans[i].Class == end.Class; i-- {
		p.Since = spans[i].Start
	}
	return p
}

func stateOf(c slo.Class) slo.State {
	switch c {
	case slo.ClassUp:
		return slo.Up
	case slo.ClassDown:
		return slo.Down
	default:
		return slo.Unknown
	}
}

// lastObservation is the newest of all checks and agents that feed the service, and the sites
// that have no agent.
func (b *Book) lastObservation(c *contract.Contract, s contract.Service) (newest wire.Result, unserved []string) {
	leaves := map[string]bool{}
	for _, name := range s.UpWhen.Leaves() {
		leaves[name] = true
	}
	for _, check := range c.Checks {
		if !leaves[check.Wire.ID] {
			continue
		}
		agents := b.AgentsOf(c.Client.ID, check.Site)
		served := slices.ContainsFunc(agents, func(a store.Assignment) bool { return a.Until == 0 })
		if !served && !slices.Contains(unserved, check.Site) {
			unserved = append(unserved, check.Site)
		}
		for _, agent := range agents {
			r, ok := b.Timeline.Last(store.Series{Tenant: c.Client.ID, Check: check.Wire.ID, Agent: agent.Agent})
			if ok && r.T > newest.T {
				newest = r
			}
		}
	}
	return newest, unserved
}

// inMaintenance reports whether any of the service's SLOs counts the instant now as maintenance.
func (b *Book) inMaintenance(c *contract.Contract, s contract.Service, now int64) (bool, error) {
	for _, o := range c.SLOs {
		if o.Service != s.ID || len(o.Terms.Maintenance) == 0 {
			continue
		}
		// The cap is spent over the whole window, so the whole window is laid out.
		p := o.Window.At(now)
		table, err := slo.NewTimetable(o.Terms, p)
		if err != nil {
			return false, fmt.Errorf("SLO %s: %w", o.ID, err)
		}
		if table.InMaintenance(now) {
			return true, nil
		}
	}
	return false, nil
}
