package ledger

import (
	"slices"
	"testing"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

func TestOutages(t *testing.T) {
	span := func(start, end int64, class slo.Class, state slo.State, reason wire.Reason) slo.ClassSpan {
		return slo.ClassSpan{Period: slo.Period{Start: start, End: end}, Class: class, State: state, Reason: slo.Reason(reason), Cause: "web@hq"}
	}
	got := Outages([]slo.ClassSpan{
		span(0, 100, slo.ClassUp, slo.Up, wire.OK),
		span(100, 150, slo.ClassDown, slo.Down, wire.Timeout),
		span(150, 180, slo.ClassDown, slo.Down, wire.Refused),
		span(180, 200, slo.ClassOutOfHours, slo.Down, 0),
		span(200, 210, slo.ClassDown, slo.Down, wire.Refused),
		span(210, 300, slo.ClassUnknown, slo.Unknown, wire.Uplink),
		span(300, 320, slo.ClassMaintenance, slo.Down, wire.Refused),
		span(320, 330, slo.ClassDown, slo.Down, wire.Slow),
		span(330, 340, slo.ClassMaintenance, slo.Up, wire.OK),
		span(340, 350, slo.ClassDown, slo.Down, wire.Loss),
	})
	want := []Outage{
		{slo.Period{Start: 100, End: 210}, 90, wire.Timeout, "web@hq"},
		{slo.Period{Start: 320, End: 330}, 10, wire.Slow, "web@hq"},
		{slo.Period{Start: 340, End: 350}, 10, wire.Loss, "web@hq"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("Outages = %v, want %v", got, want)
	}
}
