package slo

import (
	"fmt"
	"math"
	"slices"
)

// view is the state of a node at an instant on its three timelines: as estimated, and as it
// is at best and at worst (docs/measurement.md, section 1).
type view [lanes]State

const (
	estimate = iota
	best
	worst
	lanes
)

// timeline walks a service's views in order of time.
//
// Each leaf has a cursor in its spans; each inner node counts its children's states, so a
// change costs no more than the way from its leaf to the root.
type timeline struct {
	gates  []gate
	leaves []cursor
	queue  []int // leaves, a heap by the instant of their next change
}

// gate is an inner node; parents come before their children.
type gate struct {
	parent      int // -1: the root
	need, total int
	up, unknown [lanes]int
	view        view
}

// cursor is a leaf: where in its spans the timeline stands, and until when.
type cursor struct {
	series string
	gate   int
	spans  []Span
	at     int  // the span that holds the present instant, or the next one
	inside bool // it holds it
	view   view
	next   int64 // ms, the next change; math.MaxInt64: none
}

// reset compiles the tree over the series' spans and stands at the instant from.
func (tl *timeline) reset(n Node, series map[string][]Span, from int64) error {
	if err := n.Validate(); err != nil {
		return err
	}
	tl.gates, tl.leaves, tl.queue = tl.gates[:0], tl.leaves[:0], tl.queue[:0]
	// One gate above all others is the root, so that a tree of one leaf has a gate too.
	tl.gates = append(tl.gates, newGate(-1, 1, 1))
	if err := tl.compile(n, 0, series); err != nil {
		return err
	}
	for i := range tl.leaves {
		c := &tl.leaves[i]
		c.at, _ = slices.BinarySearchFunc(c.spans, from, func(s Span, t int64) int {
			if s.End <= t {
				return -1
			}
			return 1
		})
		tl.show(i, from)
		tl.queue = append(tl.queue, i)
		tl.siftUp(len(tl.queue) - 1)
	}
	return nil
}

func newGate(parent, need, total int) gate {
	return gate{parent: parent, need: need, total: total, unknown: [lanes]int{total, total, total}}
}

func (tl *timeline) compile(n Node, parent int, series map[string][]Span) error {
	if n.Series != "" {
		spans := series[n.Series]
		if err := checkSpans(spans); err != nil {
			return fmt.Errorf("series %q: %w", n.Series, err)
		}
		tl.leaves = append(tl.leaves, cursor{series: n.Series, gate: parent, spans: spans})
		return nil
	}
	tl.gates = append(tl.gates, newGate(parent, n.Need, len(n.Children)))
	self := len(tl.gates) - 1
	for _, child := range n.Children {
		if err := tl.compile(child, self, series); err != nil {
			return err
		}
	}
	return nil
}

// checkSpans says what would make a walk over the spans meaningless.
func checkSpans(spans []Span) error {
	for i, s := range spans {
		switch {
		case s.End < s.Start:
			return fmt.Errorf("span %d ends before it starts", i)
		case i > 0 && s.Start < spans[i-1].End:
			return fmt.Errorf("span %d starts before the one before it ends", i)
		case s.State > Down:
			return fmt.Errorf("span %d has no state that exists", i)
		}
	}
	return nil
}

// now is the service's view at the present instant.
func (tl *timeline) now() view { return tl.gates[0].view }

// until is the instant up to which the present view surely holds.
func (tl *timeline) until() int64 { return tl.leaves[tl.queue[0]].next }

// advance moves to the instant until.
func (tl *timeline) advance() {
	t := tl.until()
	for tl.until() == t && t != math.MaxInt64 {
		tl.show(tl.queue[0], t)
		tl.siftDown()
	}
}

// show moves a leaf to the instant t and carries its new view up to the root.
func (tl *timeline) show(leaf int, t int64) {
	c := &tl.leaves[leaf]
	before := c.view
	c.moveTo(t)
	after := c.view
	for g := c.gate; g >= 0 && before != after; g = tl.gates[g].parent {
		before, after = tl.gates[g].change(before, after)
	}
}

// change replaces one child's view and returns the gate's own, before and after.
func (g *gate) change(from, to view) (view, view) {
	own := g.view
	if g.total == 1 {
		g.view = to
		return own, to
	}
	for l := range lanes {
		g.up[l] += count(to[l], Up) - count(from[l], Up)
		g.unknown[l] += count(to[l], Unknown) - count(from[l], Unknown)
		switch {
		case g.up[l] >= g.need:
			g.view[l] = Up
		case g.up[l]+g.unknown[l] < g.need:
			g.view[l] = Down
		default:
			g.view[l] = Unknown
		}
	}
	return own, g.view
}

func count(s, wanted State) int {
	if s == wanted {
		return 1
	}
	return 0
}

// moveTo sets the cursor's view for the instant t, which never goes back.
func (c *cursor) moveTo(t int64) {
	for c.at < len(c.spans) && c.spans[c.at].End <= t {
		c.at++
	}
	c.inside = c.at < len(c.spans) && c.spans[c.at].Start <= t
	if c.at == len(c.spans) {
		c.view, c.next = view{}, math.MaxInt64
		return
	}
	s := &c.spans[c.at]
	if !c.inside {
		c.view, c.next = view{}, s.Start
		return
	}
	c.view, c.next = view{s.State, s.State, s.State}, s.End
	if !c.changesOver() {
		return
	}
	if t < s.Last {
		c.next = s.Last
		return
	}
	c.view[best], c.view[worst] = Up, Down
}

// changesOver reports whether the present span is followed at once by the opposite state, so
// that the true moment of change lies somewhere after its last observation.
func (c *cursor) changesOver() bool {
	if c.at+1 == len(c.spans) {
		return false
	}
	s, next := &c.spans[c.at], &c.spans[c.at+1]
	return s.End == next.Start && s.State != Unknown && next.State != Unknown && s.State != next.State
}

func (tl *timeline) siftUp(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if tl.leaves[tl.queue[parent]].next <= tl.leaves[tl.queue[i]].next {
			return
		}
		tl.queue[parent], tl.queue[i] = tl.queue[i], tl.queue[parent]
		i = parent
	}
}

// siftDown restores the heap after the leaf at its top has moved on.
func (tl *timeline) siftDown() {
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(tl.queue); child++ {
			if tl.leaves[tl.queue[child]].next < tl.leaves[tl.queue[least]].next {
				least = child
			}
		}
		if least == i {
			return
		}
		tl.queue[i], tl.queue[least] = tl.queue[least], tl.queue[i]
		i = least
	}
}
