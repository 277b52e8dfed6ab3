package strict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one thing that is wrong with a document, and where.
type Problem struct {
	File string
	Line int    // from 1; 0: the whole document
	Key  string // full path, such as check[2].http.url; empty: none in particular
	Text string // what is wrong and what to do
}

func (p Problem) String() string {
	var place strings.Builder
	place.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&place, ":%d", p.Line)
	}
	if p.Key != "" {
		place.WriteString(": " + p.Key)
	}
	return place.String() + ": " + p.Text
}

// Problems are all that is wrong with a document, in the order of its lines. As an error they
// are one a line: "file:line: key: text".
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Sort puts problems in the order of files, lines and keys.
func (ps Problems) Sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key))
	})
}

// Document is what is known of a document that was read: where its keys are, and what is
// wrong with it so far. It is not safe for concurrent use.
type Document struct {
	name     string
	lines    map[string]int // by key path
	problems Problems
	faulty   map[string]bool // key paths that have a problem
	inside   map[string]bool // key paths that have a problem at or below them
	unread   bool            // the syntax is wrong, so that nothing was read
}

func newDocument(name string) *Document {
	return &Document{name: name, faulty: map[string]bool{}, inside: map[string]bool{}}
}

// Add says that something is wrong with a key, which need not be in the document: a missing
// key has the line of the table that it is missing from. What is said of a key that already
// has a problem, or lies inside one that has, is dropped: it would be a consequence.
func (d *Document) Add(key, format string, args ...any) {
	for k := key; k != ""; k = parent(k) {
		if d.faulty[k] {
			return
		}
	}
	d.fault(key)
	d.problems = append(d.problems, d.Problem(key, format, args...))
}

// Problem is something to say about a key that does not make the document wrong, such as a
// warning. It is not added.
func (d *Document) Problem(key, format string, args ...any) Problem {
	return Problem{d.name, d.Line(key), shortened(key), shortened(fmt.Sprintf(format, args...))}
}

// maxText bounds what a message repeats of a document, in bytes.
const maxText = 400

func shortened(text string) string {
	if len(text) <= maxText {
		return text
	}
	cut := maxText
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// maxProblems bounds what is said of one document: more is noise, and may be meant to be.
const maxProblems = 500

// Err is nil, or the document's Problems, in order. Beyond the first 500 they are counted.
func (d *Document) Err() error {
	if len(d.problems) == 0 {
		return nil
	}
	problems := slices.Clone(d.problems)
	problems.Sort()
	if more := len(problems) - maxProblems; more > 0 {
		problems = append(problems[:maxProblems], Problem{File: d.name, Text: fmt.Sprintf("and %d more problems", more)})
	}
	return problems
}

// Readable reports whether the syntax is right, so that there is something to judge.
func (d *Document) Readable() bool { return !d.unread }

// Faulty reports whether something is wrong with a key or with what is inside it.
func (d *Document) Faulty(key string) bool { return d.inside[key] }

// Has reports whether the document mentions a key.
func (d *Document) Has(key string) bool { return d.lines[key] > 0 }

// Line is the line of a key, or of the nearest table around it that the document has; 0 if
// there is none.
func (d *Document) Line(key string) int {
	for ; key != ""; key = parent(key) {
		if line := d.lines[key]; line > 0 {
			return line
		}
	}
	return 0
}

// fault marks a key, so that consequences are not reported as well.
func (d *Document) fault(key string) {
	d.faulty[key] = true
	for ; key != "" && !d.inside[key]; key = parent(key) {
		d.inside[key] = true
	}
}

// broken adds the problem that keeps the document from being read.
func (d *Document) broken(line int, text string) {
	d.unread = true
	d.problems = append(d.problems, Problem{File: d.name, Line: line, Text: shortened(text)})
}
