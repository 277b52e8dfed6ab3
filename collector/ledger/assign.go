package ledger

import (
	"cmp"
	"math"
	"slices"

	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/slo"
)

// Assignment is an agent that reports for a site, and since when.
type Assignment struct {
	Agent string
	Since int64 // ms; what happened before is none of its business
}

// unassigned is the reason of the time in which an agent was not assigned yet. No observation
// has it.
const unassigned slo.Reason = math.MaxUint16

// assign turns a tree over checks into one over series: a check run by n agents is any of
// their n series, and one that no agent is assigned to is a series that is never observed.
// visit is given each series, since when its agent is assigned, and since when the first is.
func (b *Book) assign(tenant string, n slo.Node, sites map[string]string, visit func(name string, s store.Series, since, first int64)) slo.Node {
	if n.Series == "" {
		out := slo.Node{Need: n.Need, Children: make([]slo.Node, len(n.Children))}
		for i, child := range n.Children {
			out.Children[i] = b.assign(tenant, child, sites, visit)
		}
		return out
	}
	agents := b.AgentsOf(tenant, sites[n.Series])
	if len(agents) == 0 {
		return slo.Leaf(n.Series)
	}
	slices.SortFunc(agents, func(x, y Assignment) int {
		return cmp.Or(cmp.Compare(x.Since, y.Since), cmp.Compare(x.Agent, y.Agent))
	})
	children := make([]slo.Node, len(agents))
	for i, a := range agents {
		name := n.Series + "@" + a.Agent
		visit(name, store.Series{Tenant: tenant, Check: n.Series, Agent: a.Agent}, a.Since, agents[0].Since)
		children[i] = slo.Leaf(name)
	}
	if len(children) == 1 {
		return children[0]
	}
	return slo.Any(children...)
}

// assigned gives a series no say before its agent was assigned, as long as another agent was:
// down is what changes nothing in a node of any. An agent that observed earlier than it was
// assigned counts from then on.
func assigned(spans []slo.Span, since, first int64) []slo.Span {
	if len(spans) > 0 {
		since = min(since, spans[0].Start)
	}
	if since <= first {
		return spans
	}
	return append([]slo.Span{{Start: first, End: since, Last: since, State: slo.Down, Reason: unassigned}}, spans...)
}

// withoutUnassigned takes out of the evidence what nobody observed.
func withoutUnassigned(spans []slo.ClassSpan) []slo.ClassSpan {
	for i := range spans {
		spans[i].Evidence = slices.DeleteFunc(spans[i].Evidence, func(e slo.Evidence) bool { return e.Span.Reason == unassigned })
	}
	return spans
}
