package report

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nines-monitor/nines/internal/testservers"
)

// docs/report.md describes the JSON: no field goes unmentioned.
func TestEveryFieldIsDocumented(t *testing.T) {
	page := read(t, filepath.Join(testservers.Root(t), "docs", "report.md"))
	data, err := build(t, acme(t), "acme", "2026-10", afterwards).JSON()
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	fields := make(map[string]bool)
	collect(document, fields)
	if len(fields) < 40 {
		t.Errorf("the report has %d fields, want more to look at", len(fields))
	}
	for field := range fields {
		if !strings.Contains(page, "`"+field) && !strings.Contains(page, field+"`") && !strings.Contains(page, `"`+field+`"`) {
			t.Errorf("docs/report.md does not mention the field %q", field)
		}
	}
}

func collect(node any, fields map[string]bool) {
	switch n := node.(type) {
	case map[string]any:
		for field, value := range n {
			fields[field] = true
			collect(value, fields)
		}
	case []any:
		for _, value := range n {
			collect(value, fields)
		}
	}
}
