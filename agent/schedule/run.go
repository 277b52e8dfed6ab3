package schedule

import (
	"container/heap"
	"context"
	"errors"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

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
