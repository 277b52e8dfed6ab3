package slo

import (
	"errors"
	"fmt"
)

// Node is a service tree: a leaf names a series, an inner node needs Need of its Children up.
type Node struct {
	Series   string // leaf only
	Need     int    // inner only: 1 for any, len(Children) for all
	Children []Node
}

// Leaf is the tree that is one series.
func Leaf(series string) Node { return Node{Series: series} }

// All is up when every child is up.
func All(children ...Node) Node { return Quorum(len(children), children...) }

// Any is up when at least one child is up.
func Any(children ...Node) Node { return Quorum(1, children...) }

// Quorum is up when at least need children are up, down when too few can still be, and
// unknown otherwise (docs/measurement.md, section 2).
func Quorum(need int, children ...Node) Node { return Node{Need: need, Children: children} }

// The bounds of a tree: far beyond any service, and they keep its evaluation bounded too.
const (
	maxDepth  = 100
	maxLeaves = 10_000
)

// Validate says what is wrong with the tree, if anything: an inner node without children,
// a quorum outside 1 to the number of children, a leaf without a name, nesting beyond 100
// levels, or more than 10,000 leaves.
func (n Node) Validate() error {
	leaves := 0
	if err := n.validate(0, &leaves); err != nil {
		return fmt.Errorf("service%w", err)
	}
	return nil
}

// validate gives errors that begin with the place below n: "[1][0]: no children".
func (n Node) validate(depth int, leaves *int) error {
	switch {
	case depth > maxDepth:
		return fmt.Errorf(": nested deeper than %d levels", maxDepth)
	case n.Series != "" && (len(n.Children) > 0 || n.Need != 0):
		return fmt.Errorf(": names series %q and has children as well", n.Series)
	case n.Series != "":
		if *leaves++; *leaves > maxLeaves {
			return fmt.Errorf(": more than %d leaves", maxLeaves)
		}
		return nil
	case len(n.Children) == 0 && n.Need == 0:
		return errors.New(": neither a series nor children")
	case len(n.Children) == 0:
		return errors.New(": no children")
	case n.Need < 1 || n.Need > len(n.Children):
		return fmt.Errorf(": needs %d of %d children", n.Need, len(n.Children))
	}
	for i, child := range n.Children {
		if err := child.validate(depth+1, leaves); err != nil {
			return fmt.Errorf("[%d]%w", i, err)
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
