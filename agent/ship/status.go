package ship

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

// maxTold bounds the rejections that are remembered as told.
const maxTold = 1000

// status tells of transitions once, however many attempts they take.
type status struct {
	log *slog.Logger

	mu      sync.Mutex
	failure string    // of the last attempt; empty: it succeeded, or there was none
	since   time.Time // of the failure
	contact time.Time // of the last success
	told    map[string]bool
}

func (s *status) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == "" {
		s.since = time.Now()
	}
	if s.failure != err.Error() {
		s.log.Warn("results are kept here: the collector cannot be reached", "error", err)
	}
	s.failure = err.Error()
}

func (s *status) spoolFailed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != err.Error() {
		s.log.Error("results cannot be shipped: see to the disk of the state directory", "error", err)
	}
	if s.failure == "" {
		s.since = time.Now()
	}
	s.failure = err.Error()
}

func (s *status) succeeded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.contact = time.Now()
	if s.failure != "" {
		s.log.Info("results are shipped again", "after", time.Since(s.since).Round(time.Second))
	}
	s.failure = ""
}

// rejected tells once of each check whose results the collector sets aside.
func (s *status) rejected(rows []wire.Rejected) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rows {
		key := fmt.Sprintf("%q %q", r.Check, r.Reason)
		if !s.told[key] && len(s.told) < maxTold {
			s.told[key] = true
			s.log.Warn("collector sets results aside", "check", r.Check, "reason", r.Reason, "results", r.Count)
		}
	}
}

// sinceContact gives the seconds since the last success; -1: there was none.
func (s *status) sinceContact() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.contact.IsZero() {
		return -1
	}
	return time.Since(s.contact).Seconds()
}
