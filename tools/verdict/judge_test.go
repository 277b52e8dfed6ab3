package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	for name, tc := range map[string]struct {
		source string // of a test file in a module of its own
		good   bool
		says   []string
		silent []string // must not be said
	}{
		"a passing test is good and its output is not shown": {
			source: `func TestA(t *testing.T) { t.Log("chatter") }`,
			good:   true,
			says:   []string{"ok   example/probe", "1 passed, 0 failed, 0 skipped"},
			silent: []string{"chatter"},
		},
		"a failing test shows what it said": {
			source: `func TestA(t *testing.T) { t.Error("got 1, want 2") }
func TestB(t *testing.T) {}`,
			says: []string{"FAIL example/probe TestA", "got 1, want 2", "1 passed, 1 failed, 0 skipped"},
		},
		"a skipped test is bad, with its reason": {
			source: `func TestA(t *testing.T) { t.Skip("needs a moon") }
func TestB(t *testing.T) {}`,
			says: []string{"SKIP example/probe TestA", "needs a moon", "1 passed, 0 failed, 1 skipped"},
		},
		"a skipped subtest is bad too": {
			source: `func TestA(t *testing.T) { t.Run("sub", func(t *testing.T) { t.SkipNow() }) }`,
			says:   []string{"SKIP example/probe TestA/sub: no reason given", "1 passed, 0 failed, 1 skipped"},
		},
		"no test at all is bad": {
			source: `func helper(*testing.T) {}`,
			says:   []string{"no test ran", "0 passed, 0 failed, 0 skipped"},
		},
		"a package that does not build is one failure": {
			source: `func TestA(t *testing.T) { undefined() }`,
			says:   []string{"undefined: undefined", "0 passed, 1 failed, 0 skipped"},
		},
		"a panic is shown with its place": {
			source: `func TestA(t *testing.T) { panic("out of cheese") }`,
			says:   []string{"out of cheese", "probe_test.go", "0 passed, 1 failed, 0 skipped"},
		},
		"an exit in mid-test is one failure": {
			source: `func TestA(t *testing.T) { println("going"); os.Exit(3) }`,
			says:   []string{"FAIL example/probe", "0 passed, 1 failed, 0 skipped"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			events := runTests(t, tc.source)
			var out strings.Builder
			v, err := judge(strings.NewReader(events), &out)
			if err != nil {
				t.Fatalf("judge: %v", err)
			}
			if v.good() != tc.good {
				t.Errorf("good = %v, want %v, after\n%s", v.good(), tc.good, out.String())
			}
			for _, want := range tc.says {
				if !strings.Contains(out.String(), want) {
					t.Errorf("verdict does not say %q:\n%s", want, out.String())
				}
			}
			for _, not := range tc.silent {
				if strings.Contains(out.String(), not) {
					t.Errorf("verdict says %q:\n%s", not, out.String())
				}
			}
		})
	}
}

func TestJudgePassesOnWhatIsNoEvent(t *testing.T) {
	var out strings.Builder
	if _, err := judge(strings.NewReader("go: cannot find main module"), &out); err != nil {
		t.Fatal(err)
	}
	if want := "go: cannot find main module"; !strings.HasPrefix(out.String(), want) {
		t.Errorf("judge wrote %q, want it to begin with %q", out.String(), want)
	}
}

// runTests returns what the real go test -json says of a package made of the given test functions.
func runTests(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	imports := "import \"testing\"\n"
	if strings.Contains(source, "os.") {
		imports += "import \"os\"\n"
	}
	write(t, filepath.Join(dir, "go.mod"), "module example/probe\n\ngo 1.26.0\n")
	write(t, filepath.Join(dir, "probe_test.go"), "package probe\n\n"+imports+"\n"+source+"\n")
	cmd := exec.CommandContext(t.Context(), "go", "test", "-json", "./...")
	cmd.Dir = dir
	out, _ := cmd.CombinedOutput() // most of these fail on purpose
	return string(out)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
