package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRead(t *testing.T) {
	for name, tc := range map[string]struct {
		input string
		want  []string
		err   error
	}{
		"a plain benchmark gives its time": {
			"pkg: github.com/nines-monitor/nines/slo\nBenchmarkLedger-2   \t  128\t   9312345 ns/op\t  12 B/op\t  1 allocs/op\nPASS\n",
			[]string{"figure slo.Ledger 9312345 ns/op"}, nil,
		},
		"a unit of its own replaces the time": {
			"pkg: github.com/nines-monitor/nines/collector/journal\nBenchmarkIngest/fsynced-2 1 2000 ns/op 2100000 results/s\n",
			[]string{"figure collector/journal.Ingest/fsynced 2100000 results/s"}, nil,
		},
		"peers, limit and goal become ratios of their own unit": {
			"pkg: github.com/nines-monitor/nines/probes\nBenchmarkEcho-2 1 99 ns/op 7.5 goal-us/echo 5 limit-us/echo 6 peer:fping-us/echo 9 us/echo\n",
			[]string{"figure probes.Echo 9 us/echo vs goal 1.20 vs limit 1.80 vs fping 1.50"}, nil,
		},
		"a peer and a unit may have hyphens": {
			"pkg: p\nBenchmarkX-2 1 4 peer:pro-bing-us/round-trip 2 us/round-trip\n",
			[]string{"figure p.X 2 us/round-trip vs pro-bing 0.50"}, nil,
		},
		"a built-in unit shows when something is held against it": {
			"pkg: p\nBenchmarkX-2 1 50 ns/op 100 goal-ns/op 16 B/op 2 allocs/op 1 limit-allocs/op\n",
			[]string{"figure p.X 50 ns/op vs goal 0.50", "figure p.X 2 allocs/op vs limit 2.00"}, nil,
		},
		"a small machine appends no number of cores": {
			"pkg: p\nBenchmarkX 10 50 ns/op\n",
			[]string{"figure p.X 50 ns/op"}, nil,
		},
		"a peer of nothing divides nothing": {
			"pkg: p\nBenchmarkX 10 50 ns/op 0 goal-ns/op\n",
			[]string{"figure p.X 50 ns/op"}, nil,
		},
		"no figure is an error":          {"PASS\nok p 0.1s\n", nil, errNone},
		"a failed benchmark is an error": {"pkg: p\nBenchmarkX 10 50 ns/op\n--- FAIL: BenchmarkY\nFAIL\n", []string{"figure p.X 50 ns/op"}, errFailed},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			got, err := read(strings.NewReader(tc.input), &out, io.Discard)
			if !errors.Is(err, tc.err) {
				t.Fatalf("read(%q): error %v, want %v", tc.input, err, tc.err)
			}
			if !slices.Equal(got.figures, tc.want) {
				t.Errorf("read(%q)\n got %q\nwant %q", tc.input, got.figures, tc.want)
			}
		})
	}
}

func TestReadPassesOnWhatIsUnexpected(t *testing.T) {
	var rest strings.Builder
	input := "goos: linux\npkg: p\nBenchmarkX 10 50 ns/op\n    x_test.go:9: slow disk\nPASS\nok  \tp\t0.1s\n?   \tq\t[no test files]\n"
	if _, err := read(strings.NewReader(input), io.Discard, &rest); err != nil {
		t.Fatal(err)
	}
	if want := "    x_test.go:9: slow disk\n"; rest.String() != want {
		t.Errorf("read(%q) passed on %q, want %q", input, rest.String(), want)
	}
}

// What the testing package really prints, rather than what we believe it prints.
func TestReadARealBenchmark(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module github.com/nines-monitor/nines/sample\n\ngo 1.26.0\n")
	write(t, filepath.Join(dir, "a_test.go"), `package sample

import "testing"

func BenchmarkEcho(b *testing.B) {
	for b.Loop() {
	}
	b.ReportMetric(9, "us/echo")
	b.ReportMetric(6, "peer:fping-us/echo")
}
`)
	cmd := exec.CommandContext(t.Context(), "go", "test", "-run", "^$", "-bench", ".", "-benchtime", "1x", "./...")
	cmd.Dir = dir
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go test -bench: %v\n%s", err, text)
	}
	got, err := read(strings.NewReader(string(text)), io.Discard, io.Discard)
	want := []string{"figure sample.Echo 9 us/echo vs fping 1.50"}
	if err != nil || !slices.Equal(got.figures, want) {
		t.Errorf("read(%s)\n got %q, %v\nwant %q", text, got.figures, err, want)
	}
}

func TestKeepReplacesTheLastRunOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	write(t, path, "# Benchmarks\n\n"+begin+"old\n"+end+"\nHow it was measured.\n")
	r := run{figures: []string{"figure a.B 1 ns/op", "figure a.C 2 ns/op"}, platform: "linux/amd64, 2 cores"}
	for range 2 { // a second run finds the markers of the first
		if err := keep(path, r, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := "# Benchmarks\n\n" + begin + "\n23 November 2026, on linux/amd64, 2 cores.\n\n" +
		"```\nfigure a.B 1 ns/op\nfigure a.C 2 ns/op\n```\n\n" + end + "\nHow it was measured.\n"
	if string(got) != want {
		t.Errorf("keep wrote\n%s\nwant\n%s", got, want)
	}
}

func TestKeepLeavesAFileWithoutMarkersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	write(t, path, "# Benchmarks\n")
	err := keep(path, run{figures: []string{"figure a.B 1 ns/op"}}, time.Time{})
	if err == nil || !strings.Contains(err.Error(), "has no lines") {
		t.Errorf("keep without markers: error %v, want one that names the missing lines", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "# Benchmarks\n" {
		t.Errorf("keep changed the file to %q", got)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
