package slo_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/slo"
)

func objective(t testing.TB, s string) slo.Objective {
	t.Helper()
	o, err := slo.ParseObjective(s)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestFractionPercentIsTruncated(t *testing.T) {
	for want, f := range map[string]slo.Fraction{
		"99.9499":  {Num: 9_994_999, Den: 10_000_000},
		"99.9999":  {Num: 1<<62 - 1, Den: 1 << 62},
		"100.0000": {Num: 1 << 62, Den: 1 << 62},
		"0.0000":   {Num: 0, Den: 1},
		"33.3333":  {Num: 1, Den: 3},
	} {
		if got, measured := f.Percent(); got != want || !measured {
			t.Errorf("%v.Percent() = %q, %v, want %q", f, got, measured, want)
		}
	}
	if got, measured := (slo.Fraction{}).Percent(); measured {
		t.Errorf("nothing measured is %q", got)
	}
}

func TestFractionCompare(t *testing.T) {
	none, third, half := slo.Fraction{}, slo.Fraction{Num: 1, Den: 3}, slo.Fraction{Num: 1 << 61, Den: 1 << 62}
	for _, tc := range []struct {
		a, b slo.Fraction
		want int
	}{{none, none, 0}, {none, third, -1}, {third, none, 1}, {third, half, -1}, {half, slo.Fraction{Num: 1, Den: 2}, 0}, {half, third, 1}} {
		if got := tc.a.Compare(tc.b); got != tc.want {
			t.Errorf("%v.Compare(%v) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}

func TestObjectiveBudgetIsExact(t *testing.T) {
	for _, tc := range []struct {
		objective    string
		agreed, want int64
	}{
		{"99.9", 2_592_000_000, 2_592_000},
		{"99.95", 1999, 0},
		{"99.95", 2000, 1},
		{"100", 1 << 60, 0},
		{"99.9999999999999999", 1_000_000_000_000_000_000, 1},
		{"0.0000000000000001", 1_000_000_000_000_000_000, 999_999_999_999_999_999},
	} {
		if got := objective(t, tc.objective).Budget(tc.agreed); got != tc.want {
			t.Errorf("%s %% of %d: budget %d, want %d", tc.objective, tc.agreed, got, tc.want)
		}
	}
}

func TestTermsValidateNamesTheField(t *testing.T) {
	good := slo.Terms{Objective: objective(t, "99.9")}
	local := slo.Maintenance{Zone: time.UTC, Start: slo.LocalTime{Date: slo.Date{Year: 2026, Month: 1, Day: 1}}, Duration: time.Hour}
	for place, spoil := range map[string]func(*slo.Terms){
		"objective: ":                     func(x *slo.Terms) { x.Objective = slo.Objective{} },
		"service_hours.time zone: ":       func(x *slo.Terms) { x.Hours = &slo.Calendar{} },
		"service_hours.rules[0].days: ":   func(x *slo.Terms) { x.Hours = &slo.Calendar{Zone: time.UTC, Rules: make([]slo.HoursRule, 1)} },
		"service_hours.closed_dates[0]: ": func(x *slo.Terms) { x.Hours = &slo.Calendar{Zone: time.UTC, Closed: make([]slo.Date, 1)} },
		"service_hours.rules[0].from: ": func(x *slo.Terms) {
			x.Hours = &slo.Calendar{Zone: time.UTC, Rules: []slo.HoursRule{{Days: [7]bool{true}, From: 24 * time.Hour}}}
		},
		"service_hours.rules[0].to: ": func(x *slo.Terms) {
			x.Hours = &slo.Calendar{Zone: time.UTC, Rules: []slo.HoursRule{{Days: [7]bool{true}, To: 25 * time.Hour}}}
		},
		"service_hours.rules[0].from, to: ": func(x *slo.Terms) {
			x.Hours = &slo.Calendar{Zone: time.UTC, Rules: []slo.HoursRule{{Days: [7]bool{true}, From: 1}}}
		},
		"maintenance[0].end: ": func(x *slo.Terms) { x.Maintenance = []slo.Maintenance{{Period: slo.Period{Start: 1}}} },
		"maintenance[1].duration: ": func(x *slo.Terms) {
			m := local
			m.Duration = 31 * 24 * time.Hour
			x.Maintenance = []slo.Maintenance{local, m}
		},
		"maintenance[0].start: ":         func(x *slo.Terms) { m := local; m.Start.Day = 32; x.Maintenance = []slo.Maintenance{m} },
		"maintenance[0].rrule: ":         func(x *slo.Terms) { m := local; m.RRule = "FREQ=X"; x.Maintenance = []slo.Maintenance{m} },
		"maintenance_policy.notice: ":    func(x *slo.Terms) { x.Policy.Notice = -1 },
		"maintenance_policy.cap: ":       func(x *slo.Terms) { x.Policy.Cap = 1 },
		"maintenance_policy.counts_as: ": func(x *slo.Terms) { x.Policy.CountsAs = 2 },
		"exclusions[0].end: ":            func(x *slo.Terms) { x.Exclusions = []slo.Exclusion{{Period: slo.Period{Start: 1}}} },
		"exclusions[0].start: ":          func(x *slo.Terms) { x.Exclusions = []slo.Exclusion{{Period: slo.Period{Start: -1 << 62}}} },
		"unknown: ":                      func(x *slo.Terms) { x.Unknown = 3 },
	} {
		terms := good
		spoil(&terms)
		if err := terms.Validate(); err == nil || !strings.HasPrefix(err.Error(), place) {
			t.Errorf("Validate = %v, want an error that begins with %q", err, place)
		}
		in := slo.Input{Period: slo.Period{Start: 0, End: 1000}, Now: 1000, Service: slo.Leaf("a"), Terms: terms}
		if l, err := slo.Evaluate(in); err == nil || !strings.HasPrefix(err.Error(), place) {
			t.Errorf("Evaluate = %+v, %v, want an error that begins with %q", l, err, place)
		}
	}
	if err := good.Validate(); err != nil {
		t.Errorf("Validate of good terms: %v", err)
	}
}

func TestEvaluateRefuses(t *testing.T) {
	good := slo.Input{Period: slo.Period{Start: 0, End: 1000}, Now: 1000, Service: slo.Leaf("a"), Terms: slo.Terms{Objective: objective(t, "99.9")}}
	deep := slo.Leaf("a")
	for range 200 {
		deep = slo.All(deep)
	}
	for want, spoil := range map[string]func(*slo.Input){
		"period.end: before start":                           func(x *slo.Input) { x.Period.Start = 2000 },
		"period.start: outside the years 1 to 9999":          func(x *slo.Input) { x.Period.Start = -1 << 62 },
		"period.end: outside the years 1 to 9999":            func(x *slo.Input) { x.Period.End = 1 << 62 },
		"service: neither a series nor children":             func(x *slo.Input) { x.Service = slo.Node{} },
		"service[1]: no children":                            func(x *slo.Input) { x.Service = slo.All(slo.Leaf("a"), slo.Any()) },
		"service[0]: needs 3 of 2 children":                  func(x *slo.Input) { x.Service = slo.Any(slo.Quorum(3, slo.Leaf("a"), slo.Leaf("b"))) },
		"service: needs -1 of 1 children":                    func(x *slo.Input) { x.Service = slo.Quorum(-1, slo.Leaf("a")) },
		`service: names series "a" and has children as well`: func(x *slo.Input) { x.Service = slo.Node{Series: "a", Need: 1} },
		`series "a": span 0 ends before it starts`:           func(x *slo.Input) { x.Series = map[string][]slo.Span{"a": {{Start: 2, End: 1}}} },
		`series "a": span 1 starts before the one before it ends`: func(x *slo.Input) {
			x.Series = map[string][]slo.Span{"a": {{Start: 0, End: 5}, {Start: 4, End: 6}}}
		},
		`series "a": span 0 has no state that exists`: func(x *slo.Input) { x.Series = map[string][]slo.Span{"a": {{Start: 1, End: 2, State: 3}}} },
	} {
		in := good
		spoil(&in)
		if l, err := slo.Evaluate(in); err == nil || err.Error() != want {
			t.Errorf("Evaluate(%+v) = %+v, %v, want %q", in, l, err, want)
		}
	}
	in := good
	in.Service = deep
	if _, err := slo.Evaluate(in); err == nil || !strings.HasSuffix(err.Error(), ": nested deeper than 100 levels") {
		t.Errorf("200 levels: %v", err)
	}
	if _, err := slo.Evaluate(good); err != nil {
		t.Errorf("a series that was never observed: %v", err)
	}
}

func TestVerdict(t *testing.T) {
	least := objective(t, "95")
	for name, tc := range map[string]struct {
		ledger slo.Ledger
		least  slo.Objective
		want   slo.Verdict
	}{
		"nothing was to be measured":          {slo.Ledger{}, least, slo.NotApplicable},
		"too little was measured":             {slo.Ledger{Good: 94, Unknown: 6, Coverage: slo.Fraction{Num: 94, Den: 100}}, least, slo.CannotBeProven},
		"too little was measured, and missed": {slo.Ledger{Good: 1, Bad: 93, Breached: true, Unknown: 6, Coverage: slo.Fraction{Num: 94, Den: 100}}, least, slo.CannotBeProven},
		"just enough was measured":            {slo.Ledger{Good: 95, Unknown: 5, Coverage: slo.Fraction{Num: 95, Den: 100}}, least, slo.ObjectiveMet},
		"nothing was measured":                {slo.Ledger{Unknown: 100, Coverage: slo.Fraction{Num: 0, Den: 100}}, slo.Objective{}, slo.CannotBeProven},
		"all was maintenance that counts":     {slo.Ledger{Good: 100, Maintenance: 100}, slo.Objective{}, slo.CannotBeProven},
		"little is enough without a bound":    {slo.Ledger{Good: 1, Unknown: 99, Coverage: slo.Fraction{Num: 1, Den: 100}}, slo.Objective{}, slo.ObjectiveMet},
		"missed":                              {slo.Ledger{Good: 90, Bad: 10, Breached: true, Coverage: slo.Fraction{Num: 100, Den: 100}}, least, slo.ObjectiveMissed},
	} {
		if got := tc.ledger.Verdict(tc.least); got != tc.want {
			t.Errorf("%s: Verdict(%+v) = %v, want %v", name, tc.ledger, got, tc.want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"90m": 90 * time.Minute, "28d": 672 * time.Hour, "1d12h": 36 * time.Hour, "1.5d": 36 * time.Hour, "-1d": -24 * time.Hour, "-1d1h": -25 * time.Hour, "0d": 0,
	} {
		if got, err := slo.ParseDuration(s); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "d", "1", "1d-1h", "1dd", "1h1d", "1d1d", "--1d", "+-1d", "106752d", "1 d", "∞d"} {
		if got, err := slo.ParseDuration(s); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", s, got)
		}
	}
}
