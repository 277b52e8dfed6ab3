package slo

import (
	"fmt"
	"time"
)

// Resolution is how finely a service's checks can see.
type Resolution struct {
	// SmallestOutage is the length from which an outage is certain to be confirmed: every
	// shorter one may fall between the probes. In ms.
	SmallestOutage int64

	// Finest is the highest objective whose budget, over the agreed time, has room for one
	// such outage; the zero value when none has. Above it, the first outage that can be
	// seen at all is a breach.
	Finest Objective
}

// ResolutionOf says what checks with these parameters can tell about agreed ms of time. With
// several, an outage of the least observed decides.
//
// An outage of length down_after x interval holds as many probes, wherever it begins; one
// that is a millisecond shorter may hold one less. Extra probes after a first failure make
// edges sharper but find no outage that the grid has missed.
func ResolutionOf(agreed int64, params ...Params) Resolution {
	var r Resolution
	for _, p := range params {
		p = p.withDefaults()
		r.SmallestOutage = max(r.SmallestOutage, int64(p.DownAfter)*p.Interval)
	}
	if agreed > 0 && r.SmallestOutage < agreed {
		r.Finest = Objective{uint64(mulDiv(agreed-r.SmallestOutage, whole, uint64(agreed)))}
	}
	return r
}

// Lint says why checks with these parameters cannot tell whether the objective is kept over
// agreed ms; nil when they can.
func (o Objective) Lint(agreed int64, params ...Params) error {
	budget := o.Budget(agreed)
	r := ResolutionOf(agreed, params...)
	if r.SmallestOutage <= budget {
		return nil
	}
	advice := "agree a longer window"
	if !r.Finest.IsZero() {
		advice = fmt.Sprintf("promise at most %s %%", r.Finest.floor(4))
	}
	return fmt.Errorf("objective %s %% allows %s, but the smallest outage that is certain to be seen lasts %s: probe more often, or %s",
		o, time.Duration(budget)*time.Millisecond, time.Duration(r.SmallestOutage)*time.Millisecond, advice)
}
