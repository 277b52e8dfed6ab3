package casefile_test

import (
	"fmt"

	"github.com/nines-monitor/nines/slo/casefile"
)

// A case holds a question in full; the answer can be checked by hand.
func ExampleEval() {
	answer, err := casefile.Eval([]byte(`{
		"name": "one outage of five minutes in a day",
		"window": {"kind": "rolling", "length": "24h"},
		"now": "2026-03-02T00:00:00Z",
		"objective": "99.9",
		"service": {"series": "erp"},
		"series": {"erp": {"interval": "1m", "observations": [
			["2026-02-28T23:59:00Z", "up", 601],
			["2026-03-01T10:00:00Z", "down", 5],
			["2026-03-01T10:05:00Z", "up", 835]
		]}}
	}`))
	if err != nil {
		panic(err)
	}
	fmt.Print(string(answer))
	// Output:
	// {
	//   "name": "one outage of five minutes in a day",
	//   "window": {
	//     "start": "2026-03-01T00:00:00.000Z",
	//     "end": "2026-03-02T00:00:00.000Z"
	//   },
	//   "elapsed_ms": 86400000,
	//   "out_of_hours_ms": 0,
	//   "maintenance_ms": 0,
	//   "excluded_ms": 0,
	//   "up_ms": 86100000,
	//   "down_ms": 300000,
	//   "unknown_ms": 0,
	//   "availability": "99.6527",
	//   "availability_best": "99.7222",
	//   "availability_worst": "99.5833",
	//   "coverage": "100.0000",
	//   "budget_ms": 86400,
	//   "consumed_ms": 300000,
	//   "remaining_ms": -213600,
	//   "breached": true
	// }
}
