package strict

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// errLost ends a scan at text that is not TOML. The parser, which comes after, says why.
var errLost = errors.New("not TOML")

type tooDeepError struct{ line int }

func (e tooDeepError) Error() string { return fmt.Sprintf("line %d: nested too deeply", e.line) }

// scanner walks a TOML document once and notes the line of every key and list element. The
// parser knows the values but not where they are. It is a reader of valid documents: it need
// not refuse what is wrong, only stay within bounds until the parser does.
type scanner struct {
	text   []byte
	pos    int
	line   int
	lines  map[string]int // path to line
	tables map[string]int // path of an array of tables to the number of its elements so far
}

// scan gives the line of every path in a document, as far as it is TOML. The error is nil, a
// tooDeepError or errLost.
func scan(text []byte) (map[string]int, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	s := &scanner{text: text, line: 1, lines: map[string]int{}, tables: map[string]int{}}
	return s.lines, s.document()
}

func (s *scanner) document() error {
	table, depth := "", 0
	for {
		s.skipBlank()
		switch s.peek() {
		case 0:
			return nil
		case '[':
			path, levels, err := s.header()
			if err != nil {
				return err
			}
			table, depth = path, levels
		default:
			if err := s.pair(table, depth); err != nil {
				return err
			}
		}
		if err := s.lineEnd(); err != nil {
			return err
		}
	}
}

// header reads [a.b] or [[a.b]] and gives the path of the table that it opens.
func (s *scanner) header() (string, int, error) {
	line := s.line
	s.pos++
	isList := s.peek() == '['
	if isList {
		s.pos++
	}
	parts, err := s.key(0)
	if err != nil {
		return "", 0, err
	}
	closing := "]"
	if isList {
		closing = "]]"
	}
	if !s.accept(closing) {
		return "", 0, errLost
	}
	path := ""
	for i, part := range parts {
		path = join(path, part)
		last := i == len(parts)-1
		s.note(path, line)
		switch n := s.tables[path]; {
		case last && isList:
			s.tables[path]++
			path = element(path, n)
		case n > 0:
			path = element(path, n-1)
		}
	}
	s.lines[path] = line // its own header says more than a mention in another's
	return path, len(parts), nil
}

// pair reads key = value in the table at path.
func (s *scanner) pair(path string, depth int) error {
	line := s.line
	parts, err := s.key(depth)
	if err != nil {
		return err
	}
	for _, part := range parts {
		path = join(path, part)
		s.note(path, line)
	}
	if !s.accept("=") {
		return errLost
	}
	s.skipSpace()
	return s.value(path, depth+len(parts))
}

// key reads a dotted key, and the space around its parts.
func (s *scanner) key(depth int) ([]string, error) {
	var parts []string
	for {
		s.skipSpace()
		part, err := s.keyPart()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		if depth+len(parts) > MaxDepth {
			return nil, tooDeepError{s.line}
		}
		s.skipSpace()
		if s.peek() != '.' {
			return parts, nil
		}
		s.pos++
	}
}

func (s *scanner) keyPart() (string, error) {
	start := s.pos
	switch quote := s.peek(); quote {
	case '"', '\'':
		if err := s.quoted(quote); err != nil {
			return "", err
		}
		inner := string(s.text[start+1 : s.pos-1])
		if quote == '\'' {
			return inner, nil
		}
		return unescape(inner)
	}
	for isBareByte(s.peek()) {
		s.pos++
	}
	if s.pos == start {
		return "", errLost
	}
	return string(s.text[start:s.pos]), nil
}

func (s *scanner) value(path string, depth int) error {
	if depth > MaxDepth {
		return tooDeepError{s.line}
	}
	switch c := s.peek(); c {
	case '[':
		return s.list(path, depth)
	case '{':
		return s.inlineTable(path, depth)
	case '"', '\'':
		if bytes.HasPrefix(s.text[s.pos:], bytes.Repeat([]byte{c}, 3)) {
			return s.multiline(c)
		}
		return s.quoted(c)
	}
	start := s.pos
	for !strings.ContainsRune(",]}#\r\n\x00", rune(s.peek())) {
		s.pos++
	}
	if s.pos == start {
		return errLost
	}
	return nil
}

func (s *scanner) list(path string, depth int) error {
	s.pos++
	for i := 0; ; i++ {
		s.skipBlank()
		if s.accept("]") {
			return nil
		}
		at := element(path, i)
		s.note(at, s.line)
		if err := s.value(at, depth+1); err != nil {
			return err
		}
		s.skipBlank()
		if !s.accept(",") && s.peek() != ']' {
			return errLost
		}
	}
}

func (s *scanner) inlineTable(path string, depth int) error {
	s.pos++
	for {
		s.skipBlank()
		if s.accept("}") {
			return nil
		}
		if err := s.pair(path, depth); err != nil {
			return err
		}
		s.skipBlank()
		if !s.accept(",") && s.peek() != '}' {
			return errLost
		}
	}
}

// quoted reads a string on one line.
func (s *scanner) quoted(quote byte) error {
	for s.pos++; ; s.pos++ {
		switch c := s.peek(); {
		case c == 0 || c == '\n':
			return errLost
		case c == '\\' && quote == '"':
			s.pos++
		case c == quote:
			s.pos++
			return nil
		}
	}
}

// multiline reads a string between three quotes. Up to two more quotes at its end belong to it.
func (s *scanner) multiline(quote byte) error {
	s.pos += 3
	for {
		switch c := s.peek(); {
		case c == 0:
			return errLost
		case c == '\n':
			s.line++
			s.pos++
		case c == '\\' && quote == '"':
			s.pos++
			if s.peek() != '\n' {
				s.pos++
			}
		case c == quote:
			run := 0
			for run < 5 && s.peek() == quote {
				s.pos++
				run++
			}
			if run >= 3 {
				return nil
			}
		default:
			s.pos++
		}
	}
}

// lineEnd reads what may follow a header or a value: space, a comment, a newline.
func (s *scanner) lineEnd() error {
	s.skipSpace()
	s.skipComment()
	s.accept("\r")
	if c := s.peek(); c != 0 && c != '\n' {
		return errLost
	}
	return nil
}

// skipBlank skips space, newlines and comments.
func (s *scanner) skipBlank() {
	for {
		switch s.peek() {
		case ' ', '\t', '\r':
			s.pos++
		case '\n':
			s.line++
			s.pos++
		case '#':
			s.skipComment()
		default:
			return
		}
	}
}

func (s *scanner) skipComment() {
	if s.peek() != '#' {
		return
	}
	for c := s.peek(); c != 0 && c != '\n'; c = s.peek() {
		s.pos++
	}
}

func (s *scanner) skipSpace() {
	for s.peek() == ' ' || s.peek() == '\t' {
		s.pos++
	}
}

func (s *scanner) accept(text string) bool {
	if !bytes.HasPrefix(s.text[min(s.pos, len(s.text)):], []byte(text)) {
		return false
	}
	s.pos += len(text)
	return true
}

// peek is the byte at the place, or 0 at the end. A NUL is no TOML, so that it ends a scan
// as well.
func (s *scanner) peek() byte {
	if s.pos >= len(s.text) {
		return 0
	}
	return s.text[s.pos]
}

// note keeps the first line that mentions a path.
func (s *scanner) note(path string, line int) {
	if s.lines[path] == 0 {
		s.lines[path] = line
	}
}

// unescape reads the inside of a basic string.
func unescape(text string) (string, error) {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '\\')
		if i < 0 || i+1 >= len(text) {
			return b.String() + text, nil
		}
		b.WriteString(text[:i])
		c := text[i+1]
		text = text[i+2:]
		if plain := strings.IndexByte(`btnfre"\`, c); plain >= 0 {
			b.WriteByte("\b\t\n\f\r\x1b\"\\"[plain])
			continue
		}
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
		if digits == 0 || len(text) < digits {
			return "", errLost
		}
		code, err := strconv.ParseUint(text[:digits], 16, 32)
		if err != nil {
			return "", errLost
		}
		b.WriteRune(rune(code))
		text = text[digits:]
	}
}
