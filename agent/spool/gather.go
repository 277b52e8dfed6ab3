package spool

import "github.com/nines-monitor/nines/internal/wire"

// gathered are results for a batch, and the place behind them.
type gathered struct {
	entries []Entry
	taken   map[*segment]int
	after   position
}

// gather reads the oldest results that wait. Damage on the way is set aside.
func (s *Spool) gather() (gathered, error) {
	g := gathered{taken: map[*segment]int{}, after: s.at.cursor}
	for _, seg := range s.results.list {
		if seg.id < s.at.cursor.segment {
			continue
		}
		from := 0
		if seg.id == s.at.cursor.segment {
			from = int(s.at.cursor.offset)
		}
		data, err := s.results.read(seg, int64(from), seg.size)
		if err != nil {
			return gathered{}, err
		}
		for p := range split(data) {
			if len(g.entries) == maxBatchResults {
				return g, nil
			}
			g.after = position{seg.id, uint64(from + p.end)}
			if kindOf(p.payload) == kindLast {
				continue
			}
			e, err := readResult(p)
			if err != nil {
				s.damaged("results", seg, from+p.start, data[p.start:p.end])
				continue
			}
			g.entries = append(g.entries, e)
			g.taken[seg]++
		}
	}
	return g, nil
}

func readResult(p piece) (Entry, error) {
	if kindOf(p.payload) != kindResult {
		return Entry{}, errRecord
	}
	return readEntry(p.payload)
}

// runs groups entries by check and grid, in order of first appearance. Where the instants of a
// check do not increase, or its grid changes, another run begins.
func runs(entries []Entry) []wire.Run {
	var all []wire.Run
	open := map[string]int{}
	for _, e := range entries {
		i, ok := open[e.Check]
		if ok {
			r := all[i]
			ok = r.IntervalMS == e.IntervalMS && r.PhaseMS == e.PhaseMS && r.Results[len(r.Results)-1].T < e.Result.T
		}
		if !ok {
			i = len(all)
			open[e.Check] = i
			all = append(all, wire.Run{Check: e.Check, IntervalMS: e.IntervalMS, PhaseMS: e.PhaseMS})
		}
		all[i].Results = append(all[i].Results, e.Result)
	}
	return all
}
