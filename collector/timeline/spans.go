package timeline

import (
	"slices"

	"github.com/nines-monitor/nines/slo"
)

// Bounds of what a head keeps of its settled spans. Older ones are read from the store.
const (
	keptDays  = 100
	keptSpans = 20_000 // of 32 bytes: at most 640 kB a series, however it flaps
)

// settled are the settled spans of one series that end after since, in order, and which of
// them the store does not have yet.
type settled struct {
	since int64 // ms
	spans []slo.Span

	// Spans that start in [changedFrom, changedUntil) are not stored as they are; none when
	// the two are equal.
	changedFrom, changedUntil int64
}

// startingAt is the index of the first span that starts at t or later.
func startingAt(spans []slo.Span, t int64) int {
	n, _ := slices.BinarySearchFunc(spans, t, func(s slo.Span, t int64) int {
		if s.Start < t {
			return -1
		}
		return 1
	})
	return n
}

// replace puts fresh in the place of all spans that start in [from, until). from is not
// before since.
func (s *settled) replace(from, until int64, fresh []slo.Span) {
	a, b := startingAt(s.spans, from), startingAt(s.spans, until)
	if slices.Equal(s.spans[a:b], fresh) {
		return
	}
	s.spans = slices.Replace(s.spans, a, b, fresh...)
	s.change(from, until)
}

// change notes that spans starting in [from, until) are not stored as they are.
func (s *settled) change(from, until int64) {
	if s.changedFrom == s.changedUntil {
		s.changedFrom, s.changedUntil = from, until
		return
	}
	s.changedFrom, s.changedUntil = min(s.changedFrom, from), max(s.changedUntil, until)
}

// changed are the spans that the store does not have, and the stretch in which they start.
func (s *settled) changed() (from, until int64, spans []slo.Span) {
	from, until = s.changedFrom, s.changedUntil
	return from, until, slices.Clone(s.spans[startingAt(s.spans, from):startingAt(s.spans, until)])
}

// extend puts stored spans before those that are here, so that all that end after since are.
func (s *settled) extend(since int64, older []slo.Span) {
	s.spans = slices.Concat(s.before(older), s.spans)
	s.since = since
}

// before are those of stored spans that are not here already.
func (s *settled) before(stored []slo.Span) []slo.Span {
	n := slices.IndexFunc(stored, func(x slo.Span) bool { return x.End > s.since })
	if n < 0 {
		return stored
	}
	return stored[:n]
}

// trim forgets what is older than the bounds allow, seen from the newest observation. There
// must be nothing changed.
func (s *settled) trim(newest int64) {
	since := max(s.since, newest-keptDays*24*hourMS)
	if extra := len(s.spans) - keptSpans; extra > 0 {
		since = max(since, s.spans[extra-1].End)
	}
	n := slices.IndexFunc(s.spans, func(x slo.Span) bool { return x.End > since })
	if n < 0 {
		n = len(s.spans)
	}
	s.spans, s.since = s.spans[n:], since
}
