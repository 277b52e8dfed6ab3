package spool

import (
	"os"
	"path/filepath"
	"time"
)

// keepSettled is how long a batch stays on disk after it was made, acknowledged or not.
const keepSettled = 24 * time.Hour

// ballastBytes is given up when the disk is so full that no batch can be written, for else
// nothing could be shipped, and nothing be freed.
const ballastBytes = 256 << 10

// lose counts results that had to be given up. (A record of the gap that is shipped like a
// result has its place here.)
func (s *Spool) lose(cause string, n int) {
	s.metrics.lose(cause, n)
}

func (s *Spool) bytes() int64 {
	return s.results.bytes() + s.batches.bytes() + s.aside.held + s.ballast
}

// enforceLimit drops the oldest until the spool is within its limit: first batches that the
// collector has, then results that no batch holds.
func (s *Spool) enforceLimit() {
	for s.bytes() > s.opts.MaxBytes && (s.dropSettled(false) || s.dropOldest()) {
		continue
	}
}

// dropSettled removes the oldest segment, or all segments, of settled batches, and reports
// whether there was one. The newest segment stays: it knows how far the spool is.
func (s *Spool) dropSettled(all bool) bool {
	dropped := false
	for len(s.batches.list) > 1 && s.batches.list[0].newest <= s.at.done {
		before := len(s.batches.list)
		s.batches.remove(0)
		if len(s.batches.list) == before {
			break
		}
		dropped = true
		if !all {
			break
		}
	}
	return dropped
}

// dropOldest removes the oldest segment of results, and counts those that no batch holds.
func (s *Spool) dropOldest() bool {
	if len(s.results.list) < 2 {
		return false
	}
	seg := s.results.list[0]
	s.results.remove(0)
	if s.results.list[0] == seg {
		return false
	}
	s.waiting -= seg.waiting
	if seg.waiting > 0 {
		s.lose("overflow", seg.waiting)
		s.opts.Log.Error("spool is full: the oldest results are lost; let the agent reach its collector, or raise spool_max",
			"lost", seg.waiting, "max_bytes", s.opts.MaxBytes)
	}
	next := position{segment: seg.id + 1}
	if s.at.cursor.before(next) {
		s.at.cursor = next
	}
	if s.at.doneCursor.before(next) {
		s.at.doneCursor = next
	}
	return true
}

// prune removes segments of settled batches that are old enough.
func (s *Spool) prune(now time.Time) {
	old := uint64(max(0, now.Add(-keepSettled).UnixMilli()))
	for len(s.batches.list) > 1 && s.batches.list[0].madeMS < old {
		if !s.dropSettled(false) {
			return
		}
	}
}

// makeRoom frees what can be freed on a full disk for the sake of a batch, and reports whether
// there was anything.
func (s *Spool) makeRoom() bool {
	dropped := s.dropSettled(true)
	if s.ballast > 0 && os.Remove(s.ballastPath()) == nil {
		s.ballast = 0
		return true
	}
	return dropped
}

func (s *Spool) ballastPath() string { return filepath.Join(s.dir, "ballast") }

// fillBallast makes the ballast if it is not there and the disk has room for it.
func (s *Spool) fillBallast() {
	if s.ballast > 0 {
		return
	}
	if info, err := os.Stat(s.ballastPath()); err == nil && info.Size() == ballastBytes {
		s.ballast = ballastBytes
		return
	}
	if err := os.WriteFile(s.ballastPath(), make([]byte, ballastBytes), 0o600); err != nil {
		_ = os.Remove(s.ballastPath()) // the disk is full: the next minute tries again
		return
	}
	s.ballast = ballastBytes
}
