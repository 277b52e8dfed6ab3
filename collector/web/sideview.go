package web

import (
	"strings"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/slo"
)

type agentView struct {
	ID, Client, Site, Version string
	Fault                     string
	Demo                      bool
	Contact                   when
	Silent                    bool
}

type changeView struct {
	At           when
	Service      string // name; empty: the contract does not have the SLO any more
	Client, SLO  string
	Period       string
	Demo         bool
	From, To     string
	ToKind, Note string
	Breach       when
}

// newAgentView words an agent; c is its client's contract, nil when none is in force.
func newAgentView(a store.Agent, c *contract.Contract, at int64) agentView {
	v := agentView{ID: a.ID, Client: a.Tenant, Site: a.Site, Version: a.Version, Fault: a.Fault, Silent: isSilent(a, at)}
	zone := time.UTC
	if c != nil {
		v.Client, v.Demo, zone = c.Client.Name, c.Demo, zoneOf(c)
	}
	v.Contact = newWhen(a.LastContact, zone)
	return v
}

func isSilent(a store.Agent, at int64) bool { return at-a.LastContact > oldContact.Milliseconds() }

// newChangeView words a transition; c is its client's contract.
func newChangeView(t store.Transition, c *contract.Contract) changeView {
	zone := zoneOf(c)
	v := changeView{
		At: newWhen(t.At, zone), Client: c.Client.Name, SLO: t.SLO, Demo: c.Demo, Period: dates(t.Period, zone),
		From: strings.ToLower(budgetWords[t.From]), To: strings.ToLower(budgetWords[t.To]), ToKind: t.To.String(),
		Note: t.Note, Breach: newWhen(t.BreachedAt, zone),
	}
	for _, promised := range c.SLOs {
		if promised.ID != t.SLO {
			continue
		}
		if w := promised.Window; w.Kind != slo.Rolling && w.At(t.Period.Start).End == t.Period.End {
			v.Period = shortPeriod(w.Label(t.Period.Start))
		}
		for _, service := range c.Services {
			if service.ID == promised.Service {
				v.Service = service.Name
			}
		}
	}
	return v
}

// dates names a period that has no name of its own, by its first and its last day.
func dates(p slo.Period, zone *time.Location) string {
	first, last := time.UnixMilli(p.Start).In(zone), time.UnixMilli(max(p.Start, p.End-1)).In(zone)
	return first.Format("2 Jan") + " – " + last.Format("2 Jan 2006")
}
