package schedule

import (
	"container/heap"
	"context"
	"slices"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/probes"
)

// flight is one probe under way, or answered and waiting for its turn.
type flight struct {
	check   wire.Check // as it was at the start
	t       int64
	started time.Time // for the time that has passed, not for the instant
	cancel  context.CancelFunc
	outcome probes.Outcome
	done    bool
}

// start probes sr in a goroutine of its own, or records why it cannot.
func (s *Scheduler) start(ctx context.Context, sr *series, t int64) {
	s.abandonOverrun(sr)
	f := &flight{check: sr.check, t: t, started: time.Now(), cancel: func() {}}
	sr.flights = append(sr.flights, f)
	if s.inFlight >= s.opts.InFlight || len(sr.flights) > maxFlights {
		f.done, f.outcome = true, probes.Outcome{Reason: wire.AgentFault, Detail: "too many probes in flight"}
		s.settle(sr)
		return
	}
	probeCtx, cancel := context.WithTimeout(ctx, time.Duration(sr.check.TimeoutMS)*time.Millisecond)
	f.cancel = cancel
	s.inFlight++
	prober := sr.prober
	s.probing.Go(func() {
		outcome := prober.Probe(probeCtx)
		cancel()
		s.landed(ctx, sr, f, outcome)
	})
}

// abandonOverrun gives up on probers that are past their deadline.
func (s *Scheduler) abandonOverrun(sr *series) {
	for _, f := range sr.flights {
		limit := time.Duration(f.check.TimeoutMS)*time.Millisecond + overrun
		if !f.done && time.Since(f.started) > limit {
			f.done, f.outcome = true, probes.Outcome{Reason: wire.AgentFault, Detail: "the prober did not keep its deadline"}
		}
	}
	s.settle(sr)
}

// landed takes the outcome of f, unless the probe was cut short.
func (s *Scheduler) landed(ctx context.Context, sr *series, f *flight, outcome probes.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	switch {
	case sr.gone || f.done:
		return
	case ctx.Err() != nil:
		sr.drop(f)
	default:
		f.done, f.outcome = true, outcome
	}
	s.settle(sr)
}

// settle hands on the outcomes of sr whose turn it is.
func (s *Scheduler) settle(sr *series) {
	for len(sr.flights) > 0 && sr.flights[0].done {
		f := sr.flights[0]
		sr.flights = sr.flights[1:]
		reason := f.outcome.Reason
		o := Observation{
			Check:  f.check,
			Result: wire.Result{T: f.t, Reason: reason, LatencyUS: max(0, f.outcome.Latency.Microseconds())},
			Detail: f.outcome.Detail,
		}
		o.Changed = sr.confirms.observe(sr.check, f.t, reason.Status())
		sr.reprobe(f)
		if sr.retry != 0 {
			heap.Fix(&s.due, sr.place)
		}
		s.metrics.probed(f.check.Kind(), reason)
		select {
		case s.out <- o:
		default:
			s.metrics.lost.Inc()
		}
	}
}

// drop takes f out of the flights, as if it had never started.
func (sr *series) drop(f *flight) {
	sr.flights = slices.DeleteFunc(sr.flights, func(x *flight) bool { return x == f })
}
