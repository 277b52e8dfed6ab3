package slo

import (
	"fmt"
	"time"
)

// Outage is a stretch in which the service was down (or, where unknown time counts as down,
// unknown) without a sign of anything else. Time that does not count neither ends an outage
// nor lengthens it: one from closing time to the next morning is one outage.
type Outage struct {
	Period        // ms, from its first counted instant to its last
	Counted int64 // ms, what of it counted as bad
	Ongoing bool  // it reaches up to now
}

// Outages lists the outages of the input's period up to its Now, in order. One that began
// before the period begins with it.
func Outages(in Input) ([]Outage, error) {
	table, err := NewTimetable(in.Terms, in.Period)
	if err != nil {
		return nil, err
	}
	elapsed := table.elapsed(in.Now)
	var outages []Outage
	open := false
	err = table.walk(elapsed, in.Service, in.Series, func(p piece, _ *timeline) {
		if !table.isBad(p.view[estimate]) {
			open = false
			return
		}
		if p.slot.kind != openSlot {
			return
		}
		if !open {
			open = true
			outages = append(outages, Outage{Period: Period{Start: p.Start}})
		}
		last := &outages[len(outages)-1]
		last.End = p.End
		last.Counted += p.End - p.Start
		last.Ongoing = p.End == elapsed.End && in.Now < in.Period.End
	})
	return outages, err
}

func (t *Timetable) isBad(s State) bool {
	return s == Down || s == Unknown && t.terms.Unknown == UnknownAsDown
}

// OutageTerms are a contract's clauses about outages beside its availability. A clause whose
// value is zero is not in the contract, but for MostOutages, which needs HasMost.
type OutageTerms struct {
	HasMost     bool
	MostOutages int           // at most so many outages ...
	LongerThan  time.Duration // ... longer than this, in counted time
	Longest     time.Duration // no single outage longer than this, in counted time
	LeastApart  time.Duration // at least so much elapsed time from one's end to the next one's start
}

// OutageViolation is one clause broken by one outage.
type OutageViolation struct {
	Clause string // as contracts write it: "max_outages", "longest" or "least_between"
	Outage Outage
	Text   string // for a person
}

// Violations lists what the outages, in order, break.
func (t OutageTerms) Violations(outages []Outage) []OutageViolation {
	var found []OutageViolation
	long := 0
	for i, o := range outages {
		length := time.Duration(o.Counted) * time.Millisecond
		if length > t.LongerThan {
			long++
			if t.HasMost && long > t.MostOutages {
				found = append(found, OutageViolation{"max_outages", o,
					fmt.Sprintf("outage %d of more than %s, where at most %d are allowed", long, t.LongerThan, t.MostOutages)})
			}
		}
		if t.Longest > 0 && length > t.Longest {
			found = append(found, OutageViolation{"longest", o,
				fmt.Sprintf("an outage of %s, where at most %s is allowed", length, t.Longest)})
		}
		if i == 0 || t.LeastApart <= 0 {
			continue
		}
		if apart := time.Duration(o.Start-outages[i-1].End) * time.Millisecond; apart < t.LeastApart {
			found = append(found, OutageViolation{"least_between", o,
				fmt.Sprintf("%s after the outage before, where at least %s is promised", apart, t.LeastApart)})
		}
	}
	return found
}
