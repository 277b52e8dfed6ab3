package slo

import (
	"fmt"
	"math/bits"
)

// Fraction is an exact quotient of milliseconds, 0 <= Num <= Den. Den 0, the zero value,
// means that nothing was measured.
type Fraction struct {
	Num, Den int64
}

// Percent writes the fraction as a percentage with four decimals, truncated and never
// rounded up: 99.94999 % is not 99.95 %. It reports false when nothing was measured.
func (f Fraction) Percent() (string, bool) {
	if f.Den <= 0 {
		return "", false
	}
	const scale = 1_000_000 // four decimals of a percent
	parts := f.Num / f.Den * scale
	parts += mulDiv(f.Num%f.Den, scale, uint64(f.Den))
	return fmt.Sprintf("%d.%04d", parts/10_000, parts%10_000), true
}

// Compare orders two exact fractions: -1 when f is smaller, 0 when equal, 1 when greater.
// Nothing measured comes before every measured fraction.
func (f Fraction) Compare(g Fraction) int {
	switch {
	case f.Den <= 0 && g.Den <= 0:
		return 0
	case f.Den <= 0:
		return -1
	case g.Den <= 0:
		return 1
	}
	return compareProducts(uint64(f.Num), uint64(g.Den), uint64(g.Num), uint64(f.Den))
}

// below reports whether a measured fraction is less than the objective, exactly.
func (f Fraction) below(o Objective) bool {
	return compareProducts(uint64(f.Num), whole, o.share, uint64(f.Den)) < 0
}

// compareProducts orders a x b and c x d in 128 bits.
func compareProducts(a, b, c, d uint64) int {
	hi1, lo1 := bits.Mul64(a, b)
	hi2, lo2 := bits.Mul64(c, d)
	switch {
	case hi1 < hi2 || hi1 == hi2 && lo1 < lo2:
		return -1
	case hi1 == hi2 && lo1 == lo2:
		return 0
	}
	return 1
}
