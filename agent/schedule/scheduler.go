package schedule

import (
	"container/heap"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/probes"
)

// DefaultInFlight bounds the probes in flight where Options does not.
const DefaultInFlight = 1000

// maxUnrecorded bounds the observations that wait for the receiver: a disk that hangs must not
// hold up the probes.
const maxUnrecorded = 8192

// believable is how far the instants used so far may lie ahead of the clock. Up to this the
// schedule waits until the clock has passed them; beyond it they were a broken clock's, and
// waiting could take years.
const believable = 24 * time.Hour

// Observation is the result of one probe of one check.
type Observation struct {
	Check   wire.Check // as it was when the probe started
	Result  wire.Result
	Detail  string // for the technician on site
	Changed bool   // differs in status from the one before, or confirms a new state
}

// Options of a Scheduler. Record is required.
type Options struct {
	// Record receives every observation, from one goroutine, each check's in order of instants.
	Record func(Observation)
	// New makes the prober of a check; nil: probes.New.
	New func(wire.Check) (probes.Prober, error)
	// Now is the clock that instants are taken from; nil: time.Now.
	Now func() time.Time
	// Last holds the greatest instant ever used of each check, in ms: none at or before it is
	// used again.
	Last map[string]int64
	// InFlight bounds the probes in flight; 0: DefaultInFlight.
	InFlight int
	// Log hears of checks that cannot be carried out; nil: nobody.
	Log *slog.Logger
}

// Scheduler probes checks on their grids. Its methods are safe for concurrent use.
type Scheduler struct {
	opts    Options
	metrics *instruments
	out     chan Observation
	probing sync.WaitGroup
	started chan struct{} // closed by the first tick

	mu       sync.Mutex
	series   map[string]*series
	due      queue
	last     map[string]int64 // of checks that are not in series
	inFlight int
	clock    int64     // of the last tick, by the clock of the instants
	ticked   time.Time // of the last tick, for the time that has passed
}

// New gives a scheduler without checks.
func New(o Options) *Scheduler {
	if o.New == nil {
		o.New = probes.New
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.InFlight == 0 {
		o.InFlight = DefaultInFlight
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Scheduler{opts: o, out: make(chan Observation, maxUnrecorded), started: make(chan struct{}), series: map[string]*series{}, last: map[string]int64{}}
	for id, t := range o.Last {
		s.last[id] = t
	}
	s.metrics = newInstruments(s)
	return s
}

// Set makes checks the configuration. What did not change keeps its place on the grid, its
// state and its probes in flight; a check that is gone leaves without another observation.
// A check that no prober can be made for is kept, and observed as wire.BadCheck.
func (s *Scheduler) Set(checks []wire.Check) {
	now := s.opts.Now().UnixMilli()
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make(map[string]bool, len(checks))
	for _, c := range checks {
		kept[c.ID] = true
		sr, known := s.series[c.ID]
		if known && reflect.DeepEqual(sr.check, c) {
			continue
		}
		if !known {
			sr = &series{last: s.last[c.ID]}
			delete(s.last, c.ID)
			s.series[c.ID] = sr
		}
		s.plan(sr, c, now)
		if known {
			heap.Fix(&s.due, sr.place)
		} else {
			heap.Push(&s.due, sr)
		}
	}
	for id, sr := range s.series {
		if !kept[id] {
			s.remove(sr)
		}
	}
}

// plan puts sr on the grid of c, with a new prober.
func (s *Scheduler) plan(sr *series, c wire.Check, now int64) {
	prober, err := s.opts.New(c)
	if err != nil {
		s.opts.Log.Warn("check cannot be carried out: it is reported as unknown", "check", c.ID, "error", err)
		prober = badCheck{err}
	}
	g := gridOf(c)
	if sr.grid != g {
		if sr.last-now > believable.Milliseconds() {
			sr.last = 0
		}
		sr.next = g.after(max(now, sr.last))
	}
	sr.check, sr.prober, sr.grid = c, prober, g
	sr.retry, sr.confirms = 0, confirmation{}
}

func (s *Scheduler) remove(sr *series) {
	sr.gone = true
	for _, f := range sr.flights {
		f.cancel()
	}
	sr.flights = nil
	heap.Remove(&s.due, sr.place)
	delete(s.series, sr.check.ID)
	s.last[sr.check.ID] = sr.last
}

// Run ticks until ctx ends, then abandons the probes in flight without an observation, and
// returns when the last finished one has been recorded. It may be called once.
func (s *Scheduler) Run(ctx context.Context) {
	recorded := make(chan struct{})
	go func() {
		defer close(recorded)
		for o := range s.out {
			s.opts.Record(o)
		}
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-timer.C:
			now := s.opts.Now()
			s.Tick(ctx, now)
			timer.Reset(untilTick(s.opts.Now()))
		}
	}
	s.probing.Wait()
	close(s.out)
	<-recorded
}

// untilTick gives the time to the next multiple of the tick, so that the tick keeps to the
// grid through every adjustment of the clock.
func untilTick(now time.Time) time.Duration {
	const tick = wire.TickMS * time.Millisecond
	return tick - time.Duration(now.UnixNano()%int64(tick))
}

// Tick starts the probes that are due at now. ctx bounds them: their end without an outcome of
// their own is the end of ctx.
func (s *Scheduler) Tick(ctx context.Context, now time.Time) {
	ms := now.UnixMilli()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clock-ms > believable.Milliseconds() {
		s.restart(ms)
	}
	if s.ticked.IsZero() {
		close(s.started)
	}
	s.clock, s.ticked = ms, time.Now()
	for len(s.due) > 0 && s.due[0].due() <= ms {
		sr := s.due[0]
		t, skipped := sr.take(ms)
		heap.Fix(&s.due, sr.place)
		s.metrics.skipped.Add(int(skipped))
		if t == 0 {
			continue
		}
		sr.last = t
		s.metrics.lateness.Update(float64(ms-t) / 1000)
		s.start(ctx, sr, t)
	}
}

// restart plans all checks from now on, after the clock turned out to have been wrong by more
// than is believable.
func (s *Scheduler) restart(now int64) {
	s.opts.Log.Warn("clock went back by more than a day: the schedule starts anew", "from_ms", s.clock, "to_ms", now)
	for _, sr := range s.due {
		sr.last, sr.retry, sr.confirms = 0, 0, confirmation{}
		sr.next = sr.grid.after(now)
	}
	heap.Init(&s.due)
	clear(s.last)
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

// Started is closed by the first tick.
func (s *Scheduler) Started() <-chan struct{} { return s.started }

// ErrStalled is returned by Healthy when the schedule does not tick.
var ErrStalled = errors.New("the schedule does not tick")

// Healthy gives ErrStalled unless the schedule has ticked within the last while.
func (s *Scheduler) Healthy(within time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ticked.IsZero() || time.Since(s.ticked) > within {
		return ErrStalled
	}
	return nil
}
