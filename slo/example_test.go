package slo_test

import (
	"fmt"
	"time"

	"github.com/nines-monitor/nines/slo"
)

// march is a month of probes, one a minute, that all succeed but for some on the 10th.
func march(zone *time.Location) (slo.Period, map[string][]slo.Span) {
	month, err := slo.ParsePeriod(slo.Month, "2026-03", zone)
	if err != nil {
		panic(err)
	}
	outage := time.Date(2026, 3, 10, 14, 0, 30, 0, zone).UnixMilli()
	var seen []slo.Observation
	for t := month.Start; t < month.End; t += 60_000 {
		o := slo.Observation{T: t, State: slo.Up}
		if t > outage && t < outage+50*60_000 {
			o.State = slo.Down
		}
		seen = append(seen, o)
	}
	return month, map[string][]slo.Span{"erp": slo.Fold(slo.Params{Interval: 60_000}, seen)}
}

func promise(percent string) slo.Objective {
	o, err := slo.ParseObjective(percent)
	if err != nil {
		panic(err)
	}
	return o
}

func at(ms int64, zone *time.Location) string {
	return time.UnixMilli(ms).In(zone).Format("2006-01-02 15:04")
}

// How available was it, and what is left of the budget?
func ExampleEvaluate() {
	berlin := mustZone("Europe/Berlin")
	month, series := march(berlin)
	ledger, err := slo.Evaluate(slo.Input{
		Period:  month,
		Now:     month.End,
		Service: slo.Leaf("erp"),
		Series:  series,
		Terms:   slo.Terms{Objective: promise("99.9")},
	})
	if err != nil {
		panic(err)
	}
	availability, _ := ledger.Availability.Percent()
	worst, _ := ledger.Worst.Percent()
	best, _ := ledger.Best.Percent()
	fmt.Printf("%s %%, surely between %s %% and %s %%\n", availability, worst, best)
	fmt.Println("left:", time.Duration(ledger.Remaining)*time.Millisecond, "breached:", ledger.Breached)
	// Output:
	// 99.8878 %, surely between 99.8855 % and 99.8900 %
	// left: -5m25.2s breached: true
}

// The same month under a contract with office hours and a maintenance rule.
func ExampleTerms() {
	berlin := mustZone("Europe/Berlin")
	month, series := march(berlin)
	terms := slo.Terms{
		Objective: promise("99.5"),
		Hours: &slo.Calendar{Zone: berlin, Rules: []slo.HoursRule{{
			Days: [7]bool{time.Monday: true, time.Tuesday: true, time.Wednesday: true, time.Thursday: true, time.Friday: true},
			From: 8 * time.Hour, To: 18 * time.Hour,
		}}},
		Maintenance: []slo.Maintenance{{
			Zone:     berlin,
			Start:    slo.LocalTime{Date: slo.Date{Year: 2026, Month: time.January, Day: 13}, Clock: 14 * time.Hour},
			Duration: 30 * time.Minute,
			RRule:    "FREQ=MONTHLY;BYDAY=2TU",
		}},
	}
	ledger, err := slo.Evaluate(slo.Input{Period: month, Now: month.End, Service: slo.Leaf("erp"), Series: series, Terms: terms})
	if err != nil {
		panic(err)
	}
	ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	fmt.Println("down", ms(ledger.Down), "of", ms(ledger.Agreed), "agreed; in maintenance", ms(ledger.Maintenance))
	// Output:
	// down 21m0s of 219h30m0s agreed; in maintenance 30m0s
}

// Since when can the month no longer be saved?
func ExampleBreachedAt() {
	berlin := mustZone("Europe/Berlin")
	month, series := march(berlin)
	when, breached, err := slo.BreachedAt(slo.Input{
		Period: month, Now: month.End, Service: slo.Leaf("erp"), Series: series,
		Terms: slo.Terms{Objective: promise("99.9")},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(breached, at(when, berlin))
	// Output:
	// true 2026-03-10 14:45
}

// What does the number rest on?
func ExampleExplain() {
	berlin := mustZone("Europe/Berlin")
	month, series := march(berlin)
	spans, err := slo.Explain(slo.Input{
		Period: month, Now: month.End, Service: slo.All(slo.Leaf("erp")), Series: series,
		Terms: slo.Terms{
			Objective: promise("99.9"),
			Exclusions: []slo.Exclusion{{
				ID:     "power cut, ticket 4711",
				Period: slo.Period{Start: time.Date(2026, 3, 10, 14, 20, 0, 0, berlin).UnixMilli(), End: time.Date(2026, 3, 10, 15, 0, 0, 0, berlin).UnixMilli()},
				Reason: "client",
			}},
		},
	})
	if err != nil {
		panic(err)
	}
	for _, s := range spans {
		fmt.Println(at(s.Start, berlin), s.Class, "by", s.Cause, "while", s.State)
	}
	// Output:
	// 2026-03-01 00:00 up by erp while up
	// 2026-03-10 14:01 down by erp while down
	// 2026-03-10 14:20 excluded by power cut, ticket 4711 while down
	// 2026-03-10 14:51 excluded by power cut, ticket 4711 while up
	// 2026-03-10 15:00 up by erp while up
}

// Can we afford two hours on Sunday at 02:00?
func ExampleAffordOutage() {
	berlin := mustZone("Europe/Berlin")
	month, series := march(berlin)
	sunday := time.Date(2026, 3, 22, 2, 0, 0, 0, berlin)
	answer, err := slo.AffordOutage(slo.Input{
		Period: month, Now: time.Date(2026, 3, 20, 0, 0, 0, 0, berlin).UnixMilli(), Service: slo.Leaf("erp"), Series: series,
		Terms: slo.Terms{Objective: promise("99.5")},
	}, slo.Period{Start: sunday.UnixMilli(), End: sunday.Add(2 * time.Hour).UnixMilli()})
	if err != nil {
		panic(err)
	}
	reachable, _ := answer.Reachable.Percent()
	fmt.Println("affordable:", !answer.Breached, "left:", time.Duration(answer.Remaining)*time.Millisecond, "at best:", reachable)
	// Output:
	// affordable: true left: 52m54s at best: 99.6186
}

// What is owed to the client?
func ExampleCreditFor() {
	tiers := []slo.CreditTier{
		{Below: promise("99.9"), Percent: promise("5")},
		{Below: promise("99.5"), Percent: promise("10")},
	}
	credit, err := slo.CreditFor(slo.Fraction{Num: 99_499_999, Den: 100_000_000}, tiers, 1_200_00)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d cents, %v %%, tier %d\n", credit.Amount, credit.Percent, credit.Tier)
	// Output:
	// 12000 cents, 10 %, tier 1
}
