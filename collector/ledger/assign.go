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
// observed. visit is given each series, when its agent was assigned, and when any agent was.
func (b *Book) assign(tenant string, n slo.Node, sites map[string]string, visit func(name string, s store.Series, mine, all []slo.Period)) slo.Node {
	if n.Series == "" {
		out := slo.Node{Need: n.Need, Children: make([]slo.Node, len(n.Children))}
		for i, child := range n.Children {
			out.Children[i] = b.assign(tenant, child, sites, visit)
		}
		return out
	}
	agents, periods, all := byAgent(b.AgentsOf(tenant, sites[n.Series]))
	if len(agents) == 0 {
		return slo.Leaf(n.Series)
	}
	children := make([]slo.Node, len(agents))
	for i, agent := range agents {
		name := n.Series + "@" + agent
		visit(name, store.Series{Tenant: tenant, Check: n.Series, Agent: agent}, periods[agent], all)
		children[i] = slo.Leaf(name)
	}
	if len(children) == 1 {
		return children[0]
	}
	return slo.Any(children...)
}

// byAgent sorts out assignments: the agents by when they were first assigned, the periods of
// each, and those in which any was.
func byAgent(assignments []store.Assignment) (agents []string, periods map[string][]slo.Period, all []slo.Period) {
	slices.SortFunc(assignments, func(x, y store.Assignment) int {
		return cmp.Or(cmp.Compare(x.Since, y.Since), cmp.Compare(x.Agent, y.Agent))
	})
	periods = map[string][]slo.Period{}
	for _, a := range assignments {
		p := slo.Period{Start: a.Since, End: a.Until}
		if a.Until == 0 {
			p.End = store.Always.End
		}
		if periods[a.Agent] == nil {
			agents = append(agents, a.Agent)
		}
		periods[a.Agent] = append(periods[a.Agent], p)
		if n := len(all); n > 0 && p.Start <= all[n-1].End {
			all[n-1].End = max(all[n-1].End, p.End)
		} else {
			all = append(all, p)
		}
	}
	return agents, periods, all
}

// subtract gives what of a lies in none of b; both are in order and apart, and so is it.
func subtract(a, b []slo.Period) []slo.Period {
	var rest []slo.Period
	for _, p := range a {
		for _, q := range b {
			if q.End <= p.Start || q.Start >= p.End {
				continue
			}
			if q.Start > p.Start {
				rest = append(rest, slo.Period{Start: p.Start, End: q.Start})
			}
			p.Start = q.End
		}
		if p.Start < p.End {
			rest = append(rest, p)
		}
	}
	return rest
}

// withoutSay gives a series no say while only other agents were assigned: down is what changes
// nothing in a node of any. What it observed all the same counts.
func withoutSay(spans []slo.Span, others []slo.Period) []slo.Span {
	if len(others) == 0 {
		return spans
	}
	observed := make([]slo.Period, len(spans))
	for i, s := range spans {
		observed[i] = slo.Period{Start: s.Start, End: s.End}
	}
	all := slices.Clone(spans)
	for _, p := range subtract(others, observed) {
		all = append(all, slo.Span{Start: p.Start, End: p.End, Last: p.End, State: slo.Down, Reason: unassigned})
	}
	slices.SortFunc(all, func(x, y slo.Span) int { return cmp.Compare(x.Start, y.Start) })
	return all
}

// withoutUnassigned takes out of the evidence what nobody observed.
func withoutUnassigned(spans []slo.ClassSpan) []slo.ClassSpan {
	for i := range spans {
		spans[i].Evidence = slices.DeleteFunc(spans[i].Evidence, func(e slo.Evidence) bool { return e.Span.Reason == unassigned })
	}
	return spans
}
