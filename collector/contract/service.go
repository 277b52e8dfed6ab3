package contract

import "github.com/nines-monitor/nines/slo"

func (p *parser) allServices() {
	p.required("service", len(p.in.Service) == 0, "a contract needs at least one [[service]]")
	for i, in := range p.in.Service {
		place := at("service", i, "")
		p.required(place+".up_when", !p.doc.Has(place+".up_when"), `say which check decides, such as "gateway" or { all = ["web", "db"] }`)
		if in.Runbook != "" {
			p.url(place+".runbook", in.Runbook)
		}
		p.Services = append(p.Services, Service{
			ID:      in.ID,
			Name:    p.name(place+".name", in.Name),
			UpWhen:  p.upWhen(place+".up_when", in.UpWhen),
			Runbook: in.Runbook,
		})
	}
}

// upWhen reads a tree over checks: the id of one, or a table with all, any, or quorum and of.
func (p *parser) upWhen(key string, v any) slo.Node {
	switch v := v.(type) {
	case nil:
		return slo.Node{} // missing, and said to be
	case string:
		p.refers(key, "check", v, p.checks)
		return slo.Leaf(v)
	case map[string]any:
		return p.group(key, v)
	}
	p.doc.Add(key, `want a check id, or a table such as { all = ["web", "db"] }`)
	return slo.Node{}
}

func (p *parser) group(key string, table map[string]any) slo.Node {
	for k := range table {
		switch k {
		case "all", "any", "quorum", "of":
		default:
			p.doc.Add(key, "unknown key %q: want all, any, or quorum and of", k)
			return slo.Node{}
		}
	}
	switch {
	case len(table) == 1 && table["all"] != nil:
		return slo.All(p.children(key+".all", table["all"])...)
	case len(table) == 1 && table["any"] != nil:
		return slo.Any(p.children(key+".any", table["any"])...)
	case len(table) == 2 && table["quorum"] != nil && table["of"] != nil:
		children := p.children(key+".of", table["of"])
		need, ok := table["quorum"].(int64)
		if !ok || need < 1 || need > int64(max(len(children), 1)) {
			p.doc.Add(key+".quorum", "want a whole number from 1 to %d, the number of its children", len(children))
			return slo.Node{}
		}
		return slo.Quorum(int(need), children...)
	}
	p.doc.Add(key, `want one of { all = […] }, { any = […] } and { quorum = 2, of = […] }`)
	return slo.Node{}
}

func (p *parser) children(key string, v any) []slo.Node {
	list, ok := v.([]any)
	if !ok {
		p.doc.Add(key, "want a list of check ids and tables")
		return nil
	}
	if len(list) == 0 {
		p.doc.Add(key, "empty: name at least one check")
	}
	seen := map[string]bool{}
	children := make([]slo.Node, len(list))
	for i, item := range list {
		place := at(key, i, "")
		if id, isID := item.(string); isID {
			if seen[id] {
				p.doc.Add(place, "%q is named twice: a check counts once", id)
			}
			seen[id] = true
		}
		children[i] = p.upWhen(place, item)
	}
	return children
}
