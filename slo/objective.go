package slo

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
)

// whole is 100 % in the unit of Objective: 10^-18, or sixteen decimals of a percent.
const whole = 1_000_000_000_000_000_000

const objectiveDecimals = 16

// Objective is an exact share of time that is promised, 0 < x <= 100 %, with up to sixteen
// decimals of a percent. The zero value is no objective and promises nothing; Terms refuse
// it. Objectives can be compared with ==.
type Objective struct {
	share uint64 // of whole
}

// ParseObjective reads a percentage written as a decimal, without a sign, exponent or
// percent mark: "99.9". It must be above 0 and at most 100.
func ParseObjective(s string) (Objective, error) {
	integer, decimals, dotted := strings.Cut(s, ".")
	if !isDigits(integer) || dotted && !isDigits(decimals) {
		return Objective{}, fmt.Errorf("objective %q: not a decimal number", s)
	}
	integer = strings.TrimLeft(integer, "0")
	decimals = strings.TrimRight(decimals, "0")
	if len(integer) > 3 {
		return Objective{}, fmt.Errorf("objective %q: above 100", s)
	}
	if len(decimals) > objectiveDecimals {
		return Objective{}, fmt.Errorf("objective %q: more than %d decimals", s, objectiveDecimals)
	}
	var share uint64 // at most 999 x 10^16, which fits
	for _, digit := range integer + decimals + strings.Repeat("0", objectiveDecimals-len(decimals)) {
		share = share*10 + uint64(digit-'0')
	}
	switch {
	case share == 0:
		return Objective{}, fmt.Errorf("objective %q: must be above 0", s)
	case share > whole:
		return Objective{}, fmt.Errorf("objective %q: above 100", s)
	}
	return Objective{share}, nil
}

// IsZero reports whether o is the zero value, which is no objective.
func (o Objective) IsZero() bool { return o.share == 0 }

// String writes the objective as ParseObjective reads it, in its shortest form: "99.9".
func (o Objective) String() string {
	const percent = whole / 100
	text := fmt.Sprintf("%d.%0*d", o.share/percent, objectiveDecimals, o.share%percent)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// MarshalText writes the objective as String does.
func (o Objective) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what ParseObjective reads.
func (o *Objective) UnmarshalText(text []byte) error {
	parsed, err := ParseObjective(string(text))
	if err != nil {
		return err
	}
	*o = parsed
	return nil
}

// Budget is the time that may be lost of agreed milliseconds: the floor of
// (1 - o) x agreed. Because time is counted in whole milliseconds, more than the exact
// budget is lost exactly when more than this floor is. Agreed must not be negative.
func (o Objective) Budget(agreed int64) int64 {
	return mulDiv(agreed, whole-o.share, whole)
}

// Met reports whether the exact fraction is at least the objective. Nothing measured is
// not met.
func (o Objective) Met(f Fraction) bool {
	return f.Den > 0 && !f.below(o)
}

func (o Objective) validate() error {
	if o.IsZero() {
		return errors.New("objective: missing")
	}
	return nil
}

// floor cuts the objective to so many decimals of a percent.
func (o Objective) floor(decimals int) Objective {
	step := uint64(whole / 100)
	for range decimals {
		step /= 10
	}
	return Objective{o.share - o.share%step}
}

// mulDiv is the floor of a x b / c, exact whatever the size of the product. The quotient
// must fit, a >= 0 and c > 0.
func mulDiv(a int64, b, c uint64) int64 {
	hi, lo := bits.Mul64(uint64(a), b)
	quotient, _ := bits.Div64(hi, lo, c)
	return int64(quotient)
}

func isDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}
