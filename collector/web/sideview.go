package web

import (
	"strings"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/store"
)

type agentView struct {
	ID, Client, Site, Version string
	Demo                      bool
	Contact                   when
	Silent                    bool
}

type changeView struct {
	At           when
	Client, SLO  string
	Demo         bool
	From, To     string
	ToKind, Note string
	Breach       when
}

// newAgentView words an agent; c is its client's contract, nil when none is in force.
func newAgentView(a store.Agent, c *contract.Contract, at int64) agentView {
	v := agentView{ID: a.ID, Client: a.Tenant, Site: a.Site, Version: a.Version, Silent: isSilent(a, at)}
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
	return changeView{
		At: newWhen(t.At, zone), Client: c.Client.Name, SLO: t.SLO, Demo: c.Demo,
		From: strings.ToLower(budgetWords[t.From]), To: strings.ToLower(budgetWords[t.To]), ToKind: t.To.String(),
		Note: t.Note, Breach: newWhen(t.BreachedAt, zone),
	}
}
