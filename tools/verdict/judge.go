package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is one line of go test -json; see go doc test2json.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output, in place of Package
	Test       string
	Elapsed    float64 // seconds
	Output     string
}

// verdict counts tests and subtests. A package that fails without a failing test (it does not build, it panics, it
// runs out of time) counts as one failed test.
type verdict struct {
	passed, failed int
	skipped        []string
}

func (v verdict) good() bool {
	return v.failed == 0 && len(v.skipped) == 0 && v.passed > 0
}

// reader follows a stream of events. Output is kept until the test it belongs to has ended well.
type reader struct {
	out     io.Writer
	verdict verdict
	output  map[string][]string // by package, or package and test
	failing map[string]bool     // packages in which a test failed
}

// judge reads events from in until it ends, and writes the readable account to out. Lines that are no event
// (the go command's own messages) are passed on as they are.
func judge(in io.Reader, out io.Writer) (verdict, error) {
	r := reader{out: out, output: map[string][]string{}, failing: map[string]bool{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			r.line(line)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return r.verdict, fmt.Errorf("read test events: %w", err)
		}
	}
	r.summary()
	return r.verdict, nil
}

func (r *reader) line(line string) {
	var e event
	if err := json.Unmarshal([]byte(line), &e); err != nil || e.Action == "" {
		fmt.Fprint(r.out, line)
		return
	}
	switch {
	case e.Action == "build-output":
		fmt.Fprint(r.out, e.Output)
	case e.Action == "output":
		r.output[key(e)] = append(r.output[key(e)], e.Output)
	case e.Test != "":
		r.endOfTest(e)
	default:
		r.endOfPackage(e)
	}
}

func (r *reader) endOfTest(e event) {
	name := e.Package + " " + e.Test
	switch e.Action {
	case "pass":
		r.verdict.passed++
	case "skip":
		r.verdict.skipped = append(r.verdict.skipped, name+": "+r.lastWords(e))
	case "fail":
		r.verdict.failed++
		r.failing[e.Package] = true
		fmt.Fprintf(r.out, "FAIL %s\n%s", name, indent(r.output[key(e)]))
	default:
		return // run, pause, cont, attr
	}
	delete(r.output, key(e))
}

func (r *reader) endOfPackage(e event) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(r.out, "ok   %s %.1fs\n", e.Package, e.Elapsed)
	case "fail":
		if !r.failing[e.Package] {
			r.verdict.failed++
			fmt.Fprint(r.out, r.unfinished(e.Package))
		}
		fmt.Fprintf(r.out, "FAIL %s %.1fs\n", e.Package, e.Elapsed)
	default:
		return // start; skip: the package has no tests
	}
	delete(r.output, key(e))
}

// unfinished returns what a package and its tests still running had said when it died.
func (r *reader) unfinished(pkg string) string {
	var keys []string
	for k := range r.output {
		if k == pkg || strings.HasPrefix(k, pkg+" ") {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	var said strings.Builder
	for _, k := range keys {
		said.WriteString(indent(r.output[k]))
		delete(r.output, k)
	}
	return said.String()
}

// lastWords returns the reason that a skipped test gave, if any.
func (r *reader) lastWords(e event) string {
	for _, line := range slices.Backward(r.output[key(e)]) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "--- ") && !strings.HasPrefix(line, "=== ") {
			return line
		}
	}
	return "no reason given"
}

func (r *reader) summary() {
	v := r.verdict
	for _, s := range v.skipped {
		fmt.Fprintln(r.out, "SKIP", s)
	}
	if v.passed+v.failed+len(v.skipped) == 0 {
		fmt.Fprintln(r.out, "no test ran")
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", v.passed, v.failed, len(v.skipped))
}

func key(e event) string {
	if e.Test == "" {
		return e.Package
	}
	return e.Package + " " + e.Test
}

func indent(output []string) string {
	text := strings.TrimRight(strings.Join(output, ""), "\n")
	if text == "" {
		return ""
	}
	return "    " + strings.ReplaceAll(text, "\n", "\n    ") + "\n"
}
