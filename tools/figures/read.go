package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/nines-monitor/nines/"

// run is one whole run of the benchmarks.
type run struct {
	figures  []string
	platform string // such as linux/amd64, 2 cores, AMD EPYC
}

// metric is one value that a benchmark reported, in the order of its line.
type metric struct {
	unit  string
	value float64
}

var (
	// A result starts with the name and the number of iterations; the rest are pairs of value and unit.
	resultLine = regexp.MustCompile(`^Benchmark(\S+?)(-\d+)?\s+\d+\s+(\S.*)$`)
	expected   = regexp.MustCompile(`^(PASS$|ok\s|\?\s|goos: |goarch: |$)`)
	failedLine = regexp.MustCompile(`^(--- FAIL|FAIL|panic:)`)
	errNone    = errors.New("no benchmark reported a figure")
	errFailed  = errors.New("a benchmark failed: see above")
)

// read copies each figure to figures as it comes, and what a good run does not say to rest.
func read(in io.Reader, figures, rest io.Writer) (run, error) {
	r := run{platform: fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())}
	var pkg, cpu string
	failed := false
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if p, ok := strings.CutPrefix(line, "pkg: "); ok {
			pkg = strings.TrimPrefix(p, module)
			continue
		}
		if c, ok := strings.CutPrefix(line, "cpu: "); ok {
			cpu = c
			continue
		}
		name, metrics, ok := parse(line)
		if !ok {
			failed = failed || failedLine.MatchString(line)
			if !expected.MatchString(line) {
				fmt.Fprintln(rest, line)
			}
			continue
		}
		for _, f := range figuresOf(pkg+"."+name, metrics) {
			fmt.Fprintln(figures, f)
			r.figures = append(r.figures, f)
		}
	}
	if cpu != "" {
		r.platform += ", " + cpu
	}
	switch err := lines.Err(); {
	case err != nil:
		return r, fmt.Errorf("read benchmark output: %w", err)
	case failed:
		return r, errFailed
	case len(r.figures) == 0:
		return r, errNone
	}
	return r, nil
}

// parse splits one result line. It answers false for anything else.
func parse(line string) (name string, metrics []metric, ok bool) {
	m := resultLine.FindStringSubmatch(line)
	if m == nil {
		return "", nil, false
	}
	fields := strings.Fields(m[3])
	if len(fields)%2 != 0 {
		return "", nil, false
	}
	for pair := range slices.Chunk(fields, 2) {
		value, err := strconv.ParseFloat(pair[0], 64)
		if err != nil {
			return "", nil, false
		}
		metrics = append(metrics, metric{unit: pair[1], value: value})
	}
	return m[1], metrics, true
}

// figuresOf writes one line for each unit that the benchmark measured, with everything held against it.
func figuresOf(name string, metrics []metric) []string {
	own := slices.ContainsFunc(metrics, func(m metric) bool { return !builtin(m.unit) && !comparison(m.unit) })
	var figures []string
	for _, m := range metrics {
		if comparison(m.unit) {
			continue
		}
		versus := versus(m, metrics)
		if versus == "" && builtin(m.unit) && (own || m.unit != "ns/op") {
			continue
		}
		figures = append(figures, fmt.Sprintf("figure %s %s %s%s", name, number(m.value), m.unit, versus))
	}
	return figures
}

// versus returns " vs PEER RATIO" for each metric that is held against m.
func versus(m metric, metrics []metric) string {
	var text strings.Builder
	for _, other := range metrics {
		peer, ok := strings.CutSuffix(other.unit, "-"+m.unit)
		if !ok || !comparison(other.unit) || other.value == 0 {
			continue
		}
		fmt.Fprintf(&text, " vs %s %.2f", strings.TrimPrefix(peer, "peer:"), m.value/other.value)
	}
	return text.String()
}

func comparison(unit string) bool {
	return strings.HasPrefix(unit, "peer:") || strings.HasPrefix(unit, "limit-") || strings.HasPrefix(unit, "goal-")
}

// builtin tells the units that the testing package reports by itself.
func builtin(unit string) bool {
	return slices.Contains([]string{"ns/op", "B/op", "allocs/op", "MB/s"}, unit)
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
