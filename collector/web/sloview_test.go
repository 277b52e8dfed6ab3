package web

import (
	"testing"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/slo"
)

// A promise is green only when as much was measured as the contract wants, to the millisecond.
func TestAPromiseIsMetOnlyWhenItIsProven(t *testing.T) {
	for name, tc := range map[string]struct {
		least    string
		up, down int64 // ms of 100,000
		state    slo.BudgetState
		budget   string
		measured string
		proven   bool
	}{
		"no least coverage, little measured": {"", 300, 0, slo.Met, "met", "0.3000 % measured", true},
		"no least coverage, all measured":    {"", 100_000, 0, slo.Met, "met", "", true},
		"one ms below the least coverage":    {"95", 94_999, 0, slo.Met, "not_proven", "94.9990 % measured of 95 % wanted", false},
		"exactly the least coverage":         {"95", 95_000, 0, slo.Met, "met", "95.0000 % measured", true},
		"a least coverage finer than a ms":   {"94.9999999", 94_999, 0, slo.Met, "not_proven", "94.9990 % measured of 94.9999999 % wanted", false},
		"breached all the same":              {"95", 1000, 500, slo.Breached, "breached", "1.5000 % measured of 95 % wanted", false},
		"at risk all the same":               {"95", 1400, 100, slo.AtRisk, "at_risk", "1.5000 % measured of 95 % wanted", false},
		"nothing measured counts as up":      {"", 0, 0, slo.Met, "not_proven", "0.0000 % measured", false},
	} {
		t.Run(name, func(t *testing.T) {
			unknown := 100_000 - tc.up - tc.down
			a := ledger.Answer{
				State: tc.state, Terms: slo.Terms{Objective: mustObjective("99")},
				Ledger: slo.Ledger{
					Up: tc.up, Down: tc.down, Unknown: unknown, Good: tc.up, Bad: tc.down,
					Availability: slo.Fraction{Num: 99, Den: 100}, Coverage: slo.Fraction{Num: tc.up + tc.down, Den: 100_000},
					Breached: tc.state == slo.Breached,
				},
			}
			if tc.least != "" {
				a.SLO = contract.SLO{MinCoverage: mustObjective(tc.least)}
			}
			got := newSLOView(sloFacts{Answer: a}, noon.Location())
			if got.Budget != tc.budget || got.Measured != tc.measured || got.Unproven == tc.proven {
				t.Errorf("newSLOView: budget %s, measured %q, unproven %v; want %s, %q, %v", got.Budget, got.Measured, got.Unproven, tc.budget, tc.measured, !tc.proven)
			}
			if one := newLedgerJSON(a); one.Proven != tc.proven || one.State != tc.state.String() {
				t.Errorf("newLedgerJSON: state %s, proven %v; want %s, %v", one.State, one.Proven, tc.state, tc.proven)
			}
		})
	}
}

// However an SLO stands, the summary counts it once.
func TestTheSummaryCountsEveryObjective(t *testing.T) {
	var services []serviceView
	for _, budget := range []string{"met", "met", "not_proven", "at_risk", "breached", "not_measured"} {
		services = append(services, serviceView{State: stateView{Kind: "up"}, SLOs: []sloView{{Budget: budget}}})
	}
	got := newSummary([]clientView{{Services: services}})
	if got.Met != 2 || got.Unproven != 1 || got.AtRisk != 1 || got.Breached != 1 || got.Blank != 1 {
		t.Errorf("newSummary = %+v, want 2 met and one each of not proven, at risk, breached and not measured", got)
	}
}
