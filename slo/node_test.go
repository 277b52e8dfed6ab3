package slo_test

import (
	"testing"

	"github.com/nines-monitor/nines/slo"
)

func TestLeavesAreListedOnceAndInOrder(t *testing.T) {
	tree := slo.All(slo.Leaf("b"), slo.Any(slo.Leaf("a"), slo.Leaf("b")), slo.Quorum(1, slo.Leaf("c")))
	if got, want := tree.Leaves(), []string{"b", "a", "c"}; !equalStrings(got, want) {
		t.Errorf("Leaves() = %v, want %v", got, want)
	}
}

func TestATreeHasAtMostTenThousandLeaves(t *testing.T) {
	leaves := make([]slo.Node, 10_001)
	for i := range leaves {
		leaves[i] = slo.Leaf("a")
	}
	if err := slo.All(leaves[:10_000]...).Validate(); err != nil {
		t.Errorf("10,000 leaves: %v", err)
	}
	if err := slo.All(leaves...).Validate(); err == nil || err.Error() != "service[10000]: more than 10000 leaves" {
		t.Errorf("10,001 leaves: %v", err)
	}
}
