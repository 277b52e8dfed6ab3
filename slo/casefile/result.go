package casefile

import (
	"time"

	"github.com/nines-monitor/nines/slo"
)

// result is what a case comes to, field by field as the case format has it.
type result struct {
	Name           string  `json:"name"`
	Window         window  `json:"window"`
	Elapsed        int64   `json:"elapsed_ms"`
	OutOfHours     int64   `json:"out_of_hours_ms"`
	Maintenance    int64   `json:"maintenance_ms"`
	Excluded       int64   `json:"excluded_ms"`
	Up             int64   `json:"up_ms"`
	Down           int64   `json:"down_ms"`
	Unknown        int64   `json:"unknown_ms"`
	Availability   *string `json:"availability"`
	Best           *string `json:"availability_best"`
	Worst          *string `json:"availability_worst"`
	Coverage       *string `json:"coverage"`
	Budget         int64   `json:"budget_ms"`
	Consumed       int64   `json:"consumed_ms"`
	Remaining      int64   `json:"remaining_ms"`
	BudgetBreached bool    `json:"breached"`
}

type window struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

func newResult(name string, l slo.Ledger) result {
	return result{
		Name:           name,
		Window:         window{instant(l.Period.Start), instant(l.Period.End)},
		Elapsed:        l.Elapsed,
		OutOfHours:     l.OutOfHours,
		Maintenance:    l.Maintenance,
		Excluded:       l.Excluded,
		Up:             l.Up,
		Down:           l.Down,
		Unknown:        l.Unknown,
		Availability:   percent(l.Availability),
		Best:           percent(l.Best),
		Worst:          percent(l.Worst),
		Coverage:       percent(l.Coverage),
		Budget:         l.Budget,
		Consumed:       l.Consumed,
		Remaining:      l.Remaining,
		BudgetBreached: l.Breached,
	}
}

func instant(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}

func percent(f slo.Fraction) *string {
	text, measured := f.Percent()
	if !measured {
		return nil
	}
	return &text
}
