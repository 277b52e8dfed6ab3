package slo

import (
	"fmt"
	"slices"
)

// Explain lists, in order, what every elapsed millisecond of the input's period counts as,
// and why. The lengths of each class are those of the ledger that Evaluate gives.
func Explain(in Input) ([]ClassSpan, error) {
	table, err := NewTimetable(in.Terms, in.Period)
	if err != nil {
		return nil, err
	}
	return table.Explain(in.Now, in.Service, in.Series)
}

// Explain is the function of that name over the timetable's period and terms.
func (t *Timetable) Explain(now int64, service Node, series map[string][]Span) ([]ClassSpan, error) {
	e := explanation{table: t, shut: t.terms.Hours.shut(t.period)}
	err := t.walk(t.elapsed(now), service, series, e.add)
	return e.spans, err
}

type explanation struct {
	table *Timetable
	shut  []sourced // what closed dates took from the calendar
	spans []ClassSpan
	last  []Evidence // of the piece before
}

// add explains one piece; one that is out of hours is cut where a closed date's own hours
// begin and end.
func (e *explanation) add(p piece, tl *timeline) {
	evidence := tl.evidence()
	if p.slot.kind != closedSlot {
		e.append(p.Period, p, e.cause(p, evidence), evidence)
		return
	}
	for at := p.Start; at < p.End; {
		for len(e.shut) > 0 && e.shut[0].End <= at {
			e.shut = e.shut[1:]
		}
		part, cause := Period{at, p.End}, ""
		if len(e.shut) > 0 {
			if s := e.shut[0]; s.Start > at {
				part.End = min(part.End, s.Start)
			} else {
				part.End = min(part.End, s.End)
				cause = e.table.terms.Hours.Closed[s.source].String()
			}
		}
		e.append(part, p, cause, evidence)
		at = part.End
	}
}

func (e *explanation) cause(p piece, evidence []Evidence) string {
	switch p.slot.kind {
	case maintenanceSlot:
		return orPlace(e.table.terms.Maintenance[p.slot.source].ID, "maintenance", p.slot.source)
	case excludedSlot:
		return orPlace(e.table.terms.Exclusions[p.slot.source].ID, "exclusions", p.slot.source)
	}
	return evidence[0].Series
}

func orPlace(id, list string, i int) string {
	if id != "" {
		return id
	}
	return fmt.Sprintf("%s[%d]", list, i)
}

// append adds a span, or extends the last one when only the evidence went on.
func (e *explanation) append(part Period, p piece, cause string, evidence []Evidence) {
	span := ClassSpan{
		Period:   part,
		Class:    p.class(),
		State:    p.view[estimate],
		Reason:   evidence[0].Span.Reason,
		Cause:    cause,
		Evidence: evidence,
	}
	if n := len(e.spans); n > 0 && e.spans[n-1].alike(span) {
		last := &e.spans[n-1]
		last.End = part.End
		for _, ev := range evidence {
			if !slices.Contains(e.last, ev) {
				last.Evidence = append(last.Evidence, ev)
			}
		}
	} else {
		e.spans = append(e.spans, span)
	}
	e.last = slices.Clone(evidence)
}

func (c ClassSpan) alike(d ClassSpan) bool {
	return c.Class == d.Class && c.State == d.State && c.Reason == d.Reason && c.Cause == d.Cause
}

// evidence lists the spans that decide the service's present state, at least one.
func (tl *timeline) evidence() []Evidence {
	state := tl.now()[estimate]
	var list []Evidence
	for _, c := range tl.leaves {
		if c.view[estimate] == state && tl.decides(c.gate, state) {
			list = append(list, Evidence{c.series, c.span()})
		}
	}
	return list
}

// decides reports whether all gates from g up share the state.
func (tl *timeline) decides(g int, state State) bool {
	for ; g >= 0; g = tl.gates[g].parent {
		if tl.gates[g].view[estimate] != state {
			return false
		}
	}
	return true
}

// span is the span that holds the present instant, or none.
func (c *cursor) span() Span {
	if c.inside {
		return c.spans[c.at]
	}
	return Span{}
}

// shut lists what the closed dates took from the calendar in p, in order and apart, each with
// its place in Closed.
func (c *Calendar) shut(p Period) []sourced {
	if c == nil || len(c.Closed) == 0 {
		return nil
	}
	week := c.week()
	var shut []sourced
	for _, z := range zoneSpans(c.Zone, p) {
		part := Period{max(p.Start, z.Start), min(p.End, z.End)}
		for i, d := range c.Closed {
			for _, s := range week.appendDay(nil, d.day(), z.offset, part) {
				shut = append(shut, sourced{s, i})
			}
		}
	}
	return apart(shut)
}
