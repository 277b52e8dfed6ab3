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
	log      *slog.Logger
	troubles Troubles

	mu      sync.Mutex
	since   time.Time // of the first failure since the last success; zero: there was none
	contact time.Time // of the last success
	told    map[string]bool
}

func (s *status) failed(err error) {
	if !s.news(err) {
		return
	}
	known := []any{"cause", Cause(err), "error", err}
	if remedy := Remedy(err); remedy != "" {
		known = append(known, "remedy", remedy)
	}
	s.log.Warn("results are kept here", known...)
}

func (s *status) spoolFailed(err error) {
	if s.news(err) {
		s.log.Error("results cannot be shipped: see to the disk of the state directory", "error", err)
	}
}

// news notes a failure and reports whether it was not told yet.
func (s *status) news(err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		s.since = time.Now()
	}
	return s.troubles.News(err)
}

func (s *status) succeeded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.contact = time.Now()
	if !s.since.IsZero() {
		s.log.Info("results are shipped again", "after", time.Since(s.since).Round(time.Second))
	}
	s.since = time.Time{}
	s.troubles.Over()
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
