package spool

// replayBatches finds out how far the spool was.
func (s *Spool) replayBatches() error {
	suspect := false // damage that may have been a batch, since the last mark
	for _, seg := range s.batches.list {
		data, err := s.batches.read(seg, 0, seg.size)
		if err != nil {
			return err
		}
		for p := range split(data) {
			if p.damaged || !s.replayRecord(seg, p) {
				s.damaged("batches", seg, p.start, data[p.start:p.end])
				suspect = true
			} else if kindOf(p.payload) == kindMark {
				suspect = false
			}
		}
	}
	if s.made != nil && s.made.serial != s.at.done+1 {
		s.made = nil
	}
	switch {
	case s.made == nil && s.at.serial != s.at.done:
		s.startOver()
	case suspect || s.at.epoch == 0:
		s.newEpoch()
	}
	s.results.nextID = max(s.results.nextID, s.at.cursor.segment+1)
	return nil
}

// replayRecord takes one record of the batch log, and reports whether it could be read.
func (s *Spool) replayRecord(seg *segment, p piece) bool {
	switch kindOf(p.payload) {
	case kindMark:
		m, err := readMark(p.payload)
		if err != nil {
			return false
		}
		s.at = m
		if s.made != nil && s.made.serial <= m.done {
			s.made = nil
		}
		return true
	case kindBatch:
		h, _, err := readHeader(p.payload)
		if err != nil {
			return false
		}
		s.hold(h, seg, int64(p.start))
		return true
	}
	return false
}

// hold makes h the batch that is to be settled next.
func (s *Spool) hold(h header, seg *segment, offset int64) {
	s.made = &made{header: h, segment: seg, offset: offset}
	s.at.epoch, s.at.seq, s.at.serial, s.at.cursor = h.epoch, h.seq, h.serial, h.after
	seg.newest, seg.madeMS = h.serial, h.madeMS
}

// replayResults counts what waits, and learns the last instants.
func (s *Spool) replayResults() error {
	s.waiting = 0
	for _, seg := range s.results.list {
		data, err := s.results.read(seg, 0, seg.size)
		if err != nil {
			return err
		}
		seg.waiting = 0
		for p := range split(data) {
			if s.learn(p.payload) && !(position{seg.id, uint64(p.start)}).before(s.at.cursor) {
				seg.waiting++
			}
		}
		s.waiting += seg.waiting
	}
	return nil
}

// learn remembers the last instants in a record of the results log, and reports whether it is
// a result.
func (s *Spool) learn(payload []byte) bool {
	seen := func(check string, t int64) { s.last[check] = max(s.last[check], t) }
	switch kindOf(payload) {
	case kindResult:
		e, err := parseEntry(payload) // quickly: there may be millions
		if err == nil {
			seen(e.Check, e.Result.T)
		}
		return err == nil
	case kindLast:
		_ = readLast(payload, seen) // what precedes the damage is good
	}
	return false
}
