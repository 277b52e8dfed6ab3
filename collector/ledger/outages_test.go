package ledger

import (
	"slices"
	"testing"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

func TestOutages(t *testing.T) {
	span := func(start, end int64, class slo.Class, reason wire.Reason) slo.ClassSpan {
		return slo.ClassSpan{Period: slo.Period{Start: start, End: end}, Class: class, Reason: slo.Reason(reason), Cause: "web@hq"}
	}
	got := Outages([]slo.ClassSpan{
		span(0, 100, slo.ClassUp, wire.OK),
		span(100, 150, slo.ClassDown, wire.Timeout),
		span(150, 180, slo.ClassDown, wire.Refused),
		span(180, 200, slo.ClassMaintenance, 0),
		span(200, 210, slo.ClassDown, wire.Refused),
		span(210, 300, slo.ClassUnknown, wire.Uplink),
	})
	want := []Outage{
		{slo.Period{Start: 100, End: 180}, wire.Timeout, "web@hq"},
		{slo.Period{Start: 200, End: 210}, wire.Refused, "web@hq"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("Outages = %v, want %v", got, want)
	}
}
