package casefile_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	_ "time/tzdata"

	"github.com/nines-monitor/nines/slo/casefile"
)

// The conformance cases are the specification by example: every field of every answer must
// be equal.
func TestConformance(t *testing.T) {
	for file, wanted := range map[string]int{"named.json": 61, "random.json": 120} {
		cases := readCases(t, file)
		if len(cases) != wanted {
			t.Errorf("%s: %d cases, want %d", file, len(cases), wanted)
		}
		for _, c := range cases {
			got, err := casefile.Eval(c.Case)
			if err != nil {
				t.Errorf("%s: Eval(%s): %v", file, c.Case, err)
				continue
			}
			if got, want := canonical(t, got), canonical(t, c.Want); got != want {
				t.Errorf("%s: Eval(%.300s)\ngot  %s\nwant %s", file, c.Case, got, want)
			}
		}
	}
}

type conformanceCase struct {
	Case, Want json.RawMessage
}

func readCases(t testing.TB, file string) []conformanceCase {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var cases []conformanceCase
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&cases); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if len(cases) == 0 {
		t.Fatalf("%s holds no cases", file)
	}
	return cases
}

// canonical writes a result with its fields in order, so that two can be compared as text.
func canonical(t testing.TB, data []byte) string {
	t.Helper()
	var fields map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&fields); err != nil {
		t.Fatalf("result %s: %v", data, err)
	}
	out, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
