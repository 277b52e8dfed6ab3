// Package strict reads TOML documents that a person wrote and a program depends on.
//
// It promises to find every problem at once and to say where: file, line, full key path and
// remedy. A key that nothing asks for is an error, with the key that was probably meant. A
// value of a key that sounds like a secret is never repeated in a message.
//
// It refuses to guess: no key is matched by another case, no number is read from text, and
// nothing is filled in. Documents are bounded in size and nesting, and no input panics.
package strict

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// Bounds of a document.
const (
	MaxBytes = 1 << 20
	MaxDepth = 32 // levels of tables and lists, dotted keys included
)

// NotYet is the type of a key that is known and not supported yet: a document that has it is
// refused, with a sentence that says so instead of calling the key unknown.
type NotYet struct{}

// Wanter is implemented by types that read their own text and can say what they want, such
// as: a duration in quotes, such as "30s".
type Wanter interface {
	Wanted() string
}

// Decode reads the TOML document data into the struct that into points to. name is what
// messages call the document; it is not opened. The error is nil or Problems.
//
// Keys are named by the fields' toml tags and must match exactly; a field without a tag has
// no key. Fields may be strings, bools, integers, floats, time.Duration (text, such as
// "30s"), time.Time (with an offset), slices, structs, pointers to these, maps with string
// keys, any, NotYet, and types with an UnmarshalText method, which are given text and dates as
// they are written. What a document does not mention keeps the value that it had.
func Decode(name string, data []byte, into any) error {
	return Read(name, data, into).Err()
}

// Read is Decode for those who have more to say about a document: rules of their own can be
// added to its problems with the line of the key that they are about.
func Read(name string, data []byte, into any) *Document {
	d := newDocument(name)
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("strict: cannot read into %T: want a pointer to a struct", into))
	}
	root, ok := d.parse(data)
	if !ok {
		return d
	}
	r := reader{doc: d, fields: map[reflect.Type]map[string]int{}}
	r.table("", root, target.Elem())
	return d
}

// parse checks the bounds and the syntax, and indexes the lines.
func (d *Document) parse(data []byte) (map[string]any, bool) {
	if len(data) > MaxBytes {
		d.broken(0, fmt.Sprintf("%d bytes: at most %d are read", len(data), MaxBytes))
		return nil, false
	}
	if line := firstBadLine(data); line > 0 {
		d.broken(line, "not UTF-8 text: save the file as UTF-8")
		return nil, false
	}
	// The scan comes first: it holds the nesting down, which the parser does not.
	lines, err := scan(data)
	var deep tooDeepError
	if errors.As(err, &deep) {
		d.broken(deep.line, fmt.Sprintf("nested deeper than %d levels", MaxDepth))
		return nil, false
	}
	d.lines = lines
	root, err := parseTOML(data)
	if err != nil {
		d.syntax(data, err)
		return nil, false
	}
	return root, true
}

// parseTOML turns the panics that the parser keeps for its own bugs into errors.
func parseTOML(data []byte) (root map[string]any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("not a TOML document")
		}
	}()
	_, err = toml.Decode(string(data), &root)
	return root, err
}

// syntax adds the problem that the parser stopped at.
func (d *Document) syntax(data []byte, err error) {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		d.broken(0, err.Error())
		return
	}
	line := max(parse.Position.Line, 1)
	text := "syntax: " + parse.Message
	if soundsSecret(parse.LastKey) || soundsSecret(lineOf(data, line)) {
		text = "syntax: this line cannot be read (not shown: it may hold a secret)"
	}
	d.broken(line, text)
}

// firstBadLine is the first line that is not UTF-8, or 0.
func firstBadLine(data []byte) int {
	if utf8.Valid(data) {
		return 0
	}
	line := 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			break
		}
		if r == '\n' {
			line++
		}
		data = data[size:]
	}
	return line
}

func lineOf(data []byte, line int) string {
	lines := strings.SplitN(string(data), "\n", line+1)
	if line > len(lines) {
		return ""
	}
	return lines[line-1]
}
