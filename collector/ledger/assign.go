package ledger

import (
	"cmp"
	"math"
	"slices"

	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/slo"
)

// unassigned is the reason of the time in which an agent was not assigned to a site. No
// observation has it.
const unassigned slo.Reason = math.MaxUint16

// assign turns a tree over checks into one over series: a check run by n agents is any of
// their n series, and one that no agent was ever assigned to is a series that is never
// observed. It puts into series what read gives of each.
func (b *Book) assign(tenant string, n slo.Node, sites map[string]string, series map[string][]slo.Span, read func(store.Series) []slo.Span) slo.Node {
	if n.Series == "" {
		out := slo.Node{Need: n.Need, Children: make([]slo.Node, len(n.Children))}
		for i, child := range n.Children {
			out.Children[i] = b.assign(tenant, child, sites, series, read)
		}
		return out
	}
	agents := byAgent(b.AgentsOf(tenant, sites[n.Series]))
	name := func(agent string) string { return n.Series + "@" + agent }
	of := func(agent string) store.Series { return store.Series{Tenant: tenant, Check: n.Series, Agent: agent} }
	switch len(agents) {
	case 0:
		return slo.Leaf(n.Series)
	case 1: // whatever it observed counts, assigned or not
		series[name(agents[0].id)] = read(of(agents[0].id))
		return slo.Leaf(name(agents[0].id))
	}
	for i := range agents {
		a := &agents[i]
		a.spans = read(of(a.id))
		for _, s := range a.spans { // what it observed without being assigned counts as well
			a.periods = append(a.periods, slo.Period{Start: s.Start, End: s.End})
		}
		a.periods = union(a.periods)
	}
	children := make([]slo.Node, len(agents))
	for i, a := range agents {
		series[name(a.id)] = a.withoutSay(agents)
		children[i] = slo.Leaf(name(a.id))
	}
	return slo.Any(children...)
}

// assigned is an agent, the periods in which it has a say, in order and apart, and its spans.
type assigned struct {
	id      string
	periods []slo.Period
	spans   []slo.Span
}

// byAgent sorts out assignments, by when each agent was first assigned.
func byAgent(assignments []store.Assignment) []assigned {
	slices.SortFunc(assignments, func(x, y store.Assignment) int {
		return cmp.Or(cmp.Compare(x.Since, y.Since), cmp.Compare(x.Agent, y.Agent))
	})
	var agents []assigned
	for _, a := range assignments {
		p := slo.Period{Start: a.Since, End: a.Until}
		if a.Until == 0 {
			p.End = store.Always.End
		}
		i := slices.IndexFunc(agents, func(known assigned) bool { return known.id == a.Agent })
		if i < 0 {
			i = len(agents)
			agents = append(agents, assigned{id: a.Agent})
		}
		agents[i].periods = append(agents[i].periods, p)
	}
	return agents
}

// withoutSay gives the agent's spans, and no say where only others have one: down is what
// changes nothing in a node of any.
func (a assigned) withoutSay(agents []assigned) []slo.Span {
	var others []slo.Period
	for _, other := range agents {
		if other.id != a.id {
			others = append(others, other.periods...)
		}
	}
	gaps := subtract(union(others), a.periods)
	if len(gaps) == 0 {
		return a.spans
	}
	spans := slices.Clone(a.spans)
	for _, p := range gaps {
		spans = append(spans, slo.Span{Start: p.Start, End: p.End, Last: p.End, State: slo.Down, Reason: unassigned})
	}
	slices.SortFunc(spans, func(x, y slo.Span) int { return cmp.Compare(x.Start, y.Start) })
	return spans
}

// union gives the same time as periods in order and apart.
func union(periods []slo.Period) []slo.Period {
	slices.SortFunc(periods, func(x, y slo.Period) int { return cmp.Compare(x.Start, y.Start) })
	var apart []slo.Period
	for _, p := range periods {
		if n := len(apart); n > 0 && p.Start <= apart[n-1].End {
			apart[n-1].End = max(apart[n-1].End, p.End)
		} else {
			apart = append(apart, p)
		}
	}
	return apart
}

// subtract gives what of a lies in none of b; both are in order and apart, and so is it.
func subtract(a, b []slo.Period) []slo.Period {
	var rest []slo.Period
	for _, p := range a {
		for len(b) > 0 && b[0].End <= p.Start {
			b = b[1:]
		}
		for _, q := range b {
			if q.Start >= p.End {
				break
			}
			if q.Start > p.Start {
				rest = append(rest, slo.Period{Start: p.Start, End: q.Start})
			}
			p.Start = max(p.Start, q.End)
		}
		if p.Start < p.End {
			rest = append(rest, p)
		}
	}
	return rest
}

// withoutUnassigned takes out of the evidence what nobody observed.
func withoutUnassigned(spans []slo.ClassSpan) []slo.ClassSpan {
	for i := range spans {
		spans[i].Evidence = slices.DeleteFunc(spans[i].Evidence, func(e slo.Evidence) bool { return e.Span.Reason == unassigned })
	}
	return spans
}
