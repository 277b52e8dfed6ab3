package spool

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// flushEvery is how long a result may lie unsynced; upkeepEvery how often old batches are
// looked for.
const (
	flushEvery  = time.Second
	upkeepEvery = time.Minute
)

// Append takes e. When it returns nil, e survives the end of this process; within a second,
// or at once when urgent, it survives a power cut, provided that Run runs. An urgent result
// also wakes the shipper. When it fails e is lost, and counted.
func (s *Spool) Append(e Entry, urgent bool) error {
	if err := e.validate(); err != nil {
		s.lose("invalid", 1)
		return fmt.Errorf("spool result of check %q: %w", e.Check, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	payload := appendEntry(nil, e)
	seg, _, err := s.results.append(payload)
	if err != nil && s.dropSettled(true) {
		seg, _, err = s.results.append(payload)
	}
	if err != nil {
		s.lose("disk", 1)
		return fmt.Errorf("spool result: %w", err)
	}
	s.metrics.appended.Inc()
	seg.waiting++
	s.waiting++
	s.last[e.Check] = max(s.last[e.Check], e.Result.T)
	s.enforceLimit()
	if urgent {
		signal(s.flush)
		signal(s.wake)
	}
	return nil
}

// Flush makes all that Append took durable.
func (s *Spool) Flush() error {
	s.mu.Lock()
	active, written, synced := s.results.active, s.results.written, s.results.synced
	s.mu.Unlock()
	if active == nil || written == synced {
		return nil
	}
	err := active.Sync() // outside the mutex: a slow disk must not hold up Append
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.results.active != active {
		return nil // closed meanwhile, which syncs
	}
	if err != nil {
		s.metrics.syncErrors.Inc()
		s.results.abandon() // the kernel may have dropped the pages: trust nothing more to it
		return fmt.Errorf("sync spool: %w", err)
	}
	s.results.synced = max(s.results.synced, written)
	return nil
}

// Run keeps the promise of Append until ctx ends.
func (s *Spool) Run(ctx context.Context) {
	flush := time.NewTicker(flushEvery)
	defer flush.Stop()
	upkeep := time.NewTicker(upkeepEvery)
	defer upkeep.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-upkeep.C:
			s.Tick(s.opts.Now())
			continue
		case <-flush.C:
		case <-s.flush:
		}
		err := s.Flush()
		if (err != nil) != failing {
			failing = err != nil
			if failing {
				s.opts.Log.Error("spool: results may not survive a power cut", "error", err)
			} else {
				s.opts.Log.Info("spool: results survive a power cut again")
			}
		}
	}
}

// Tick removes what has been acknowledged for long enough.
func (s *Spool) Tick(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prune(now)
	s.fillBallast()
}

// Close syncs and closes the files. Nothing is deleted.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := errors.Join(s.results.rotate(), s.batches.rotate()); err != nil {
		return fmt.Errorf("close spool: %w", err)
	}
	return nil
}
