package timeline

import (
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// observation is a result as the fold knows it. This is the only place where the words of the
// wire become those of the arithmetic; the way back is wire.Reason(span.Reason).
func observation(x wire.Result) slo.Observation {
	o := slo.Observation{T: x.T, State: slo.Unknown, Reason: slo.Reason(x.Reason)}
	switch x.Reason.Status() {
	case wire.Up:
		o.State = slo.Up
	case wire.Down:
		o.State = slo.Down
	}
	return o
}
