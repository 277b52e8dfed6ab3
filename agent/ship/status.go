package ship

import (
	"fmt"
	"log/slog"
	"regexp"
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

// localEnd is the near end of a connection in an error: its port is another one each time.
var localEnd = regexp.MustCompile(`\S+->`)

// Trouble gives the text of err without what differs from one attempt to the next, so that a
// trouble that lasts is told once.
func Trouble(err error) string { return localEnd.ReplaceAllString(err.Error(), "") }

func (s *status) failed(err error) {
	if s.news(Trouble(err)) {
		s.log.Warn("results are kept here: the collector cannot be reached", "error", err)
	}
}

func (s *status) spoolFailed(err error) {
	if s.news(Trouble(err)) {
		s.log.Error("results cannot be shipped: see to the disk of the state directory", "error", err)
	}
}

// news notes a failure and reports whether it is another than the last.
func (s *status) news(failure string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == "" {
		s.since = time.Now()
	}
	changed := failure != s.failure
	s.failure = failure
	return changed
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
