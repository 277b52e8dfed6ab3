package schedule

import (
	"container/heap"
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
