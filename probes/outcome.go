// Package probes makes one measurement of one target and says what came of it.
//
// A probe promises to answer by its context's deadline, with a reason, whatever the target
// does. It refuses everything else: no schedule, no retries, no logging, no configuration, no
// policy. It imports nothing of ours but the vocabulary of reasons in internal/wire.
package probes

import (
	"context"
	"fmt"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

// Outcome is the answer of one probe.
type Outcome struct {
	Reason  wire.Reason   // wire.OK, or why not
	Latency time.Duration // of what was timed, >= 0; 0 when nothing was
	Detail  string        // for the technician on site; never leaves the agent
}

// Prober measures one target. Probe cannot fail to answer: it returns by ctx's deadline, and
// is safe for concurrent use.
type Prober interface {
	Probe(ctx context.Context) Outcome
}

// New gives the prober of a valid check.
func New(c wire.Check) (Prober, error) {
	return nil, fmt.Errorf("check %s: no probe of kind %q", c.ID, c.Kind())
}
