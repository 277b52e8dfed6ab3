package casefile_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/nines-monitor/nines/slo/casefile"
)

// valid is a case with every field, by field.
var valid = map[string]string{
	"name":               `"n"`,
	"window":             `{"kind":"month","of":"2026-03","time_zone":"Europe/Berlin"}`,
	"now":                `"2026-03-15T12:00:00Z"`,
	"objective":          `"100"`,
	"service":            `{"all":[{"series":"a"},{"any":[{"series":"a"}]},{"quorum":1,"of":[{"series":"a"}]}]}`,
	"series":             `{"a":{"interval":"1m","stale_after":"1m","down_after":1,"up_after":1,"observations":[["2026-03-01T00:00:00Z","up",10],["2026-03-01T01:00:00Z","down"]]}}`,
	"unknown":            `"excluded"`,
	"service_hours":      `{"time_zone":"Europe/Berlin","rules":[{"days":["mon"],"from":"08:00","to":"24:00"}],"closed_dates":["2026-12-25"]}`,
	"maintenance":        `[{"start":"2026-03-02T00:00:00Z","end":"2026-03-02T00:00:00Z","announced_at":"2026-03-01T00:00:00Z"},{"start":"2026-03-01T02:00:00","time_zone":"UTC","duration":"720h","rrule":"FREQ=DAILY","except":["2026-03-01T02:00:00"],"announced_at":"2026-03-01T00:00:00Z"}]`,
	"maintenance_policy": `{"notice":"0s","cap":"0s","counts_as":"up"}`,
	"exclusions":         `[{"start":"2026-03-02T00:00:00Z","end":"2026-03-02T00:00:00Z","reason":"client"}]`,
}

func document(replace map[string]string) string {
	fields := map[string]json.RawMessage{}
	for name, text := range valid {
		fields[name] = json.RawMessage(text)
	}
	for name, text := range replace {
		if text == "" {
			delete(fields, name)
		} else {
			fields[name] = json.RawMessage(text)
		}
	}
	out, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(out)
}

func TestTheWholeFormatIsRead(t *testing.T) {
	if _, err := casefile.Eval([]byte(document(nil))); err != nil {
		t.Errorf("Eval(%s): %v", document(nil), err)
	}
}

// Every fault is an error that begins with the place of the field.
func TestInvalidCasesNameTheirField(t *testing.T) {
	for name, tc := range map[string]struct{ field, text, place string }{
		"unknown field":                      {"colour", `1`, "colour: "},
		"name of another kind":               {"name", `1`, "name: "},
		"no window":                          {"window", ``, "window: missing"},
		"no now":                             {"now", ``, "now: missing"},
		"no objective":                       {"objective", ``, "objective: missing"},
		"no service":                         {"service", ``, "service: missing"},
		"no series":                          {"series", ``, "series: missing"},
		"window of another kind":             {"window", `"month"`, "window: "},
		"window without a kind":              {"window", `{"of":"2026-03","time_zone":"UTC"}`, "window.kind: missing"},
		"window kind that does not exist":    {"window", `{"kind":"day","of":"2026-03-01","time_zone":"UTC"}`, "window.kind: "},
		"window field unknown":               {"window", `{"kind":"month","of":"2026-03","time_zone":"UTC","x":1}`, "window.x: "},
		"rolling field in a month":           {"window", `{"kind":"month","of":"2026-03","time_zone":"UTC","length":"1h"}`, "window.length: "},
		"month field in a rolling":           {"window", `{"kind":"rolling","length":"1h","of":"2026-03"}`, "window.of: "},
		"month without a zone":               {"window", `{"kind":"month","of":"2026-03"}`, "window.time_zone: missing"},
		"month that does not exist":          {"window", `{"kind":"month","of":"2026-13","time_zone":"UTC"}`, "window.of: "},
		"quarter that does not exist":        {"window", `{"kind":"quarter","of":"2026-Q5","time_zone":"UTC"}`, "window.of: "},
		"week that does not exist":           {"window", `{"kind":"week","of":"2025-W53","time_zone":"UTC"}`, "window.of: "},
		"year written short":                 {"window", `{"kind":"year","of":"26","time_zone":"UTC"}`, "window.of: "},
		"year zero":                          {"window", `{"kind":"year","of":"0000","time_zone":"UTC"}`, "window.of: "},
		"zone that does not exist":           {"window", `{"kind":"month","of":"2026-03","time_zone":"Mars/Base"}`, "window.time_zone: "},
		"zone of this machine":               {"window", `{"kind":"month","of":"2026-03","time_zone":"Local"}`, "window.time_zone: "},
		"zone without a name":                {"window", `{"kind":"month","of":"2026-03","time_zone":""}`, "window.time_zone: "},
		"zone that climbs out":               {"window", `{"kind":"month","of":"2026-03","time_zone":"../../etc/passwd"}`, "window.time_zone: "},
		"rolling of no length":               {"window", `{"kind":"rolling","length":"0s"}`, "window.length: "},
		"rolling of negative length":         {"window", `{"kind":"rolling","length":"-1h"}`, "window.length: "},
		"rolling without a length":           {"window", `{"kind":"rolling"}`, "window.length: missing"},
		"rolling end that is no instant":     {"window", `{"kind":"rolling","length":"1h","end":"2026-03-01"}`, "window.end: "},
		"rolling back before the year 1":     {"window", `{"kind":"rolling","length":"1h","end":"0001-01-01T00:00:00Z"}`, "window.start: "},
		"the last year":                      {"window", `{"kind":"year","of":"9999","time_zone":"UTC"}`, "window.end: "},
		"now without a zone":                 {"now", `"2026-03-15T12:00:00"`, "now: "},
		"now on a day that does not exist":   {"now", `"2026-02-30T12:00:00Z"`, "now: "},
		"now finer than a millisecond":       {"now", `"2026-03-15T12:00:00.0001Z"`, "now: "},
		"now a number":                       {"now", `5`, "now: "},
		"objective a number":                 {"objective", `99.9`, "objective: "},
		"objective of zero":                  {"objective", `"0"`, "objective: "},
		"objective of zero with decimals":    {"objective", `"0.000"`, "objective: "},
		"objective above 100":                {"objective", `"100.0001"`, "objective: "},
		"objective negative":                 {"objective", `"-1"`, "objective: "},
		"objective with a percent mark":      {"objective", `"99.9%"`, "objective: "},
		"objective with an exponent":         {"objective", `"1e1"`, "objective: "},
		"objective empty":                    {"objective", `""`, "objective: "},
		"objective with a bare point":        {"objective", `"99."`, "objective: "},
		"objective with foreign digits":      {"objective", `"٩٩"`, "objective: "},
		"service empty":                      {"service", `{}`, "service: "},
		"service of two forms":               {"service", `{"series":"a","any":[{"series":"a"}]}`, "service: "},
		"service of an unknown form":         {"service", `{"most":[]}`, "service.most: "},
		"all of nothing":                     {"service", `{"all":[]}`, "service.all: "},
		"any of nothing":                     {"service", `{"any":[]}`, "service.any: "},
		"of nothing":                         {"service", `{"quorum":1,"of":[]}`, "service.of: "},
		"quorum without of":                  {"service", `{"quorum":1}`, "service: "},
		"of without quorum":                  {"service", `{"of":[{"series":"a"}]}`, "service: "},
		"quorum of zero":                     {"service", `{"quorum":0,"of":[{"series":"a"}]}`, "service.quorum: "},
		"quorum of too many":                 {"service", `{"quorum":2,"of":[{"series":"a"}]}`, "service.quorum: "},
		"quorum of a half":                   {"service", `{"quorum":1.5,"of":[{"series":"a"}]}`, "service.quorum: "},
		"series that does not exist":         {"service", `{"any":[{"series":"a"},{"series":"b"}]}`, "service.any[1].series: "},
		"series of another kind":             {"series", `[]`, "series: "},
		"series field unknown":               {"series", `{"a":{"interval":"1m","observations":[],"timeout":"1s"}}`, "series.a.timeout: "},
		"series without an interval":         {"series", `{"a":{"observations":[]}}`, "series.a.interval: missing"},
		"series without observations":        {"series", `{"a":{"interval":"1m"}}`, "series.a.observations: missing"},
		"interval of zero":                   {"series", `{"a":{"interval":"0s","observations":[]}}`, "series.a.interval: "},
		"interval negative":                  {"series", `{"a":{"interval":"-1m","observations":[]}}`, "series.a.interval: "},
		"interval without a unit":            {"series", `{"a":{"interval":"60","observations":[]}}`, "series.a.interval: "},
		"interval finer than a millisecond":  {"series", `{"a":{"interval":"1us","observations":[]}}`, "series.a.interval: "},
		"interval in days":                   {"series", `{"a":{"interval":"1d","observations":[]}}`, "series.a.interval: "},
		"stale_after below the interval":     {"series", `{"a":{"interval":"1m","stale_after":"59s","observations":[]}}`, "series.a.stale_after: "},
		"down_after of zero":                 {"series", `{"a":{"interval":"1m","down_after":0,"observations":[]}}`, "series.a.down_after: "},
		"up_after of zero":                   {"series", `{"a":{"interval":"1m","up_after":0,"observations":[]}}`, "series.a.up_after: "},
		"up_after a string":                  {"series", `{"a":{"interval":"1m","up_after":"1","observations":[]}}`, "series.a.up_after: "},
		"observation too short":              {"series", `{"a":{"interval":"1m","observations":[["2026-03-01T00:00:00Z"]]}}`, "series.a.observations[0]: "},
		"observation too long":               {"series", `{"a":{"interval":"1m","observations":[["2026-03-01T00:00:00Z","up",1,1]]}}`, "series.a.observations[0]: "},
		"observation at no instant":          {"series", `{"a":{"interval":"1m","observations":[["2026-03-01","up"]]}}`, "series.a.observations[0][0]: "},
		"status that does not exist":         {"series", `{"a":{"interval":"1m","observations":[["2026-03-01T00:00:00Z","UP"]]}}`, "series.a.observations[0][1]: "},
		"count of zero":                      {"series", `{"a":{"interval":"1m","observations":[["2026-03-01T00:00:00Z","up",0]]}}`, "series.a.observations[0][2]: "},
		"count past the end of the calendar": {"series", `{"a":{"interval":"1m","observations":[["2026-03-01T00:00:00Z","up",9223372036854775807]]}}`, "series.a.observations[0][2]: "},
		"unknown policy that does not exist": {"unknown", `"ignored"`, "unknown: "},
		"unknown policy null":                {"unknown", `null`, "unknown: "},
		"hours of another kind":              {"service_hours", `"always"`, "service_hours: "},
		"hours field unknown":                {"service_hours", `{"time_zone":"UTC","rules":[],"open":1}`, "service_hours.open: "},
		"hours without a zone":               {"service_hours", `{"rules":[]}`, "service_hours.time_zone: missing"},
		"hours without rules":                {"service_hours", `{"time_zone":"UTC"}`, "service_hours.rules: missing"},
		"hours in no zone":                   {"service_hours", `{"time_zone":"Nowhere","rules":[]}`, "service_hours.time_zone: "},
		"rule without days":                  {"service_hours", `{"time_zone":"UTC","rules":[{"from":"08:00","to":"18:00"}]}`, "service_hours.rules[0].days: missing"},
		"rule of no day":                     {"service_hours", `{"time_zone":"UTC","rules":[{"days":[],"from":"08:00","to":"18:00"}]}`, "service_hours.rules[0].days: "},
		"rule of a day that does not exist":  {"service_hours", `{"time_zone":"UTC","rules":[{"days":["Mon"],"from":"08:00","to":"18:00"}]}`, "service_hours.rules[0].days[0]: "},
		"rule from 24:00":                    {"service_hours", `{"time_zone":"UTC","rules":[{"days":["mon"],"from":"24:00","to":"18:00"}]}`, "service_hours.rules[0].from: "},
		"rule to 24:01":                      {"service_hours", `{"time_zone":"UTC","rules":[{"days":["mon"],"from":"08:00","to":"24:01"}]}`, "service_hours.rules[0].to: "},
		"rule from 8:00":                     {"service_hours", `{"time_zone":"UTC","rules":[{"days":["mon"],"from":"8:00","to":"18:00"}]}`, "service_hours.rules[0].from: "},
		"rule without an end":                {"service_hours", `{"time_zone":"UTC","rules":[{"days":["mon"],"from":"08:00"}]}`, "service_hours.rules[0].to: missing"},
		"rule field unknown":                 {"service_hours", `{"time_zone":"UTC","rules":[{"days":["mon"],"from":"08:00","to":"18:00","x":1}]}`, "service_hours.rules[0].x: "},
		"closed date that does not exist":    {"service_hours", `{"time_zone":"UTC","rules":[],"closed_dates":["2026-02-29"]}`, "service_hours.closed_dates[0]: "},
		"maintenance of another kind":        {"maintenance", `{}`, "maintenance: "},
		"maintenance without an end":         {"maintenance", `[{"start":"2026-03-02T00:00:00Z"}]`, "maintenance[0].end: missing"},
		"maintenance that ends before":       {"maintenance", `[{"start":"2026-03-02T00:00:00Z","end":"2026-03-01T00:00:00Z"}]`, "maintenance[0].end: "},
		"maintenance of both forms":          {"maintenance", `[{"start":"2026-03-02T00:00:00","time_zone":"UTC","duration":"1h","end":"2026-03-01T00:00:00Z"}]`, "maintenance[0].end: "},
		"maintenance field unknown":          {"maintenance", `[{"start":"2026-03-02T00:00:00Z","end":"2026-03-03T00:00:00Z","x":1}]`, "maintenance[0].x: "},
		"rrule on instants":                  {"maintenance", `[{"start":"2026-03-02T00:00:00Z","end":"2026-03-03T00:00:00Z","rrule":"FREQ=DAILY"}]`, "maintenance[0].rrule: "},
		"local maintenance with an offset":   {"maintenance", `[{"start":"2026-03-02T00:00:00Z","time_zone":"UTC","duration":"1h"}]`, "maintenance[0].start: "},
		"local maintenance in no zone":       {"maintenance", `[{"start":"2026-03-02T00:00:00","time_zone":"x","duration":"1h"}]`, "maintenance[0].time_zone: "},
		"local maintenance of no zone":       {"maintenance", `[{"start":"2026-03-02T00:00:00","duration":"1h"}]`, "maintenance[0].time_zone: missing"},
		"local maintenance without length":   {"maintenance", `[{"start":"2026-03-02T00:00:00","time_zone":"UTC"}]`, "maintenance[0].duration: missing"},
		"duration of zero":                   {"maintenance", `[{"start":"2026-03-02T00:00:00","time_zone":"UTC","duration":"0s"}]`, "maintenance[0].duration: "},
		"duration beyond thirty days":        {"maintenance", `[{"start":"2026-03-02T00:00:00","time_zone":"UTC","duration":"720h1s"}]`, "maintenance[0].duration: "},
		"rrule empty":                        {"maintenance", `[{"start":"2026-03-02T00:00:00","time_zone":"UTC","duration":"1h","rrule":""}]`, "maintenance[0].rrule: "},
		"rrule that does not exist":          {"maintenance", `[{"start":"2026-03-02T00:00:00","time_zone":"UTC","duration":"1h","rrule":"FREQ=SOMETIMES"}]`, "maintenance[0].rrule: "},
		"rrule of too many occurrences":      {"maintenance", `[{"start":"2026-03-02T00:00:00","time_zone":"UTC","duration":"1h","rrule":"FREQ=SECONDLY"}]`, "maintenance[0].rrule: "},
		"rrule until an instant":             {"maintenance", `[{"start":"2026-03-02T00:00:00","time_zone":"UTC","duration":"1h","rrule":"FREQ=DAILY;UNTIL=20260401T000000Z"}]`, "maintenance[0].rrule: "},
		"except that does not exist":         {"maintenance", `[{"start":"2026-03-02T00:00:00","time_zone":"UTC","duration":"1h","except":["2026-02-30T00:00:00"]}]`, "maintenance[0].except[0]: "},
		"announced at no instant":            {"maintenance", `[{"start":"2026-03-02T00:00:00Z","end":"2026-03-03T00:00:00Z","announced_at":"yesterday"}]`, "maintenance[0].announced_at: "},
		"policy field unknown":               {"maintenance_policy", `{"limit":"1h"}`, "maintenance_policy.limit: "},
		"notice negative":                    {"maintenance_policy", `{"notice":"-1s"}`, "maintenance_policy.notice: "},
		"cap negative":                       {"maintenance_policy", `{"cap":"-1s"}`, "maintenance_policy.cap: "},
		"counts as something else":           {"maintenance_policy", `{"counts_as":"down"}`, "maintenance_policy.counts_as: "},
		"exclusion that ends before":         {"exclusions", `[{"start":"2026-03-02T00:00:00Z","end":"2026-03-01T00:00:00Z","reason":"client"}]`, "exclusions[0].end: "},
		"exclusion without a reason":         {"exclusions", `[{"start":"2026-03-02T00:00:00Z","end":"2026-03-03T00:00:00Z"}]`, "exclusions[0].reason: missing"},
		"exclusion for no good reason":       {"exclusions", `[{"start":"2026-03-02T00:00:00Z","end":"2026-03-03T00:00:00Z","reason":"weather"}]`, "exclusions[0].reason: "},
		"exclusion field unknown":            {"exclusions", `[{"start":"2026-03-02T00:00:00Z","end":"2026-03-03T00:00:00Z","reason":"client","by":"me"}]`, "exclusions[0].by: "},
	} {
		t.Run(name, func(t *testing.T) {
			doc := document(map[string]string{tc.field: tc.text})
			out, err := casefile.Eval([]byte(doc))
			if err == nil || !strings.HasPrefix(err.Error(), tc.place) {
				t.Errorf("Eval with %s = %s\ngot  %s, %v\nwant an error that begins with %q", tc.field, tc.text, out, err, tc.place)
			}
			list := "[" + document(nil) + "," + doc + "]"
			if _, err := casefile.Eval([]byte(list)); err == nil || !strings.HasPrefix(err.Error(), "[1]."+tc.place) {
				t.Errorf("Eval of a list: got %v, want an error that begins with %q", err, "[1]."+tc.place)
			}
		})
	}
}

func TestRepeatedFieldsAreErrors(t *testing.T) {
	for name := range maps.Keys(valid) {
		doc := document(nil)
		doc = strings.TrimSuffix(doc, "}") + `,"` + name + `":` + valid[name] + "}"
		if _, err := casefile.Eval([]byte(doc)); err == nil || !strings.Contains(err.Error(), `"`+name+`" twice`) {
			t.Errorf("Eval with %s twice: %v", name, err)
		}
	}
	nested := document(map[string]string{"window": `{"kind":"month","of":"2026-03"}`})
	nested = strings.Replace(nested, `"of":"2026-03"`, `"of":"2026-03","of":"2026-04"`, 1)
	if _, err := casefile.Eval([]byte(nested)); err == nil || err.Error() != `window: field "of" twice` {
		t.Errorf("Eval with window.of twice: %v", err)
	}
}

func TestDocumentsThatAreNoCases(t *testing.T) {
	for name, doc := range map[string]string{
		"nothing":            "",
		"half a case":        document(nil)[:100],
		"two cases":          document(nil) + document(nil),
		"a string":           `"case"`,
		"null":               `null`,
		"a list of a number": `[1]`,
		"not UTF-8":          `{"name":"` + "\xff" + `"}`,
		"deeply nested":      strings.Repeat("[", 100_000),
	} {
		if out, err := casefile.Eval([]byte(doc)); err == nil {
			t.Errorf("%s: Eval(%.50q) = %s, want an error", name, doc, out)
		}
	}
	if out, err := casefile.Eval([]byte("[]")); err != nil || string(out) != "[]\n" {
		t.Errorf("Eval([]) = %s, %v, want []", out, err)
	}
}

// Runs that overlap are told apart by their instants and, at one instant, by their order.
func TestRunsThatOverlapAreFoldedInOrder(t *testing.T) {
	eval := func(observations string) string {
		doc := document(map[string]string{"series": `{"a":{"interval":"1m","observations":` + observations + `}}`, "maintenance": "[]", "service_hours": ""})
		out, err := casefile.Eval([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	const second = `["2026-03-01T00:02:30Z","down",2],["2026-03-01T00:05:00Z","down"],["2026-03-01T00:03:00Z","down",3]`
	runs := eval(`[["2026-03-01T00:00:00Z","up",6],` + second + `]`)
	single := eval(`[["2026-03-01T00:00:00Z","up"],["2026-03-01T00:01:00Z","up"],["2026-03-01T00:02:00Z","up"],["2026-03-01T00:03:00Z","up"],` +
		`["2026-03-01T00:04:00Z","up"],["2026-03-01T00:05:00Z","up"],["2026-03-01T00:02:30Z","down"],["2026-03-01T00:03:30Z","down"]]`)
	if runs != single {
		t.Errorf("runs %s\nsingle observations %s", runs, single)
	}
}

func TestAMillionYearsOfProbesAreBounded(t *testing.T) {
	var overlapping strings.Builder
	for i := range 3000 {
		if i > 0 {
			overlapping.WriteString(",")
		}
		overlapping.WriteString(`["2026-03-01T00:00:00Z","up",100000000]`)
	}
	doc := document(map[string]string{"series": `{"a":{"interval":"1ms","observations":[` + overlapping.String() + `]}}`})
	if _, err := casefile.Eval([]byte(doc)); err == nil || !strings.HasPrefix(err.Error(), "series.a.observations: ") {
		t.Errorf("Eval of 3,000 overlapping runs: %v, want it cut off", err)
	}
}
