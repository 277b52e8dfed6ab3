package schedule

import (
	"context"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/probes"
)

const (
	// lateMS is how late a probe may start and still stand for its instant.
	lateMS = 1000
	// retryMarginMS keeps a quick re-probe away from the next instant of the grid, whose own
	// probe serves as well.
	retryMarginMS = 1000
	// maxFlights bounds the probes of one check in flight: one on the grid, one re-probe.
	maxFlights = 2
	// overrun is how long after its deadline a prober is waited for. Probers keep their
	// deadlines; one that does not must not silence its check.
	overrun = time.Second
)

// series is one check with its place on the grid. The scheduler's mutex guards it.
type series struct {
	check    wire.Check
	prober   probes.Prober
	grid     grid
	next     int64 // instant on the grid, > last
	retry    int64 // instant of the quick re-probe; 0: none
	last     int64 // greatest instant used
	place    int   // in the queue
	gone     bool  // no longer in the configuration
	confirms confirmation
	flights  []*flight // by instant: an early answer waits for the one before it
}

func (sr *series) due() int64 {
	if sr.retry != 0 {
		return min(sr.retry, sr.next)
	}
	return sr.next
}

// take moves the series, which is due, past now. It gives the instant that is to be probed, or 0
// for none, and the number of instants on the grid that went by unused.
func (sr *series) take(now int64) (t, skipped int64) {
	if sr.retry != 0 && sr.retry < sr.next && sr.retry <= now {
		sr.retry = 0
		if sr.next-now < retryMarginMS {
			return 0, 0
		}
		return now, 0
	}
	t = sr.grid.at(now)
	skipped = (t - sr.next) / sr.grid.interval
	if now-t > lateMS {
		t, skipped = 0, skipped+1
	}
	sr.retry = 0
	sr.next = sr.grid.after(now)
	return t, skipped
}

// reprobe plans a quick look after the outcome of f, while the state is not confirmed. Whether
// the grid comes soon enough to serve as well, take decides.
func (sr *series) reprobe(f *flight) {
	if !sr.confirms.quick || sr.check.RetryMS == 0 || len(sr.flights) > 0 {
		return
	}
	sr.retry = f.t + sr.check.RetryMS // if that is over already: with the next tick
}

// badCheck stands in for a check that cannot be carried out as it is written.
type badCheck struct{ err error }

func (b badCheck) Probe(context.Context) probes.Outcome {
	return probes.Outcome{Reason: wire.BadCheck, Detail: b.err.Error()}
}
