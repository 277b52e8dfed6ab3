package report

import (
	"encoding/json"
	"time"

	"github.com/nines-monitor/nines/slo"
)

// Schema names the form of the JSON. A change that a reader could stumble over gets a new one.
const Schema = "nines.report.v1"

// Report is one client's month. Build makes it; its JSON form is described in docs/report.md.
// Instants are ms since the Unix epoch, UTC; durations are ms.
type Report struct {
	Schema      string   `json:"schema"`
	Client      Client   `json:"client"`
	Month       string   `json:"month"` // "2026-10"
	Period      Period   `json:"period"`
	GeneratedAt int64    `json:"generated_at_ms"`
	DataAsOf    int64    `json:"data_as_of_ms"` // the newest observation held; 0: none
	Preliminary bool     `json:"preliminary"`   // the month is not over
	Demo        bool     `json:"demo"`          // made-up data
	Contract    Contract `json:"contract"`

	Services []Service `json:"services"`

	zone *time.Location
}

// Client is whose report it is.
type Client struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	TimeZone string `json:"time_zone"`
}

// Contract says whose terms were applied.
type Contract struct {
	Effective string `json:"effective"`          // date
	Revision  int    `json:"revision,omitempty"` // 0: not known
}

// Period is [Start, End), also as the client's clock shows it.
type Period struct {
	Start      int64  `json:"start_ms"`
	End        int64  `json:"end_ms"`
	LocalStart string `json:"start"` // RFC 3339
	LocalEnd   string `json:"end"`
}

// Service is one service with all its SLOs; without any, nothing was promised of it.
type Service struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	SLOs []SLO  `json:"slos"`
}

// SLO is the account of one objective.
type SLO struct {
	ID        string `json:"id"`
	Objective string `json:"objective"` // percent, exact, without its sign
	Window    string `json:"window"`    // month, quarter, year, week or rolling 28d

	UnknownCountsAs     string `json:"unknown_counts_as"`     // excluded, up or down
	MaintenanceCountsAs string `json:"maintenance_counts_as"` // excluded or up

	Ledger  Ledger  `json:"ledger"`  // of the month
	Promise Promise `json:"promise"` // of the SLO's own window at the month's end

	// SmallestOutage is the length from which an outage is certain to be seen: shorter ones
	// may fall between two probes, and lie neither in the best nor in the worst.
	SmallestOutage int64 `json:"smallest_outage_ms"`

	Outages    []Outage   `json:"outages"`
	TakenOut   []TakenOut `json:"taken_out"`
	Unmeasured []Gap      `json:"unmeasured"`
	Days       []Day      `json:"days"`
}

// otherWindow reports whether the objective is promised for another period than the month.
func (o SLO) otherWindow() bool { return o.Window != slo.Month.String() }

// Ledger has every elapsed millisecond of the month in exactly one of six classes, and the
// shares that follow from them (docs/measurement.md, sections 3 and 4).
type Ledger struct {
	Elapsed      int64 `json:"elapsed_ms"`
	OutOfHours   int64 `json:"out_of_hours_ms"`
	Maintenance  int64 `json:"maintenance_ms"`
	Excluded     int64 `json:"excluded_ms"`
	Up           int64 `json:"up_ms"`
	Down         int64 `json:"down_ms"`
	Unknown      int64 `json:"unknown_ms"`
	Good         int64 `json:"good_ms"`
	Bad          int64 `json:"bad_ms"`
	Availability Share `json:"availability"`
	Best         Share `json:"availability_best"`
	Worst        Share `json:"availability_worst"`
	Coverage     Share `json:"coverage"`
}

// Promise is the budget of the window in which the objective is promised: the month itself,
// or the quarter, year, week or rolling window that holds the month's last instant.
type Promise struct {
	Label        string `json:"label"`
	Start        int64  `json:"start_ms"`
	End          int64  `json:"end_ms"`
	Closed       bool   `json:"closed"` // the window is over, the verdict final
	Agreed       int64  `json:"agreed_ms"`
	Budget       int64  `json:"budget_ms"`
	Consumed     int64  `json:"consumed_ms"`
	Remaining    int64  `json:"remaining_ms"` // below 0: overspent
	Availability Share  `json:"availability"`
	Coverage     Share  `json:"coverage"`
	MinCoverage  string `json:"min_coverage,omitempty"` // percent
	Verdict      string `json:"verdict"`                // met, missed, cannot_be_proven, not_applicable; while it runs: met, at_risk, breached, not_measured
	BreachedAt   int64  `json:"breached_at_ms"`         // 0: not breached
}

// Outage is a stretch in which the service was down. Counted is what of it counts: its time
// in service hours and outside maintenance and exclusions.
type Outage struct {
	Start   int64  `json:"start_ms"`
	End     int64  `json:"end_ms"`
	Counted int64  `json:"counted_ms"`
	Reason  string `json:"reason"`
	Check   string `json:"check"`
}

// TakenOut is a window of maintenance, or an exclusion, as far as it was applied.
type TakenOut struct {
	Start int64  `json:"start_ms"`
	End   int64  `json:"end_ms"`
	Class string `json:"class"` // maintenance or excluded
	ID    string `json:"id"`
	Title string `json:"title"`
}

// Gap is a stretch in service hours in which the service's state was not known.
type Gap struct {
	Start  int64  `json:"start_ms"`
	End    int64  `json:"end_ms"`
	Reason string `json:"reason"` // empty: nothing was observed
}

// Day is one day of the month in the client's zone. The six sum to what of it has elapsed.
type Day struct {
	Date        string `json:"date"`
	OutOfHours  int64  `json:"out_of_hours_ms"`
	Maintenance int64  `json:"maintenance_ms"`
	Excluded    int64  `json:"excluded_ms"`
	Up          int64  `json:"up_ms"`
	Down        int64  `json:"down_ms"`
	Unknown     int64  `json:"unknown_ms"`
}

// Share is an exact quotient of two durations. Den 0 means that nothing was measured.
type Share struct {
	Num, Den int64
}

// MarshalJSON writes num and den in ms, and percent as a string with four decimals,
// truncated, or null.
func (s Share) MarshalJSON() ([]byte, error) {
	wire := struct {
		Num     int64   `json:"num"`
		Den     int64   `json:"den"`
		Percent *string `json:"percent"`
	}{Num: s.Num, Den: s.Den}
	if p, ok := slo.Fraction(s).Percent(); ok {
		wire.Percent = &p
	}
	return json.Marshal(wire)
}

// JSON writes the report, indented, with a line break at its end.
func (r *Report) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}
