package slo

import (
	"errors"
	"fmt"
)

// Leaf is the tree that is one series.
func Leaf(series string) Node { return Node{Series: series} }

// All is up when every child is up.
func All(children ...Node) Node { return Quorum(len(children), children...) }

// Any is up when at least one child is up.
func Any(children ...Node) Node { return Quorum(1, children...) }

// Quorum is up when at least need children are up, down when too few can still be, and
// unknown otherwise (docs/measurement.md, section 2).
func Quorum(need int, children ...Node) Node { return Node{Need: need, Children: children} }

// maxDepth bounds the nesting of a tree: far beyond any service, far below any stack.
const maxDepth = 100

// Validate says what is wrong with the tree, if anything: an inner node without children,
// a quorum outside 1 to the number of children, a leaf without a name, or nesting beyond
// 100 levels.
func (n Node) Validate() error { return n.validate("service", 0) }

func (n Node) validate(place string, depth int) error {
	switch {
	case depth > maxDepth:
		return fmt.Errorf("%s: nested deeper than %d levels", place, maxDepth)
	case n.Series != "" && (len(n.Children) > 0 || n.Need != 0):
		return fmt.Errorf("%s: names series %q and has children as well", place, n.Series)
	case n.Series != "":
		return nil
	case len(n.Children) == 0 && n.Need == 0:
		return errors.New(place + ": neither a series nor children")
	case len(n.Children) == 0:
		return errors.New(place + ": no children")
	case n.Need < 1 || n.Need > len(n.Children):
		return fmt.Errorf("%s: needs %d of %d children", place, n.Need, len(n.Children))
	}
	for i, child := range n.Children {
		if err := child.validate(fmt.Sprintf("%s[%d]", place, i), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// Leaves lists the names of the tree's series, in order, each once.
func (n Node) Leaves() []string {
	var names []string
	seen := map[string]bool{}
	var visit func(Node)
	visit = func(n Node) {
		if n.Series != "" && !seen[n.Series] {
			seen[n.Series] = true
			names = append(names, n.Series)
		}
		for _, child := range n.Children {
			visit(child)
		}
	}
	visit(n)
	return names
}
