package slo

import (
	"errors"
	"fmt"
)

// CreditTier grants a share of the fee when availability is below a bound.
type CreditTier struct {
	Below   Objective // availability, compared exactly
	Percent Objective // of the fee, 0 < x <= 100
}

// Credit is what a client is owed for a window.
type Credit struct {
	Amount  int64     // minor currency units (cents), rounded up: in the client's favour
	Percent Objective // of the fee; the zero value when no tier applies
	Tier    int       // the tier that applied, as its place in the list; -1: none
}

// CreditFor applies the tiers to an exact availability and a fee in minor currency units. Of
// all tiers whose bound availability is below, the one with the highest percentage applies.
// Nothing measured is owed nothing: whether that can stand is for Ledger.Verdict to say.
func CreditFor(availability Fraction, tiers []CreditTier, fee int64) (Credit, error) {
	if fee < 0 {
		return Credit{}, errors.New("fee: negative")
	}
	none := Credit{Tier: -1}
	credit := none
	for i, tier := range tiers {
		if tier.Below.IsZero() || tier.Percent.IsZero() {
			return Credit{}, fmt.Errorf("credits[%d]: without a bound or a percentage", i)
		}
		if availability.Den > 0 && availability.below(tier.Below) && tier.Percent.share > credit.Percent.share {
			credit = Credit{Percent: tier.Percent, Tier: i}
		}
	}
	if credit.Tier < 0 || credit.Percent.IsZero() {
		return none, nil
	}
	// What is left after the credit is rounded down, so the credit is rounded up.
	credit.Amount = fee - mulDiv(fee, whole-credit.Percent.share, whole)
	return credit, nil
}
