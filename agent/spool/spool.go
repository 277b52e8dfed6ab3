package spool

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// lastFor is how long the last instant of a check is remembered after its last result.
const lastFor = 48 * time.Hour

// Options of a Spool.
type Options struct {
	MaxBytes int64            // on disk, >= 1 MiB; what is not yet in a batch is dropped oldest first
	Now      func() time.Time // for the age of acknowledged batches; nil: time.Now
	Log      *slog.Logger     // nil: nobody hears
}

// Spool is the queue. Its methods are safe for concurrent use, but batches are for one shipper.
type Spool struct {
	opts    Options
	dir     string
	metrics *instruments
	wake    chan struct{} // something is to be shipped at once
	flush   chan struct{} // something is to be synced at once

	mu      sync.Mutex
	results *segments
	batches *segments
	aside   *quarantine
	ballast int64 // bytes of it on disk
	at      mark
	made    *made   // the batch that is made and not settled; nil: none
	waiting int     // results that no batch holds
	again   []place // delivered batches that the collector has lost, oldest first
	rewound uint64  // the last epoch that batches were sent again of
	last    map[string]int64
}

// made is a batch in the batch log.
type made struct {
	header
	segment *segment
	offset  int64
	body    []byte // nil: not read yet
}

// Open opens the spool in dir, or makes one. Whatever of it is damaged is set aside; only a
// directory that cannot be read or written is an error. One process at a time may have it open:
// that is for the caller to see to.
func Open(dir string, o Options) (*Spool, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	limit := min(max(o.MaxBytes/32, 64<<10), 1<<20)
	s := &Spool{opts: o, dir: dir, wake: make(chan struct{}, 1), flush: make(chan struct{}, 1), last: map[string]int64{}}
	s.metrics = newInstruments(s)
	var err, resultsErr, asideErr error
	s.batches, err = openSegments(dir, "batches", limit)
	s.results, resultsErr = openSegments(dir, "results", limit)
	s.aside, asideErr = openQuarantine(filepath.Join(dir, "quarantine"), o.MaxBytes/8)
	if err := errors.Join(err, resultsErr, asideErr); err != nil {
		return nil, err
	}
	s.batches.head = func() [][]byte { return [][]byte{appendMark(nil, s.at)} }
	s.results.head = s.lastInstants
	if err := s.replayBatches(); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	if err := s.replayResults(); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	s.fillBallast()
	return s, nil
}

// lastInstants gives the records that a new segment of results starts with, so that every
// segment knows of all checks.
func (s *Spool) lastInstants() [][]byte {
	var newest int64
	for _, t := range s.last {
		newest = max(newest, t)
	}
	maps.DeleteFunc(s.last, func(_ string, t int64) bool { return t < newest-lastFor.Milliseconds() })
	var records [][]byte
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(s.last)), 500) {
		record := []byte{kindLast}
		for _, check := range chunk {
			record = appendLast(record, check, s.last[check])
		}
		records = append(records, record)
	}
	return records
}

// Last gives the greatest instant of each check that the spool has seen, in ms.
func (s *Spool) Last() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.last)
}

// Wake gets a value when something is to be shipped at once.
func (s *Spool) Wake() <-chan struct{} { return s.wake }

// newEpoch starts the numbering anew, because a number may be in use that is not known, or
// can never be sent.
func (s *Spool) newEpoch() {
	var b [8]byte
	for s.at.epoch = 0; s.at.epoch == 0; {
		rand.Read(b[:]) //nolint:errcheck // never fails: crypto/rand ends the program instead
		s.at.epoch = binary.LittleEndian.Uint64(b[:])
	}
	s.at.seq = 0
}

// startOver gives up the batch that was made and cannot be read: its results are still in the
// results log, and are batched again under numbers that were never used. A collector that has
// them already sees repeats, which change nothing.
func (s *Spool) startOver() {
	s.made = nil
	s.at.done, s.at.cursor = s.at.serial, s.at.doneCursor
	s.newEpoch()
}

func (p position) before(q position) bool {
	return p.segment < q.segment || p.segment == q.segment && p.offset < q.offset
}

// damaged sets data aside and counts it.
func (s *Spool) damaged(log string, seg *segment, offset int, data []byte) {
	fresh, err := s.aside.keep(fmt.Sprintf("%s-%016x-%08x.bad", log, seg.id, offset), data)
	if fresh {
		s.metrics.damaged.Inc()
		s.opts.Log.Warn("spool: damaged record set aside", "log", log, "segment", seg.id, "offset", offset, "bytes", len(data), "dir", s.aside.dir)
	}
	if err != nil {
		s.opts.Log.Warn("spool: quarantine", "error", err)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
