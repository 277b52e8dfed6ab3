package web

import (
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/slo"
)

// A change says which service and which period it is of, also when the contract has moved on.
func TestAChangeNamesItsServiceAndPeriod(t *testing.T) {
	zone := berlin(t)
	c := practice(t).contracts[0]
	rolling := c.SLOs[0]
	rolling.ID, rolling.Window = "erp-rolling", slo.Window{Kind: slo.Rolling, Length: 7 * 24 * time.Hour}
	c.SLOs = append(c.SLOs, rolling)
	month := slo.Window{Kind: slo.Month, Zone: zone}.At(noon.UnixMilli())
	quarter := slo.Window{Kind: slo.Quarter, Zone: zone}.At(noon.UnixMilli())
	for name, tc := range map[string]struct {
		slo             string
		period          slo.Period
		service, called string
	}{
		"a month":                             {"erp-availability", month, "ERP", "Nov 2026"},
		"a month cut at the contract's start": {"erp-availability", slo.Period{Start: month.Start + 9*dayMS, End: month.End}, "ERP", "Nov 2026"},
		"a quarter of earlier terms":          {"erp-availability", quarter, "ERP", "1 Oct – 31 Dec 2026"},
		"a rolling window":                    {"erp-rolling", slo.Period{Start: noon.UnixMilli() - 7*dayMS, End: noon.UnixMilli()}, "ERP", "16 Nov – 23 Nov 2026"},
		"an SLO that is no more":              {"gone", month, "", "1 Nov – 30 Nov 2026"},
		"a period that has not begun":         {"gone", slo.Period{Start: month.Start, End: month.Start}, "", "1 Nov – 1 Nov 2026"},
	} {
		t.Run(name, func(t *testing.T) {
			got := newChangeView(store.Transition{Tenant: "acme", SLO: tc.slo, Period: tc.period, At: noon.UnixMilli()}, c)
			if got.Service != tc.service || got.Period != tc.called {
				t.Errorf("newChangeView: service %q, period %q; want %q, %q", got.Service, got.Period, tc.service, tc.called)
			}
		})
	}
}
