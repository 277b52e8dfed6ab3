package slo

import (
	"slices"
	"time"
)

// Outlook is what a period can still come to.
type Outlook struct {
	// Reachable is the best availability that the period can still end with: nothing more
	// is lost. Nothing measured and nothing to come gives nothing.
	Reachable Fraction

	// ToCome is the time of the period after now that counts, in ms.
	ToCome int64

	// Burn is that of the look-back.
	Burn Burn

	// EndsAt is when, at this burn, the budget is used up (ms), when Ends. A budget that is
	// used up already ends now.
	Ends   bool
	EndsAt int64
}

// Forecast looks from the input's Now to the end of its period, as if what was burnt over
// the look-back went on.
func Forecast(in Input, lookBack time.Duration) (Outlook, error) {
	table, err := NewTimetable(in.Terms, in.Period)
	if err != nil {
		return Outlook{}, err
	}
	l, err := table.Ledger(in.Now, in.Service, in.Series)
	if err != nil {
		return Outlook{}, err
	}
	burn, err := table.Burn(in.Now, lookBack, in.Service, in.Series)
	if err != nil {
		return Outlook{}, err
	}
	now := table.elapsed(in.Now).End
	o := Outlook{
		ToCome: table.toCome(now),
		Burn:   burn,
	}
	o.Reachable = Fraction{l.Good + o.ToCome, l.Agreed}
	o.EndsAt, o.Ends = table.endOfBudget(l.Remaining, burn, now)
	return o, nil
}

// endOfBudget is the first instant at which so much counted time has passed that the burn
// has used up what remains.
func (t *Timetable) endOfBudget(remaining int64, burn Burn, now int64) (int64, bool) {
	if remaining <= 0 && burn.Bad > 0 || remaining < 0 {
		return now, true
	}
	if !burn.ends(remaining, t.toCome(now)) {
		return 0, false
	}
	// The counted time needed is the ceiling of remaining x Measured / Bad, and at most toCome.
	needed := mulDiv(remaining, uint64(burn.Measured), uint64(burn.Bad))
	if compareProducts(uint64(needed), uint64(burn.Bad), uint64(remaining), uint64(burn.Measured)) < 0 {
		needed++
	}
	for _, s := range t.slots {
		from := max(s.Start, now)
		if from >= s.End || !t.counts(s) {
			continue
		}
		if needed <= s.End-from {
			return from + needed, true
		}
		needed -= s.End - from
	}
	return t.period.End, true
}

// Affordable is what a period comes to if something that is being thought of happens and
// nothing else does.
type Affordable struct {
	Agreed, Budget, Consumed, Remaining int64 // ms, of the whole period
	Breached                            bool
	Reachable                           Fraction // the best availability then
}

// AffordOutage answers: what if the service were down for all of p, and perfect for the rest
// of the period? What of p is already past counts as it was.
func AffordOutage(in Input, p Period) (Affordable, error) {
	return afford(in, p)
}

// AffordMaintenance answers: what if this maintenance were agreed, and the rest of the period
// were perfect? Notice and cap apply to it as to any other. Where it counts, it shrinks the
// budget; where it does not, the service is taken to be down during it all the same.
func AffordMaintenance(in Input, m Maintenance) (Affordable, error) {
	occurrences, err := m.Occurrences(in.Period)
	if err != nil {
		return Affordable{}, err
	}
	in.Terms.Maintenance = append(in.Terms.Maintenance[:len(in.Terms.Maintenance):len(in.Terms.Maintenance)], m)
	return afford(in, occurrences...)
}

// afford takes the service to be down during the periods, which may overlap.
func afford(in Input, down ...Period) (Affordable, error) {
	table, err := NewTimetable(in.Terms, in.Period)
	if err != nil {
		return Affordable{}, err
	}
	l, err := table.Ledger(in.Now, in.Service, in.Series)
	if err != nil {
		return Affordable{}, err
	}
	now := table.elapsed(in.Now).End
	a := Affordable{Agreed: l.Agreed, Budget: l.Budget, Consumed: l.Consumed}
	down = joinPeriods(slices.Clone(down))
	for _, s := range table.slots {
		for len(down) > 0 && down[0].End <= s.Start {
			down = down[1:]
		}
		for _, d := range down {
			if d.Start >= s.End {
				break
			}
			if overlap := min(s.End, d.End) - max(s.Start, d.Start, now); overlap > 0 && s.kind == openSlot {
				a.Consumed += overlap
			}
		}
	}
	a.Remaining = a.Budget - a.Consumed
	a.Breached = a.Remaining < 0
	a.Reachable = Fraction{a.Agreed - a.Consumed, a.Agreed}
	return a, nil
}
