package web

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nines-monitor/nines/internal/testservers"
)

// docs/api.md names every route and every field of every answer.
func TestTheManualIsComplete(t *testing.T) {
	root := testservers.Root(t)
	read := func(path string) string {
		t.Helper()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	manual := read(filepath.Join(root, "docs", "api.md"))

	routes := regexp.MustCompile(`"(GET|POST|DELETE) (/[^"]*)"`).FindAllStringSubmatch(read("web.go"), -1)
	if len(routes) < 10 {
		t.Fatalf("web.go has %d routes, want all of them", len(routes))
	}
	for _, r := range routes {
		path := strings.TrimSuffix(r[2], "{$}")
		if !strings.Contains(manual, r[1]+" "+path) && !strings.HasPrefix(path, "/static/") {
			t.Errorf("docs/api.md does not name %s %s", r[1], path)
		}
	}

	golden, err := filepath.Glob("testdata/*.json")
	if err != nil || len(golden) == 0 {
		t.Fatalf("testdata: %v, %d golden files", err, len(golden))
	}
	fields := regexp.MustCompile(`"([a-z_]+)":`)
	for _, file := range golden {
		for _, field := range fields.FindAllStringSubmatch(read(file), -1) {
			if !strings.Contains(manual, `"`+field[1]+`"`) {
				t.Errorf("docs/api.md does not name %q of %s", field[1], file)
			}
		}
	}
}
