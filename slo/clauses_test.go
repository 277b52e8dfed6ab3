package slo_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/nines-monitor/nines/slo"
)

const (
	second = int64(1000)
	hour   = 3600 * second
	day    = 24 * hour
)

// story is a service's states, one letter an hour: u up, d down, ? unknown.
func story(hours string) map[string][]slo.Span {
	states := map[rune]slo.State{'u': slo.Up, 'd': slo.Down}
	var spans []slo.Span
	for i, letter := range hours {
		start := int64(i) * hour
		if n := len(spans); n > 0 && spans[n-1].State == states[letter] && spans[n-1].End == start {
			spans[n-1].End, spans[n-1].Last = start+hour, start+hour
		} else if letter != '?' {
			spans = append(spans, slo.Span{Start: start, End: start + hour, Last: start + hour, State: states[letter]})
		}
	}
	return map[string][]slo.Span{"a": spans}
}

// asked is the question about a story, as of its end, in a period of so many hours.
func asked(t testing.TB, hours string, period int64, percent string) slo.Input {
	return slo.Input{
		Period:  slo.Period{Start: 0, End: period * hour},
		Now:     int64(len(hours)) * hour,
		Service: slo.Leaf("a"),
		Series:  story(hours),
		Terms:   slo.Terms{Objective: objective(t, percent)},
	}
}

func TestStatus(t *testing.T) {
	for name, tc := range map[string]struct {
		in   slo.Input
		want slo.BudgetState
	}{
		"nothing measured yet":                         {asked(t, "??????", 100, "90"), slo.NotMeasured},
		"all well":                                     {asked(t, "uuuuuu", 100, "90"), slo.Met},
		"half the budget gone, long ago":               {asked(t, "dddduuuuuuuuuu", 100, "90"), slo.Met},
		"exactly a quarter left":                       {asked(t, "dddddduuuuuuuuuu", 80, "90"), slo.Met},
		"less than a quarter left":                     {asked(t, "ddddddduuuuuuuuuuu", 80, "90"), slo.AtRisk},
		"down for an hour of six with the month ahead": {asked(t, "uuuuuuuuuud", 100, "90"), slo.AtRisk},
		"down for an hour of six with little ahead":    {asked(t, "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuud", 40, "90"), slo.Met},
		"spent to the millisecond":                     {asked(t, "ddddddddddu", 100, "90"), slo.AtRisk},
		"overspent":                                    {asked(t, "ddddddddddd", 100, "90"), slo.Breached},
		"no budget and nothing lost":                   {asked(t, "uuuuuu", 100, "100"), slo.Met},
	} {
		if got, err := slo.Status(tc.in); err != nil || got != tc.want {
			t.Errorf("%s: Status = %v, %v, want %v", name, got, err, tc.want)
		}
	}
}

func TestBurning(t *testing.T) {
	rules := slo.DefaultBurnRules(30 * 24 * time.Hour)
	var factors []slo.Factor
	for _, r := range rules {
		factors = append(factors, r.Factor)
	}
	if want := []slo.Factor{14_400, 6_000, 3_000, 1_000}; !reflect.DeepEqual(factors, want) {
		t.Fatalf("factors of 30 days: %v, want %v", factors, want)
	}
	if got := slo.DefaultBurnRules(7 * 24 * time.Hour)[0].Factor; got != 3_360 {
		t.Errorf("factor of 7 days: %d, want 3360", got)
	}
	many := func(slo.Period) int { return 100 }
	up := "uuuuuuuuuuuuuuuuuuuuuuuu" // a day
	for name, tc := range map[string]struct {
		hours  string
		failed func(slo.Period) int
		terms  func(*slo.Terms)
		want   []slo.Factor
	}{
		"all well":               {up + up + up, many, nil, nil},
		"down for an hour":       {up + up + up + "d", many, nil, factors},
		"down, but up again":     {up + up + up + "du", many, nil, []slo.Factor{3_000, 1_000}},
		"too few failed":         {up + up + up + "d", func(slo.Period) int { return 1 }, nil, nil},
		"nobody counts failures": {up + up + up + "d", nil, nil, factors},
		"young and down":         {"d", many, nil, factors},
		"nothing measured":       {"????", many, nil, nil},
		"down in maintenance": {up + up + up + "d", many, func(x *slo.Terms) {
			x.Maintenance = []slo.Maintenance{{Period: slo.Period{Start: 72 * hour, End: 73 * hour}}}
		}, nil},
		"down while excluded": {up + up + up + "d", many, func(x *slo.Terms) {
			x.Exclusions = []slo.Exclusion{{Period: slo.Period{Start: 72 * hour, End: 73 * hour}}}
		}, nil},
		"no budget at all":       {up + up + up + "d", many, func(x *slo.Terms) { x.Objective = objective(t, "100") }, factors},
		"unknown counts as down": {up + up + up + "?", many, func(x *slo.Terms) { x.Unknown = slo.UnknownAsDown }, factors},
	} {
		in := asked(t, tc.hours, 720, "99.9")
		if tc.terms != nil {
			tc.terms(&in.Terms)
		}
		firing, err := slo.Burning(in, rules, tc.failed)
		var got []slo.Factor
		for _, r := range firing {
			got = append(got, r.Factor)
		}
		if err != nil || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: Burning = %v, %v, want %v", name, got, err, tc.want)
		}
	}
}

func TestBurnLooksBackBeyondThePeriod(t *testing.T) {
	in := asked(t, "ddddd"+"uuuuuu", 100, "99.9")
	in.Period.Start = 5 * hour
	table, err := slo.NewTimetable(in.Terms, in.Period)
	if err != nil {
		t.Fatal(err)
	}
	got, err := table.Burn(in.Now, 8*time.Hour, in.Service, in.Series)
	if want := (slo.Burn{Bad: 2 * hour, Measured: 8 * hour}); err != nil || got != want {
		t.Errorf("Burn = %+v, %v, want %+v", got, err, want)
	}
	if rate, ok := got.Rate(in.Terms.Objective); rate != "250.00" || !ok {
		t.Errorf("Rate = %q, %v, want 250.00", rate, ok)
	}
	if rate, ok := got.Rate(objective(t, "100")); ok {
		t.Errorf("Rate of no budget = %q", rate)
	}
	if rate, ok := (slo.Burn{Bad: 1 << 60, Measured: 1 << 60}).Rate(objective(t, "99.9999999999999999")); rate != "1000000000000000000.00" || !ok {
		t.Errorf("Rate of the smallest budget = %q", rate)
	}
	if got.Exceeds(in.Terms.Objective, 250_000) || !got.Exceeds(in.Terms.Objective, 249_999) {
		t.Errorf("Exceeds is not exact at a rate of 250")
	}
}

func TestOutages(t *testing.T) {
	in := asked(t, "duuddd?ddudd", 100, "99.9")
	in.Terms.Exclusions = []slo.Exclusion{{Period: slo.Period{Start: 4 * hour, End: 5 * hour}}}
	outage := func(start, end, counted int64, ongoing bool) slo.Outage {
		return slo.Outage{Period: slo.Period{Start: start * hour, End: end * hour}, Counted: counted * hour, Ongoing: ongoing}
	}
	for name, tc := range map[string]struct {
		policy slo.UnknownPolicy
		want   []slo.Outage
	}{
		"unknown ends an outage":                           {slo.UnknownExcluded, []slo.Outage{outage(0, 1, 1, false), outage(3, 6, 2, false), outage(7, 9, 2, false), outage(10, 12, 2, true)}},
		"unknown that counts as down is part of an outage": {slo.UnknownAsDown, []slo.Outage{outage(0, 1, 1, false), outage(3, 9, 5, false), outage(10, 12, 2, true)}},
	} {
		in.Terms.Unknown = tc.policy
		got, err := slo.Outages(in)
		if err != nil || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: Outages = %+v, %v, want %+v", name, got, err, tc.want)
		}
	}
}

func TestOutageViolations(t *testing.T) {
	outages := []slo.Outage{
		{Period: slo.Period{Start: 0, End: hour}, Counted: hour},
		{Period: slo.Period{Start: 2 * hour, End: 3 * hour}, Counted: hour / 6},
		{Period: slo.Period{Start: 5 * hour, End: 8 * hour}, Counted: 3 * hour},
	}
	for name, tc := range map[string]struct {
		terms slo.OutageTerms
		want  []string
	}{
		"no clauses":                          {slo.OutageTerms{}, nil},
		"too many that are long":              {slo.OutageTerms{HasMost: true, MostOutages: 1, LongerThan: 10 * time.Minute}, []string{"max_outages@5h"}},
		"none at all":                         {slo.OutageTerms{HasMost: true}, []string{"max_outages@0h", "max_outages@2h", "max_outages@5h"}},
		"longer than allowed":                 {slo.OutageTerms{Longest: time.Hour}, []string{"longest@5h"}},
		"exactly as long as allowed":          {slo.OutageTerms{Longest: 3 * time.Hour}, nil},
		"too soon after the one before":       {slo.OutageTerms{LeastApart: 2 * time.Hour}, []string{"least_between@2h"}},
		"several clauses, in order of outage": {slo.OutageTerms{Longest: time.Hour, LeastApart: 3 * time.Hour}, []string{"least_between@2h", "longest@5h", "least_between@5h"}},
	} {
		var got []string
		for _, v := range tc.terms.Violations(outages) {
			at := time.Duration(v.Outage.Start) * time.Millisecond
			got = append(got, v.Clause+"@"+map[time.Duration]string{0: "0h", 2 * time.Hour: "2h", 5 * time.Hour: "5h"}[at])
			if v.Text == "" {
				t.Errorf("%s: %+v without a text", name, v)
			}
		}
		if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: Violations = %v, want %v", name, got, tc.want)
		}
	}
}

func TestCreditFor(t *testing.T) {
	tiers := []slo.CreditTier{
		{Below: objective(t, "99.9"), Percent: objective(t, "5")},
		{Below: objective(t, "99.5"), Percent: objective(t, "10")},
		{Below: objective(t, "99"), Percent: objective(t, "25")},
	}
	for name, tc := range map[string]struct {
		availability slo.Fraction
		fee          int64
		want         slo.Credit
	}{
		"met":                            {slo.Fraction{Num: 999, Den: 1000}, 120_000, slo.Credit{Tier: -1}},
		"a hair below, shown as met":     {slo.Fraction{Num: 998_999_999, Den: 1_000_000_000}, 120_000, slo.Credit{Amount: 6_000, Percent: objective(t, "5"), Tier: 0}},
		"in the second tier":             {slo.Fraction{Num: 992, Den: 1000}, 120_000, slo.Credit{Amount: 12_000, Percent: objective(t, "10"), Tier: 1}},
		"in the last tier":               {slo.Fraction{Num: 0, Den: 1000}, 120_000, slo.Credit{Amount: 30_000, Percent: objective(t, "25"), Tier: 2}},
		"rounded in the client's favour": {slo.Fraction{Num: 998, Den: 1000}, 1, slo.Credit{Amount: 1, Percent: objective(t, "5"), Tier: 0}},
		"nothing measured":               {slo.Fraction{}, 120_000, slo.Credit{Tier: -1}},
		"no fee":                         {slo.Fraction{Num: 0, Den: 1000}, 0, slo.Credit{Percent: objective(t, "25"), Tier: 2}},
	} {
		if got, err := slo.CreditFor(tc.availability, tiers, tc.fee); err != nil || got != tc.want {
			t.Errorf("%s: CreditFor(%v, %d) = %+v, %v, want %+v", name, tc.availability, tc.fee, got, err, tc.want)
		}
	}
	if got, err := slo.CreditFor(slo.Fraction{}, tiers, -1); err == nil {
		t.Errorf("negative fee: %+v", got)
	}
	if got, err := slo.CreditFor(slo.Fraction{}, make([]slo.CreditTier, 1), 1); err == nil {
		t.Errorf("empty tier: %+v", got)
	}
}

func TestResponseClocks(t *testing.T) {
	office := &slo.Calendar{Zone: time.UTC, Rules: []slo.HoursRule{{Days: [7]bool{1: true, 2: true, 3: true, 4: true, 5: true}, From: 9 * time.Hour, To: 17 * time.Hour}}}
	terms := slo.ResponseTerms{Acknowledge: time.Hour, Resolve: 4 * time.Hour}
	at := func(s string) int64 { return instant(t, "2026-03-"+s+":00Z") } // the 6th is a Friday
	for name, tc := range map[string]struct {
		calendar *slo.Calendar
		incident slo.Incident
		now      int64
		want     slo.Response
	}{
		"still running": {
			office, slo.Incident{Opened: at("06T16:30")}, at("06T16:45"),
			slo.Response{
				Acknowledge: slo.ResponseClock{Promised: true, Elapsed: 15 * time.Minute, Due: at("09T09:30")},
				Resolve:     slo.ResponseClock{Promised: true, Elapsed: 15 * time.Minute, Due: at("09T12:30")},
			},
		},
		"the weekend does not count": {
			office, slo.Incident{Opened: at("06T16:30"), Acknowledged: at("06T16:40")}, at("09T14:00"),
			slo.Response{
				Acknowledge: slo.ResponseClock{Promised: true, Stopped: true, Elapsed: 10 * time.Minute, Due: at("09T09:30")},
				Resolve:     slo.ResponseClock{Promised: true, Elapsed: 5*time.Hour + 30*time.Minute, Late: true, Due: at("09T12:30")},
			},
		},
		"the clock stops while the client is awaited": {
			office, slo.Incident{Opened: at("09T09:00"), Acknowledged: at("09T10:00"), Resolved: at("09T16:00"),
				Awaited: []slo.Period{{Start: at("09T12:00"), End: at("09T14:00")}, {Start: at("09T11:00"), End: at("09T13:00")}}}, at("12T12:00"),
			slo.Response{
				Acknowledge: slo.ResponseClock{Promised: true, Stopped: true, Elapsed: time.Hour, Due: at("09T10:00")},
				Resolve:     slo.ResponseClock{Promised: true, Stopped: true, Elapsed: 4 * time.Hour, Due: at("09T16:00")},
			},
		},
		"always in service": {
			nil, slo.Incident{Opened: at("07T00:00")}, at("07T02:00"),
			slo.Response{
				Acknowledge: slo.ResponseClock{Promised: true, Elapsed: 2 * time.Hour, Late: true, Due: at("07T01:00")},
				Resolve:     slo.ResponseClock{Promised: true, Elapsed: 2 * time.Hour, Due: at("07T04:00")},
			},
		},
	} {
		got, err := terms.Clocks(tc.calendar, tc.incident, tc.now)
		if err != nil || got != tc.want {
			t.Errorf("%s:\ngot  %+v, %v\nwant %+v", name, got, err, tc.want)
		}
	}
	if got, err := terms.Clocks(office, slo.Incident{Opened: 1 << 60}, 0); err == nil {
		t.Errorf("an incident in no year: %+v", got)
	}
}

func TestForecast(t *testing.T) {
	in := asked(t, "uuuuuuuuuuddu", 100, "90") // two of the last six hours down, eight of ten left
	o, err := slo.Forecast(in, 6*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	want := slo.Outlook{
		Reachable: slo.Fraction{Num: 98 * hour, Den: 100 * hour},
		ToCome:    87 * hour,
		Burn:      slo.Burn{Bad: 2 * hour, Measured: 6 * hour},
		Ends:      true,
		EndsAt:    (13 + 24) * hour,
	}
	if o != want {
		t.Errorf("Forecast = %+v, want %+v", o, want)
	}
	in.Terms.Exclusions = []slo.Exclusion{{Period: slo.Period{Start: 20 * hour, End: 30 * hour}}}
	if o, err = slo.Forecast(in, 6*time.Hour); err != nil || o.EndsAt >= (13+24+10)*hour || o.EndsAt < (13+20+10)*hour {
		t.Errorf("with an exclusion ahead, which shrinks the budget to 9 h: %+v, %v, want an end 21 counted hours from now", o, err)
	}
}

func TestForecastOfASpentBudget(t *testing.T) {
	for name, tc := range map[string]struct {
		hours string
		ends  bool
	}{
		"spent, and nothing burns": {"dddddddddduuuuuu", false},
		"spent, and it burns":      {"ddddddddduuuuuud", true},
		"overspent":                {"ddddddddddduuuuuu", true},
	} {
		in := asked(t, tc.hours, 100, "90")
		o, err := slo.Forecast(in, 6*time.Hour)
		if err != nil || o.Ends != tc.ends || o.Ends && o.EndsAt != in.Now {
			t.Errorf("%s: Forecast = %+v, %v, want that it ends now: %v", name, o, err, tc.ends)
		}
	}
}

func TestAfford(t *testing.T) {
	in := asked(t, "uuuuuuuuu", 100, "90")
	sunday := slo.Period{Start: 50 * hour, End: 61 * hour}
	got, err := slo.AffordOutage(in, sunday)
	want := slo.Affordable{Agreed: 100 * hour, Budget: 10 * hour, Consumed: 11 * hour, Remaining: -hour, Breached: true, Reachable: slo.Fraction{Num: 89 * hour, Den: 100 * hour}}
	if err != nil || got != want {
		t.Errorf("AffordOutage = %+v, %v, want %+v", got, err, want)
	}
	got, err = slo.AffordMaintenance(in, slo.Maintenance{Period: sunday})
	want = slo.Affordable{Agreed: 89 * hour, Budget: 89 * hour / 10, Consumed: 0, Remaining: 89 * hour / 10, Reachable: slo.Fraction{Num: 89 * hour, Den: 89 * hour}}
	if err != nil || got != want {
		t.Errorf("AffordMaintenance = %+v, %v, want %+v", got, err, want)
	}
	in.Terms.Policy = slo.MaintenancePolicy{HasCap: true, Cap: 5 * time.Hour}
	got, err = slo.AffordMaintenance(in, slo.Maintenance{Period: sunday})
	want = slo.Affordable{Agreed: 95 * hour, Budget: 95 * hour / 10, Consumed: 6 * hour, Remaining: 95*hour/10 - 6*hour, Reachable: slo.Fraction{Num: 89 * hour, Den: 95 * hour}}
	if err != nil || got != want {
		t.Errorf("AffordMaintenance over the cap = %+v, %v, want %+v", got, err, want)
	}
	if len(in.Terms.Maintenance) != 0 {
		t.Error("AffordMaintenance changed the terms it was given")
	}
}

func TestResolution(t *testing.T) {
	month := 30 * day
	minutely := slo.Params{Interval: 60 * second}
	if got, want := slo.ResolutionOf(month, minutely), (slo.Resolution{SmallestOutage: 120 * second, Finest: objective(t, "99.9953703703703703")}); got != want {
		t.Errorf("ResolutionOf = %+v, want %+v", got, want)
	}
	err := objective(t, "99.999").Lint(month, minutely)
	want := "objective 99.999 % allows 25.92s, but the smallest outage that is certain to be seen lasts 2m0s: probe more often, or promise at most 99.9953 %"
	if err == nil || err.Error() != want {
		t.Errorf("Lint = %v\nwant   %s", err, want)
	}
	if err := objective(t, "99.9953").Lint(month, minutely, slo.Params{Interval: second, DownAfter: 1}); err != nil {
		t.Errorf("the finest objective, to four decimals: %v", err)
	}
	if err := objective(t, "100").Lint(60*second, minutely); err == nil {
		t.Error("a window shorter than the smallest outage has no lint")
	}
}

func TestEvents(t *testing.T) {
	terms := slo.Terms{
		Objective:   objective(t, "90"),
		Maintenance: []slo.Maintenance{{Period: slo.Period{Start: 2 * hour, End: 3 * hour}}},
		Exclusions:  []slo.Exclusion{{Period: slo.Period{Start: 5*hour + hour/2, End: 6 * hour}}},
	}
	table, err := slo.NewTimetable(terms, slo.Period{Start: 0, End: 10 * hour})
	if err != nil {
		t.Fatal(err)
	}
	hourly := func(h, good, total int64) slo.Counts {
		return slo.Counts{Period: slo.Period{Start: h * hour, End: (h + 1) * hour}, Good: good, Total: total}
	}
	counts := []slo.Counts{
		hourly(0, 10, 10), hourly(1, 8, 10), hourly(2, 0, 10), hourly(9, 0, 10), hourly(-1, 0, 10),
		slo.EventAt(5*hour, false), slo.EventAt(5*hour+hour/2, false), slo.EventAt(5*hour+hour/2-1, true),
	}
	got, err := table.Events(9*hour, counts)
	want := slo.EventLedger{
		Period: slo.Period{Start: 0, End: 10 * hour}, Elapsed: 9 * hour,
		Maintenance: 10, Excluded: 1, Good: 19, Bad: 3,
		Availability: slo.Fraction{Num: 19, Den: 22}, Budget: 2, Remaining: -1, Missed: true,
	}
	if err != nil || got != want {
		t.Errorf("Events = %+v, %v\nwant %+v", got, err, want)
	}
	for name, c := range map[string]slo.Counts{
		"an hour across an edge":    hourly(5, 1, 1),
		"an hour that is not over":  {Period: slo.Period{Start: 8*hour + 1, End: 9*hour + 1}, Total: 1},
		"more good than there were": hourly(0, 2, 1),
		"no time at all":            {Total: 1},
		"fewer than none":           {Period: slo.Period{Start: 0, End: hour}, Good: -1},
	} {
		if got, err := table.Events(9*hour, []slo.Counts{c}); err == nil {
			t.Errorf("%s: Events = %+v, want an error", name, got)
		}
	}
	terms.Policy.CountsAs = slo.CountsUp
	if table, err = slo.NewTimetable(terms, slo.Period{Start: 0, End: 10 * hour}); err != nil {
		t.Fatal(err)
	}
	if got, err := table.Events(9*hour, counts); err != nil || got.Availability != (slo.Fraction{Num: 29, Den: 32}) {
		t.Errorf("Events with maintenance as up = %+v, %v, want 29 of 32", got, err)
	}
}

func TestExplain(t *testing.T) {
	in := asked(t, "uuuddd??uuuu", 12, "99.9")
	in.Service = slo.All(slo.Leaf("b"), slo.Leaf("a"))
	in.Series["b"] = []slo.Span{{Start: 0, End: 12 * hour, Last: 12 * hour, State: slo.Up}}
	in.Series["a"][1].Reason = 42
	in.Terms.Maintenance = []slo.Maintenance{{ID: "patching", Period: slo.Period{Start: 4 * hour, End: 5 * hour}}}
	in.Terms.Exclusions = []slo.Exclusion{{Period: slo.Period{Start: 9 * hour, End: 10 * hour}}}
	in.Terms.Hours = &slo.Calendar{
		Zone:   time.UTC, // 1970-01-01, a Thursday; office opens at 02:00 and closes at 11:00
		Rules:  []slo.HoursRule{{Days: [7]bool{4: true}, From: 2 * time.Hour, To: 11 * time.Hour}, {Days: [7]bool{3: true}, From: 20 * time.Hour, To: time.Hour}},
		Closed: []slo.Date{{Year: 1969, Month: time.December, Day: 31}},
	}
	spans, err := slo.Explain(in)
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		hour   int64
		class  slo.Class
		state  slo.State
		reason slo.Reason
		cause  string
	}
	var got []line
	for _, s := range spans {
		got = append(got, line{s.Start / hour, s.Class, s.State, s.Reason, s.Cause})
	}
	want := []line{
		{0, slo.ClassOutOfHours, slo.Up, 0, "1969-12-31"}, // closing a date closes its night too
		{1, slo.ClassOutOfHours, slo.Up, 0, ""},
		{2, slo.ClassUp, slo.Up, 0, "b"},
		{3, slo.ClassDown, slo.Down, 42, "a"},
		{4, slo.ClassMaintenance, slo.Down, 42, "patching"},
		{5, slo.ClassDown, slo.Down, 42, "a"},
		{6, slo.ClassUnknown, slo.Unknown, 0, "a"},
		{8, slo.ClassUp, slo.Up, 0, "b"},
		{9, slo.ClassExcluded, slo.Up, 0, "exclusions[0]"},
		{10, slo.ClassUp, slo.Up, 0, "b"},
		{11, slo.ClassOutOfHours, slo.Up, 0, ""},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Explain\ngot  %v\nwant %v", got, want)
	}
	if evidence := spans[3].Evidence; !reflect.DeepEqual(evidence, []slo.Evidence{{Series: "a", Span: in.Series["a"][1]}}) {
		t.Errorf("evidence of the outage: %+v", evidence)
	}
}
