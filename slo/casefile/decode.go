package casefile

import (
	"slices"
	"time"

	"github.com/nines-monitor/nines/slo"
)

// decodeCase reads one case: its name and its question.
func decodeCase(v value) (string, slo.Input, error) {
	fields, err := v.object(
		[]string{"window", "now", "objective", "service", "series"},
		[]string{"name", "unknown", "service_hours", "maintenance", "maintenance_policy", "exclusions"})
	if err != nil {
		return "", slo.Input{}, err
	}
	var in slo.Input
	var name string
	if f, given := fields["name"]; given {
		if err := f.want(text); err != nil {
			return "", slo.Input{}, err
		}
		name = f.text
	}
	if in.Now, err = fields["now"].instant(); err != nil {
		return "", slo.Input{}, err
	}
	if in.Period, err = decodeWindow(fields["window"], in.Now); err != nil {
		return "", slo.Input{}, err
	}
	if err := in.Period.Validate(); err != nil {
		return "", slo.Input{}, fields["window"].within(err)
	}
	if in.Series, err = decodeSeries(fields["series"]); err != nil {
		return "", slo.Input{}, err
	}
	if in.Service, err = decodeNode(fields["service"], in.Series); err != nil {
		return "", slo.Input{}, err
	}
	in.Terms, err = decodeTerms(fields)
	return name, in, err
}

func decodeWindow(v value, now int64) (slo.Period, error) {
	fields, err := v.object([]string{"kind"}, []string{"of", "time_zone", "length", "end"})
	if err != nil {
		return slo.Period{}, err
	}
	kind, err := oneOf(fields["kind"], map[string]slo.WindowKind{
		"month": slo.Month, "quarter": slo.Quarter, "year": slo.Year, "week": slo.Week, "rolling": slo.Rolling,
	})
	if err != nil {
		return slo.Period{}, err
	}
	if kind == slo.Rolling {
		return decodeRolling(v, now)
	}
	if fields, err = v.object([]string{"kind", "of", "time_zone"}, nil); err != nil {
		return slo.Period{}, err
	}
	zone, err := fields["time_zone"].zone()
	if err != nil {
		return slo.Period{}, err
	}
	of := fields["of"]
	if err := of.want(text); err != nil {
		return slo.Period{}, err
	}
	p, err := slo.ParsePeriod(kind, of.text, zone)
	if err != nil {
		return slo.Period{}, of.wrap(err)
	}
	return p, nil
}

func decodeRolling(v value, now int64) (slo.Period, error) {
	fields, err := v.object([]string{"kind", "length"}, []string{"end"})
	if err != nil {
		return slo.Period{}, err
	}
	length, err := fields["length"].duration()
	if err != nil {
		return slo.Period{}, err
	}
	if length <= 0 {
		return slo.Period{}, fields["length"].errorf("must be above 0")
	}
	end := now
	if f, given := fields["end"]; given {
		if end, err = f.instant(); err != nil {
			return slo.Period{}, err
		}
	}
	return slo.Window{Kind: slo.Rolling, Length: length}.At(end), nil
}

// decodeNode reads a service tree over the series there are. Nesting is bounded by the
// document's.
func decodeNode(v value, series map[string][]slo.Span) (slo.Node, error) {
	fields, err := v.object(nil, []string{"series", "all", "any", "quorum", "of"})
	if err != nil {
		return slo.Node{}, err
	}
	_, quorum := fields["quorum"]
	_, of := fields["of"]
	switch {
	case quorum != of:
		return slo.Node{}, v.errorf("quorum and of go together")
	case quorum && len(fields) != 2, !quorum && len(fields) != 1:
		return slo.Node{}, v.errorf("want one of series, all, any, or quorum with of")
	case quorum:
		return decodeQuorum(fields["quorum"], fields["of"], series)
	}
	if f, given := fields["series"]; given {
		if err := f.want(text); err != nil {
			return slo.Node{}, err
		}
		if _, known := series[f.text]; !known {
			return slo.Node{}, f.errorf("no series %q", f.text)
		}
		return slo.Leaf(f.text), nil
	}
	if f, given := fields["all"]; given {
		children, err := decodeNodes(f, series)
		return slo.All(children...), err
	}
	children, err := decodeNodes(fields["any"], series)
	return slo.Any(children...), err
}

func decodeQuorum(quorum, of value, series map[string][]slo.Span) (slo.Node, error) {
	need, err := quorum.integer()
	if err != nil {
		return slo.Node{}, err
	}
	children, err := decodeNodes(of, series)
	if err != nil {
		return slo.Node{}, err
	}
	if need < 1 || need > int64(len(children)) {
		return slo.Node{}, quorum.errorf("%d of %d children", need, len(children))
	}
	return slo.Quorum(int(need), children...), nil
}

func decodeNodes(v value, series map[string][]slo.Span) ([]slo.Node, error) {
	if err := v.want(array); err != nil {
		return nil, err
	}
	if len(v.items) == 0 {
		return nil, v.errorf("empty")
	}
	nodes := make([]slo.Node, len(v.items))
	for i, item := range v.items {
		var err error
		if nodes[i], err = decodeNode(item, series); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// oneOf reads a word from a list.
func oneOf[T any](v value, words map[string]T) (T, error) {
	var none T
	if err := v.want(text); err != nil {
		return none, err
	}
	word, known := words[v.text]
	if !known {
		names := make([]string, 0, len(words))
		for name := range words {
			names = append(names, name)
		}
		slices.Sort(names)
		return none, v.errorf("%q is none of %q", v.text, names)
	}
	return word, nil
}

// instant reads RFC 3339, to the millisecond.
func (v value) instant() (int64, error) {
	if err := v.want(text); err != nil {
		return 0, err
	}
	var t time.Time
	if err := t.UnmarshalText([]byte(v.text)); err != nil {
		return 0, v.errorf("%q: want an instant such as 2026-10-04T02:00:00Z", v.text)
	}
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		return 0, v.errorf("%q: finer than a millisecond", v.text)
	}
	return t.UnixMilli(), nil
}

// duration reads a duration as Go writes it, to the millisecond.
func (v value) duration() (time.Duration, error) {
	if err := v.want(text); err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(v.text)
	if err != nil {
		return 0, v.errorf("%q: want a duration such as 30s or 1h30m", v.text)
	}
	if d%time.Millisecond != 0 {
		return 0, v.errorf("%q: finer than a millisecond", v.text)
	}
	return d, nil
}

func (v value) positiveDuration() (time.Duration, error) {
	d, err := v.duration()
	if err == nil && d <= 0 {
		err = v.errorf("must be above 0")
	}
	return d, err
}

// zone reads the name of a time zone. The names that Go would take for this machine's own
// zone, or for none, are not zones.
func (v value) zone() (*time.Location, error) {
	if err := v.want(text); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(v.text)
	if err != nil || v.text == "" || v.text == "Local" {
		return nil, v.errorf("no time zone %q", v.text)
	}
	return zone, nil
}
