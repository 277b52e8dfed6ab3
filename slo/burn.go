package slo

import (
	"fmt"
	"math/big"
	"time"
)

// Burn is the bad time and the measured time (good and bad) of a look-back, in ms. Time out
// of hours, in counted maintenance or excluded is in neither.
type Burn struct {
	Bad, Measured int64
}

// Factor is a burn rate in thousandths: 14_400 is 14.4, at which a budget lasts for a
// 14.4th of its window.
type Factor int64

// Exceeds reports, exactly, whether the burn rate (Bad / Measured) / (1 - o) is above the
// factor. An objective of 100 % has no budget: any bad time burns it infinitely fast.
func (b Burn) Exceeds(o Objective, f Factor) bool {
	if b.Measured <= 0 {
		return false
	}
	// Bad / Measured > f/1000 x lost/whole, cleared of fractions.
	left := product(b.Bad, 1000, whole)
	right := product(b.Measured, int64(f), int64(whole-o.share))
	return left.Cmp(right) > 0
}

// Rate writes the burn rate with two decimals, truncated: "14.40". It reports false when
// nothing was measured, or the objective of 100 % leaves nothing to burn.
func (b Burn) Rate(o Objective) (string, bool) {
	if b.Measured <= 0 || o.share == whole {
		return "", false
	}
	hundredths := product(b.Bad, 100, whole)
	hundredths.Quo(hundredths, product(b.Measured, 1, int64(whole-o.share)))
	units, rest := hundredths.QuoRem(hundredths, big.NewInt(100), new(big.Int))
	return fmt.Sprintf("%s.%02d", units, rest.Int64()), true
}

func product(a, b, c int64) *big.Int {
	p := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	return p.Mul(p, big.NewInt(c))
}

// Burn adds up the look-back that ends at now. Where it reaches back beyond the start of the
// timetable's period, the same terms are laid over that time too, with a maintenance cap of
// its own.
func (t *Timetable) Burn(now int64, lookBack time.Duration, service Node, series map[string][]Span) (Burn, error) {
	now = max(firstInstant, min(now, lastInstant))
	back := Period{max(firstInstant, now-lookBack.Milliseconds()), now}
	var burn Burn
	if back.Start < t.period.Start {
		before, err := NewTimetable(t.terms, Period{back.Start, min(now, t.period.Start)})
		if err != nil {
			return Burn{}, err
		}
		if err := before.addBurn(&burn, before.period, service, series); err != nil {
			return Burn{}, err
		}
	}
	inside := Period{max(back.Start, t.period.Start), min(now, t.period.End)}
	err := t.addBurn(&burn, inside, service, series)
	return burn, err
}

func (t *Timetable) addBurn(b *Burn, part Period, service Node, series map[string][]Span) error {
	return t.walk(part, service, series, func(p piece, _ *timeline) {
		length := p.End - p.Start
		class := p.class()
		bad, lost := t.rates(class)
		if p.slot.kind == openSlot && lost == 0 {
			b.Measured += length
			b.Bad += bad * length
		}
	})
}

// BurnRule is one line of multiwindow, multi-burn-rate alerting (Google SRE workbook,
// chapter 5): it fires while both look-backs exceed the factor.
type BurnRule struct {
	Long, Short time.Duration
	Factor      Factor
	Page        bool // wake someone; otherwise a ticket

	// The evidence that it takes, over the long look-back, so that a young or sparse SLO
	// does not shout.
	LeastMeasured time.Duration
	LeastFailed   int // observations
}

// DefaultBurnRules are the workbook's for a window of the given length: a page when 2 % of
// the budget goes in an hour or 5 % in six, a ticket when 10 % goes in one or in three days.
// For 30 days these are the factors 14.4, 6, 3 and 1. They need a quarter of the long
// look-back, or at most one hour, to be measured, and two failed observations.
func DefaultBurnRules(window time.Duration) []BurnRule {
	rule := func(percent int64, long, short time.Duration, page bool) BurnRule {
		return BurnRule{
			Long: long, Short: short, Page: page,
			Factor:        Factor(percent * 10 * window.Milliseconds() / long.Milliseconds()),
			LeastMeasured: min(long/4, time.Hour),
			LeastFailed:   2,
		}
	}
	const day = 24 * time.Hour
	return []BurnRule{
		rule(2, time.Hour, 5*time.Minute, true),
		rule(5, 6*time.Hour, 30*time.Minute, true),
		rule(10, day, 2*time.Hour, false),
		rule(10, 3*day, 6*time.Hour, false),
	}
}

// Burning lists those of the rules that fire at in.Now. Failed counts the failed
// observations of a stretch of time, for the rules' evidence; nil asks for none. in.Series
// should reach back as far as the longest look-back.
func Burning(in Input, rules []BurnRule, failed func(Period) int) ([]BurnRule, error) {
	table, err := NewTimetable(in.Terms, in.Period)
	if err != nil {
		return nil, err
	}
	var firing []BurnRule
	for _, r := range rules {
		long, err := table.Burn(in.Now, r.Long, in.Service, in.Series)
		if err != nil {
			return nil, err
		}
		if long.Measured < r.LeastMeasured.Milliseconds() || !long.Exceeds(in.Terms.Objective, r.Factor) {
			continue
		}
		short, err := table.Burn(in.Now, r.Short, in.Service, in.Series)
		if err != nil {
			return nil, err
		}
		if !short.Exceeds(in.Terms.Objective, r.Factor) {
			continue
		}
		if failed == nil || failed(Period{in.Now - r.Long.Milliseconds(), in.Now}) >= r.LeastFailed {
			firing = append(firing, r)
		}
	}
	return firing, nil
}
