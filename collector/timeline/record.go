package timeline

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/internal/wire"
)

// Aside names results of a batch that are not to be folded: those of Check earlier than Before,
// and those later than After. There may be several for one check. It goes into the journal with the batch, so that what was decided when it came is what a
// replay does.
type Aside struct {
	Check  string `json:"check"`
	Before int64  `json:"before,omitempty"` // ms; 0: none
	After  int64  `json:"after"`            // ms; -1: all of them
	Count  int    `json:"count"`
	Reason string `json:"reason"`
}

// EncodeAside gives the bytes for journal.Record.Aside; nil for nothing.
func EncodeAside(aside []Aside) ([]byte, error) {
	if len(aside) == 0 {
		return nil, nil
	}
	return json.Marshal(aside)
}

// DecodeAside reads what EncodeAside wrote.
func DecodeAside(data []byte) ([]Aside, error) {
	if len(data) == 0 {
		return nil, nil
	}
	var aside []Aside
	if err := json.Unmarshal(data, &aside); err != nil {
		return nil, fmt.Errorf("decode what was set aside: %w", err)
	}
	return aside, nil
}

// admitted gives the runs of a batch without what was set aside. It shares memory with b.
func admitted(r journal.Record, b wire.Batch) ([]wire.Run, error) {
	aside, err := DecodeAside(r.Aside)
	if err != nil || len(aside) == 0 {
		return b.Runs, err
	}
	of := make(map[string][]Aside, len(aside)) // by check
	for _, a := range aside {
		of[a.Check] = append(of[a.Check], a)
	}
	runs := make([]wire.Run, 0, len(b.Runs))
	for _, run := range b.Runs {
		for _, a := range of[run.Check] {
			run.Results = a.leave(run.Results)
		}
		if len(run.Results) > 0 {
			runs = append(runs, run)
		}
	}
	return runs, nil
}

// leave gives those of a check's results, which are in order of time, that are not set aside.
func (a Aside) leave(results []wire.Result) []wire.Result {
	results = results[countUntil(results, a.Before):]
	if a.After == math.MaxInt64 {
		return results
	}
	return results[:countUntil(results, a.After+1)]
}
