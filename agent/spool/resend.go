package spool

// place is where a delivered batch lies in the batch log.
type place struct {
	header
	segment    *segment
	start, end int64
}

// rewind is called when the collector has batch b and lacks earlier ones of its epoch, as one
// does that was restored from a backup. What is still held of them is given again by Next. Where
// that leaves a hole, the batches that follow get numbers of a new epoch.
func (s *Spool) rewind(b header, watermark uint64) error {
	if len(s.again) > 0 { // on its way
		return nil
	}
	if s.rewound == b.epoch { // tried, and it did not help
		s.newEpoch()
		return nil
	}
	s.rewound = b.epoch
	next := watermark + 1
	hole := false
	for _, seg := range s.batches.list {
		data, err := s.batches.read(seg, 0, seg.size)
		if err != nil {
			return err
		}
		for p := range split(data) {
			if kindOf(p.payload) != kindBatch {
				continue
			}
			h, _, err := readHeader(p.payload)
			if err != nil || h.epoch != b.epoch || h.seq <= watermark || h.seq >= b.seq {
				continue
			}
			hole = hole || h.seq != next
			next = h.seq + 1
			s.again = append(s.again, place{h, seg, int64(p.start), int64(p.end)})
		}
	}
	if hole || next != b.seq {
		s.newEpoch()
	}
	s.opts.Log.Warn("spool: the collector has lost batches, as after a restore: sending again what is held",
		"epoch", b.epoch, "above", watermark, "batches", len(s.again), "all", !hole && next == b.seq)
	return nil
}

// repeat gives the oldest batch that is to be sent again; false: there is none.
func (s *Spool) repeat() (Batch, bool) {
	for len(s.again) > 0 {
		p := s.again[0]
		data, err := s.batches.read(p.segment, p.start, p.end)
		if payload, ok := frameAt(data); err == nil && ok && kindOf(payload) == kindBatch {
			if h, body, err := readHeader(payload); err == nil && h == p.header {
				return Batch{h.epoch, h.seq, int(h.results), body, h.serial}, true
			}
		}
		s.again = s.again[1:] // gone meanwhile: its day is over, or the disk needed the room
		s.newEpoch()
	}
	return Batch{}, false
}
