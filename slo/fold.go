package slo

import (
	"cmp"
	"math"
	"slices"
)

// Fold turns the observations of one series into its spans, in order of time
// (docs/measurement.md, section 1). Observations may come in any order and repeated; of two
// with the same instant the first in obs stands. The result depends on nothing else, and
// obs is not changed.
func Fold(p Params, obs []Observation) []Span {
	if !slices.IsSortedFunc(obs, byInstant) {
		obs = slices.Clone(obs)
		slices.SortStableFunc(obs, byInstant)
	}
	f := NewFolder(p)
	for _, o := range obs {
		f.Add(o)
	}
	return append(f.settled, f.Provisional()...)
}

func byInstant(a, b Observation) int { return cmp.Compare(a.T, b.T) }

// Folder folds the observations of one series one at a time, in order of time. What it
// settles and then still holds provisionally is always what Fold makes of all observations
// so far. It is not safe for concurrent use.
type Folder struct {
	params  Params
	carry   Carry
	settled []Span
}

// Carry is all that a Folder knows beyond its settled spans: a fold that is stopped with it
// and resumed goes on as if it had never stopped. Two folds with equal carries (==) give
// equal spans for equal observations from there on. The zero value is a series that was
// never observed.
type Carry struct {
	Observed bool  // any observation at all
	Seen     int64 // ms, the latest observation, when Observed

	Open bool // a span is open
	Held Span // the open span, as far as it is observed; its End is 0
	Run  Run  // an unconfirmed run that speaks against the held state
}

// Run is an unconfirmed sequence of observations of one state. The zero value is none.
type Run struct {
	State  State
	Start  int64 // ms, its first observation
	Length int   // observations
	Reason Reason
}

// NewFolder starts the fold of a series that was never observed.
func NewFolder(p Params) *Folder { return ResumeFolder(p, Carry{}) }

// ResumeFolder goes on where a Folder with that carry stopped.
func ResumeFolder(p Params, c Carry) *Folder {
	return &Folder{params: p.withDefaults(), carry: c}
}

// Carry is where the fold stands.
func (f *Folder) Carry() Carry { return f.carry }

// Settled are the spans that no later observation, in order of time, can change: those
// since the start, the last Take or the resumption. The slice is the folder's own.
func (f *Folder) Settled() []Span { return f.settled }

// Take appends the settled spans to dst and forgets them.
func (f *Folder) Take(dst []Span) []Span {
	dst = append(dst, f.settled...)
	f.settled = f.settled[:0]
	return dst
}

// Provisional are the spans after the settled ones, as they are if nothing more is observed:
// none, or the one that is open.
func (f *Folder) Provisional() []Span {
	if !f.carry.Open {
		return nil
	}
	return []Span{f.openUntil(math.MaxInt64)}
}

// Add folds one observation. One that is not later than the latest so far changes nothing,
// and Add reports false: the first accepted stands, and earlier ones need a new fold.
func (f *Folder) Add(o Observation) bool {
	c := &f.carry
	if c.Observed && o.T <= c.Seen {
		return false
	}
	if c.Observed && o.T-c.Seen > f.params.StaleAfter {
		f.settle(o.T)
		c.Run = Run{}
	}
	if o.State == Unknown {
		f.addUnknown(o)
	} else {
		f.addKnown(o)
	}
	c.Observed, c.Seen = true, o.T
	return true
}

// AddRun folds count observations of o's state and reason, step ms apart (step > 0), the
// first at o.T. It is the same as adding them one by one, and takes no time per observation.
func (f *Folder) AddRun(o Observation, step, count int64) {
	for i := int64(0); i < count; i++ {
		added := f.Add(o)
		if added && step <= f.params.StaleAfter && f.settledIn(o) {
			// The rest can only move the last observation on.
			o.T += step * (count - 1 - i)
			f.carry.Seen, f.carry.Held.Last = o.T, o.T
			return
		}
		o.T += step
	}
}

// settledIn reports whether more observations like o would not change what is held.
func (f *Folder) settledIn(o Observation) bool {
	held := f.carry.Held
	return f.carry.Open && held.State == o.State && (o.State != Unknown || held.Reason == o.Reason)
}

// Revise puts other parameters in force from the instant at on, which starts a new segment:
// what was held ends there at the latest. All observations before at must have been added,
// and none from at on.
func (f *Folder) Revise(at int64, p Params) {
	f.settle(at)
	f.carry.Run = Run{}
	f.params = p.withDefaults()
}

func (f *Folder) addUnknown(o Observation) {
	c := &f.carry
	c.Run = Run{}
	if c.Open && c.Held.State == Unknown && c.Held.Reason == o.Reason {
		c.Held.Last = o.T
		return
	}
	f.hold(Unknown, o.T, o.T, o.Reason)
}

func (f *Folder) addKnown(o Observation) {
	c := &f.carry
	if c.Open && c.Held.State == o.State {
		c.Run = Run{}
		c.Held.Last = o.T
		return
	}
	if c.Run.State != o.State {
		c.Run = Run{State: o.State, Start: o.T, Reason: o.Reason}
	}
	c.Run.Length++
	if c.Run.Length >= f.params.confirms(o.State) {
		f.hold(o.State, c.Run.Start, o.T, c.Run.Reason)
		c.Run = Run{}
	}
}

// hold settles the open span and opens another, backdated to its start.
func (f *Folder) hold(s State, start, last int64, why Reason) {
	f.settle(start)
	f.carry.Open = true
	f.carry.Held = Span{Start: start, Last: last, State: s, Reason: why}
}

// settle closes the open span, if there is one, at the latest at the given instant.
func (f *Folder) settle(at int64) {
	if !f.carry.Open {
		return
	}
	if s := f.openUntil(at); s.End > s.Start {
		f.settled = append(f.settled, s)
	}
	f.carry.Open = false
	f.carry.Held = Span{}
}

// openUntil is the open span, ended at the given instant or when it goes stale: a known
// state after the segment's last observation, an unknown one after its own last.
func (f *Folder) openUntil(at int64) Span {
	s := f.carry.Held
	last := f.carry.Seen
	if s.State == Unknown {
		last = s.Last
	}
	s.End = min(at, addClamped(last, f.params.StaleAfter))
	return s
}

// addClamped is a + b for b >= 0, held at the end of time.
func addClamped(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
