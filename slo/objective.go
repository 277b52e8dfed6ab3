package slo

import (
	"fmt"
	"math/big"
	"regexp"
)

// Objective is a target as an exact fraction, 0 < x <= 1. The zero value is no objective.
type Objective struct {
	r *big.Rat
}

var percentPattern = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,12})?$`)

// ParseObjective reads percent as a decimal string: "99.9", 0 < x <= 100.
func ParseObjective(s string) (Objective, error) {
	if percentPattern.MatchString(s) {
		if r, ok := new(big.Rat).SetString(s); ok {
			r.Quo(r, big.NewRat(100, 1))
			if r.Sign() > 0 && r.Cmp(big.NewRat(1, 1)) <= 0 {
				return Objective{r}, nil
			}
		}
	}
	return Objective{}, fmt.Errorf("objective %q: want a percentage above 0 and at most 100, such as 99.9", s)
}
