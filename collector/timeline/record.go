package timeline

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/internal/wire"
)

// Aside names results of a batch that are not to be folded: those of Check later than After.
// It goes into the journal with the batch, so that what was decided when it came is what a
// replay does.
type Aside struct {
	Check  string `json:"check"`
	After  int64  `json:"after"` // ms; -1: all of them
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
	after := make(map[string]int64, len(aside))
	for _, a := range aside {
		after[a.Check] = a.After
	}
	runs := make([]wire.Run, 0, len(b.Runs))
	for _, run := range b.Runs {
		if bound, ok := after[run.Check]; ok {
			n, _ := slices.BinarySearchFunc(run.Results, bound+1, func(x wire.Result, t int64) int { return int(x.T - t) })
			run.Results = run.Results[:n]
		}
		if len(run.Results) > 0 {
			runs = append(runs, run)
		}
	}
	return runs, nil
}
