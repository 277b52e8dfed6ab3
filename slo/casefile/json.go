package casefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// value is a JSON value that knows its place in the document.
type value struct {
	path   string // "series.a.observations[3]"; "" for the document
	kind   kind
	text   string  // of a string or a number
	items  []value // of an array
	fields []field // of an object, in the document's order
}

type field struct {
	name string
	value
}

type kind string

const (
	object  kind = "an object"
	array   kind = "an array"
	text    kind = "a string"
	number  kind = "a number"
	boolean kind = "true or false"
	null    kind = "null"
)

// deepest bounds nesting, and with it the stack.
const deepest = 200

// parse reads a document strictly: valid UTF-8, no repeated field, nothing behind it.
func parse(data []byte) (value, error) {
	if !utf8.Valid(data) {
		return value{}, errors.New("not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := parseValue(dec, "", 0)
	if err != nil {
		return value{}, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return value{}, fmt.Errorf("byte %d: more than one JSON value", dec.InputOffset())
	}
	return v, nil
}

func parseValue(dec *json.Decoder, path string, depth int) (value, error) {
	token, err := next(dec)
	if err != nil {
		return value{}, err
	}
	v := value{path: path}
	switch t := token.(type) {
	case json.Delim:
		if depth == deepest {
			return value{}, v.errorf("nested deeper than %d levels", deepest)
		}
		if t == '[' {
			return parseArray(dec, v, depth)
		}
		return parseObject(dec, v, depth)
	case string:
		v.kind, v.text = text, t
	case json.Number:
		v.kind, v.text = number, t.String()
	case bool:
		v.kind = boolean
	case nil:
		v.kind = null
	}
	return v, nil
}

func parseArray(dec *json.Decoder, v value, depth int) (value, error) {
	v.kind = array
	for dec.More() {
		item, err := parseValue(dec, v.path+"["+strconv.Itoa(len(v.items))+"]", depth+1)
		if err != nil {
			return value{}, err
		}
		v.items = append(v.items, item)
	}
	_, err := next(dec)
	return v, err
}

func parseObject(dec *json.Decoder, v value, depth int) (value, error) {
	v.kind = object
	seen := map[string]bool{}
	for dec.More() {
		token, err := next(dec)
		if err != nil {
			return value{}, err
		}
		name, _ := token.(string)
		if seen[name] {
			return value{}, v.errorf("field %q twice", name)
		}
		seen[name] = true
		item, err := parseValue(dec, v.at(name), depth+1)
		if err != nil {
			return value{}, err
		}
		v.fields = append(v.fields, field{name, item})
	}
	_, err := next(dec)
	return v, err
}

func next(dec *json.Decoder) (json.Token, error) {
	token, err := dec.Token()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("byte %d: the document ends too soon", dec.InputOffset())
	case err != nil:
		return nil, fmt.Errorf("byte %d: %w", dec.InputOffset(), err)
	}
	return token, nil
}

// at is the path of a field of v.
func (v value) at(name string) string {
	if v.path == "" {
		return name
	}
	return v.path + "." + name
}

// errorf is an error that begins with the value's place.
func (v value) errorf(format string, args ...any) error {
	return v.wrap(fmt.Errorf(format, args...))
}

func (v value) wrap(err error) error {
	if v.path == "" {
		return err
	}
	return fmt.Errorf("%s: %w", v.path, err)
}

// within places an error that itself begins with a field of v.
func (v value) within(err error) error {
	if v.path == "" || err == nil {
		return err
	}
	return fmt.Errorf("%s.%w", v.path, err)
}

// want is an error unless the value is of the kind.
func (v value) want(k kind) error {
	if v.kind != k {
		return v.errorf("want %s, got %s", k, v.kind)
	}
	return nil
}

// object gives the fields by name. Each must be among the known ones, and each of the
// required ones must be there.
func (v value) object(required, optional []string) (map[string]value, error) {
	if err := v.want(object); err != nil {
		return nil, err
	}
	fields := map[string]value{}
	for _, f := range v.fields {
		if !slices.Contains(required, f.name) && !slices.Contains(optional, f.name) {
			return nil, f.errorf("unknown field")
		}
		fields[f.name] = f.value
	}
	for _, name := range required {
		if _, there := fields[name]; !there {
			return nil, fmt.Errorf("%s: missing", v.at(name))
		}
	}
	return fields, nil
}

// integer is a JSON number without fraction or exponent.
func (v value) integer() (int64, error) {
	if err := v.want(number); err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	if err != nil {
		return 0, v.errorf("%s is not a whole number", v.text)
	}
	return n, nil
}
