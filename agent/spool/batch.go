package spool

import (
	"errors"
	"fmt"

	"github.com/nines-monitor/nines/internal/wire"
)

// maxBatchResults keeps a batch well under the limits of the wire.
const maxBatchResults = 5000

// Batch is what is shipped at once. Its bytes and numbers are the same on every attempt, also
// after a restart.
type Batch struct {
	Epoch, Seq uint64
	Results    int
	Body       []byte // as wire.EncodeBatch gave it

	serial uint64
}

// ErrSettled is returned for a batch that is not the one to be settled next.
var ErrSettled = errors.New("batch is settled already")

// Next gives the oldest batch that is not settled, and makes one of what waits if there is
// none; after these, batches that the collector has lost; false: there is nothing to send. A
// batch is durable before Next gives it.
func (s *Spool) Next() (Batch, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.made == nil {
			ok, err := s.cut()
			if err != nil {
				return Batch{}, false, err
			}
			if !ok {
				b, ok := s.repeat()
				return b, ok, nil
			}
		}
		body, ok, err := s.body(s.made)
		if err != nil {
			return Batch{}, false, fmt.Errorf("read batch: %w", err)
		}
		if ok {
			return Batch{s.made.epoch, s.made.seq, int(s.made.results), body, s.made.serial}, true, nil
		}
		s.startOver()
		if err := s.replayResults(); err != nil {
			return Batch{}, false, fmt.Errorf("read results: %w", err)
		}
	}
}

// body gives the bytes of a batch, as they are on disk; false: they are damaged.
func (s *Spool) body(m *made) ([]byte, bool, error) {
	if m.body != nil {
		return m.body, true, nil
	}
	data, err := s.batches.read(m.segment, m.offset, m.segment.size)
	if err != nil {
		return nil, false, err
	}
	if payload, ok := frameAt(data); ok && kindOf(payload) == kindBatch {
		if h, body, err := readHeader(payload); err == nil && h == m.header {
			m.body = body
			return body, true, nil
		}
	}
	s.damaged("batches", m.segment, int(m.offset), data)
	return nil, false, nil
}

// cut puts what waits into a batch, durably; false: nothing waits.
func (s *Spool) cut() (bool, error) {
	if s.waiting == 0 {
		return false, nil
	}
	g, err := s.gather()
	if err != nil {
		return false, fmt.Errorf("read results: %w", err)
	}
	if len(g.entries) == 0 { // nothing but damage
		s.at.cursor, s.waiting = g.after, 0
		return false, nil
	}
	h := header{epoch: s.at.epoch, seq: s.at.seq + 1, serial: s.at.serial + 1, after: g.after,
		madeMS: uint64(s.opts.Now().UnixMilli()), results: uint64(len(g.entries))}
	body, err := wire.EncodeBatch(wire.Batch{Epoch: h.epoch, Seq: h.seq, Runs: runs(g.entries)})
	if err != nil {
		return false, err
	}
	record := appendHeader(nil, h, body)
	seg, offset, err := s.batches.append(record)
	if err != nil && s.makeRoom() {
		seg, offset, err = s.batches.append(record)
	}
	if err != nil {
		return false, fmt.Errorf("write batch: %w", err)
	}
	if err := s.batches.sync(); err != nil {
		// It may or may not be on the disk: its numbers are used up, its results are not.
		s.at.serial = h.serial
		s.at.done = h.serial
		s.newEpoch()
		return false, fmt.Errorf("sync batch: %w", err)
	}
	s.hold(h, seg, offset)
	s.made.body = body
	for seg, n := range g.taken {
		seg.waiting -= n
		s.waiting -= n
	}
	s.metrics.batches.Inc()
	return true, nil
}

// Done settles b, which the collector says is durable with it, as is all of b's epoch up to
// watermark. If that leaves out earlier batches, they are sent again.
func (s *Spool) Done(b Batch, watermark uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.settleRepeat(b) {
		return nil
	}
	if s.made == nil || s.made.serial != b.serial {
		return ErrSettled
	}
	h := s.made.header
	s.settle()
	if watermark < h.seq {
		if err := s.rewind(h, watermark); err != nil {
			return fmt.Errorf("look for earlier batches: %w", err)
		}
	}
	return nil
}

// SetAside settles b, which the collector will never take, by keeping its bytes in the
// quarantine. What follows has numbers of a new epoch, so that no epoch has a hole.
func (s *Spool) SetAside(b Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	repeat := len(s.again) > 0 && s.again[0].serial == b.serial
	if !repeat && (s.made == nil || s.made.serial != b.serial) {
		return ErrSettled
	}
	if _, err := s.aside.keep(fmt.Sprintf("refused-%016x-%d.batch", b.Epoch, b.Seq), b.Body); err != nil {
		return fmt.Errorf("set batch aside: %w", err)
	}
	s.metrics.refused.Inc()
	s.metrics.refusedResults.Add(b.Results)
	s.newEpoch()
	if !s.settleRepeat(b) {
		s.settle()
	}
	return nil
}

// settleRepeat settles b if it is the batch that repeat gave.
func (s *Spool) settleRepeat(b Batch) bool {
	if len(s.again) == 0 || s.again[0].serial != b.serial {
		return false
	}
	s.again = s.again[1:]
	return true
}

// settle forgets the batch that was made, and frees what it held in the results log.
func (s *Spool) settle() {
	s.at.done, s.at.doneCursor = s.made.serial, s.made.after
	s.made = nil
	// Without the mark a restart sends the batch again, and the collector knows it: no harm.
	_, _, _ = s.batches.append(appendMark(nil, s.at))
	for len(s.results.list) > 0 && s.results.list[0].id < s.at.doneCursor.segment {
		before := len(s.results.list)
		s.results.remove(0)
		if len(s.results.list) == before {
			break
		}
	}
	s.prune(s.opts.Now())
}
