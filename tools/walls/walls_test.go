// Package walls proves that the linter's rules of the house stand: .golangci.yml must refuse each forbidden import and each
// forbidden call that is tried here, and a rule on imports that nobody tries fails the test.
package walls

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nines-monitor/nines/internal/testservers"
)

// forbidden has, for each rule, a file of a small copy of the house and the import that must be refused in it.
var forbidden = map[string]struct{ file, imports string }{
	"slo is pure":                             {"slo/a.go", "os"},
	"slo's tests know slo alone":              {"slo/a_test.go", "github.com/nines-monitor/nines/internal/version"},
	"wire knows nothing of ours":              {"internal/wire/a.go", "github.com/nines-monitor/nines/slo"},
	"probes know wire alone":                  {"probes/a.go", "github.com/nines-monitor/nines/slo"},
	"the agent is no server and no collector": {"agent/a.go", "github.com/nines-monitor/nines/collector"},
	"nothing on site executes":                {"agent/spool/a.go", "os/exec"},
	"the collector is no agent":               {"collector/a.go", "github.com/nines-monitor/nines/agent/spool"},
	"contract is file to terms":               {"collector/contract/a.go", "net"},
	"only engines speak sql":                  {"collector/web/a.go", "database/sql"},
	"store and journal know no pages":         {"collector/store/a.go", "net/http"},
	"supports stand below the rooms":          {"internal/version/a.go", "github.com/nines-monitor/nines/collector/store"},
	"test servers stay in tests":              {"cmd/nines/a.go", "testing"},
	"everywhere":                              {"cmd/nines-agent/a.go", "log"},
}

func TestEachRuleOnImportsRefuses(t *testing.T) {
	rules := ruleNames(config(t))
	if tried := slices.Sorted(maps.Keys(forbidden)); !slices.Equal(rules, tried) {
		t.Fatalf("rules in .golangci.yml and rules tried here differ:\n%q\n%q", rules, tried)
	}

	house := emptyHouse(t)
	for _, tc := range forbidden {
		pkg := filepath.Base(filepath.Dir(tc.file))
		if strings.HasPrefix(tc.file, "cmd/") {
			pkg = "main"
		}
		write(t, house, tc.file, "package "+pkg+"\n\nimport _ \""+tc.imports+"\"\n")
	}

	issues := lint(t, "depguard", house)
	for rule, tc := range forbidden {
		want := "import '" + tc.imports + "' is not allowed from list '" + rule + "'"
		refused := slices.ContainsFunc(issues, func(i issue) bool {
			return i.Pos.Filename == tc.file && strings.HasPrefix(i.Text, want)
		})
		if !refused {
			t.Errorf("%s imports %s: not refused by the rule %q; the linter says %+v", tc.file, tc.imports, rule, issues)
		}
	}
}

func TestForbiddenCallsAreRefused(t *testing.T) {
	cases := map[string]struct {
		imports, call string
		refused       bool
	}{
		"a skipped test":                   {"testing", `var t testing.T; t.Skip("later")`, true},
		"a skip with a format":             {"testing", `var t *testing.T; t.Skipf("later")`, true},
		"a skip now":                       {"testing", `var t testing.TB; t.SkipNow()`, true},
		"a skipped benchmark":              {"testing", `var b *testing.B; b.Skip()`, true},
		"a sleep":                          {"time", `time.Sleep(1)`, true},
		"a line to the default logger":     {"log/slog", `slog.Info("started")`, true},
		"a line to an injected logger":     {"log/slog", `var log *slog.Logger; log.Info("started")`, false},
		"the clock in an ordinary room":    {"time", `_ = time.Now()`, false},
		"any other call of the same names": {"time", `_ = time.Unix(0, 0)`, false},
	}
	house := emptyHouse(t)
	for name, tc := range cases {
		write(t, house, fileOf(name), "package agent\n\nimport \""+tc.imports+"\"\n\nfunc _() {\n"+tc.call+"\n}\n")
	}
	issues := lint(t, "forbidigo", house)
	for name, tc := range cases {
		refused := slices.ContainsFunc(issues, func(i issue) bool { return i.Pos.Filename == fileOf(name) })
		if refused != tc.refused {
			t.Errorf("%s: %s: refused = %v, want %v; the linter says %+v", name, tc.call, refused, tc.refused, issues)
		}
	}
}

func fileOf(name string) string { return "agent/" + strings.ReplaceAll(name, " ", "_") + "_test.go" }

// Pure code receives its times; a test of it may read the clock.
func TestPureRoomsMayNotReadTheClock(t *testing.T) {
	house := emptyHouse(t)
	pure := []string{"slo/now.go", "internal/wire/now.go", "collector/contract/now.go"}
	for _, file := range append(pure, "slo/now_test.go", "collector/now.go") {
		pkg := filepath.Base(filepath.Dir(file))
		write(t, house, file, "package "+pkg+"\n\nimport \"time\"\n\nfunc _() { _ = time.Now() }\n")
	}
	var refused []string
	for _, i := range lint(t, "forbidigo", house) {
		refused = append(refused, i.Pos.Filename)
	}
	slices.Sort(refused)
	slices.Sort(pure)
	if !slices.Equal(refused, pure) {
		t.Errorf("time.Now is refused in %q, want %q", refused, pure)
	}
}

// emptyHouse returns the folder of a module like ours, with our rules and without code.
func emptyHouse(t *testing.T) string {
	t.Helper()
	house := t.TempDir()
	write(t, house, "go.mod", "module github.com/nines-monitor/nines\n\ngo 1.26.0\n")
	write(t, house, ".golangci.yml", config(t))
	return house
}

func config(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testservers.Root(t), ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type issue struct {
	Text string
	Pos  struct{ Filename string }
}

// lint runs one linter alone over the house, with the real configuration.
func lint(t *testing.T, linter, house string) []issue {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), testservers.Tool(t, "golangci-lint"), "run", "--enable-only", linter,
		"--output.json.path", "stdout", "--show-stats=false", "--allow-parallel-runners", "./...")
	cmd.Dir = house
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output() // it exits 1 when it has found something
	var report struct{ Issues []issue }
	if jsonErr := json.Unmarshal(out, &report); jsonErr != nil {
		t.Fatalf("golangci-lint: %v: %s%s", err, out, stderr.String())
	}
	return report.Issues
}

// ruleNames returns the names below depguard > rules, sorted.
func ruleNames(config string) []string {
	_, rest, _ := strings.Cut(config, "\n    depguard:\n      rules:\n")
	section, _, _ := strings.Cut(rest, "\n    errcheck:")
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^ {8}([^ ].*):$`).FindAllStringSubmatch(section, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return names
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
