package casefile_test

import (
	"encoding/json"
	"testing"

	"github.com/nines-monitor/nines/slo/casefile"
)

// FuzzEval: any bytes are an error or a result whose classes sum to the elapsed time, and the
// answer is the same when asked again.
func FuzzEval(f *testing.F) {
	for _, c := range readCases(f, "named.json") {
		f.Add([]byte(c.Case))
	}
	f.Add([]byte(document(nil)))
	f.Add([]byte("[" + document(nil) + "]"))
	f.Add([]byte(`{"window":{"kind":"rolling","length":"2500000h"},"now":"2026-03-15T12:00:00Z"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := casefile.Eval(data)
		if err != nil {
			return
		}
		again, err := casefile.Eval(data)
		if err != nil || string(again) != string(out) {
			t.Fatalf("Eval(%s) = %s, then %s, %v", data, out, again, err)
		}
		checkResult(t, data, out)
	})
}

func checkResult(t *testing.T, data, out []byte) {
	if out[0] == '[' {
		var all []json.RawMessage
		if err := json.Unmarshal(out, &all); err != nil {
			t.Fatalf("Eval(%s) = %s: %v", data, out, err)
		}
		return
	}
	var r struct {
		Elapsed     int64 `json:"elapsed_ms"`
		OutOfHours  int64 `json:"out_of_hours_ms"`
		Maintenance int64 `json:"maintenance_ms"`
		Excluded    int64 `json:"excluded_ms"`
		Up          int64 `json:"up_ms"`
		Down        int64 `json:"down_ms"`
		Unknown     int64 `json:"unknown_ms"`
		Budget      int64 `json:"budget_ms"`
		Consumed    int64 `json:"consumed_ms"`
		Remaining   int64 `json:"remaining_ms"`
		Breached    bool  `json:"breached"`
	}
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("Eval(%s) = %s: %v", data, out, err)
	}
	if r.OutOfHours+r.Maintenance+r.Excluded+r.Up+r.Down+r.Unknown != r.Elapsed ||
		r.Budget-r.Consumed != r.Remaining || r.Breached != (r.Remaining < 0) || r.Budget < 0 {
		t.Fatalf("Eval(%s) = %s does not add up", data, out)
	}
}
