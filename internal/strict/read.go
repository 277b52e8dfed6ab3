package strict

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"time"
)

var (
	notYetType   = reflect.TypeFor[NotYet]()
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

// reader moves parsed values into Go ones and notes what does not fit.
type reader struct {
	doc    *Document
	fields map[reflect.Type]map[string]int
}

// table reads a table into a struct.
func (r *reader) table(path string, table map[string]any, to reflect.Value) {
	fields := r.fieldsOf(to.Type())
	for key, v := range table {
		at := join(path, key)
		i, known := fields[key]
		switch {
		case !known:
			r.unknown(path, key, to.Type())
		case to.Field(i).Type() == notYetType:
			r.doc.Add(at, "not supported yet: remove it")
		default:
			r.value(at, v, to.Field(i))
		}
	}
}

func (r *reader) unknown(path, key string, t reflect.Type) {
	var known []string
	for name, i := range r.fieldsOf(t) {
		if t.Field(i).Type != notYetType {
			known = append(known, name)
		}
	}
	slices.Sort(known)
	meant := Nearest(key, known)
	if meant == "" {
		r.doc.Add(join(path, key), "unknown key")
		return
	}
	r.doc.Add(join(path, key), "unknown key: did you mean %s?", meant)
	if other := join(path, meant); !r.doc.Has(other) {
		r.doc.fault(other) // that it is missing is a consequence
	}
}

// value reads one value into a field.
func (r *reader) value(path string, v any, to reflect.Value) {
	if to.Kind() == reflect.Pointer {
		to.Set(reflect.New(to.Type().Elem()))
		to = to.Elem()
	}
	if text, ok := to.Addr().Interface().(encoding.TextUnmarshaler); ok && to.Type() != timeType {
		r.text(path, v, text)
		return
	}
	switch v := v.(type) {
	case map[string]any:
		r.tableValue(path, v, to)
	case []map[string]any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = v[i]
		}
		r.list(path, list, to)
	case []any:
		r.list(path, v, to)
	default:
		r.scalar(path, v, to)
	}
}

// text gives a value to a type that reads its own.
func (r *reader) text(path string, v any, to encoding.TextUnmarshaler) {
	var text string
	switch v := v.(type) {
	case string:
		text = v
	case time.Time:
		text = writtenTime(v)
	default:
		wanted := "text in quotes"
		if w, ok := to.(Wanter); ok {
			wanted = w.Wanted()
		}
		r.doc.Add(path, "want %s, got %s", wanted, described(v))
		return
	}
	if err := to.UnmarshalText([]byte(text)); err != nil {
		r.refuse(path, err)
	}
}

// refuse adds what a type says of its text, unless that would repeat a secret.
func (r *reader) refuse(path string, err error) {
	if soundsSecret(lastKey(path)) {
		r.doc.Add(path, "not a valid value (not shown: it may be a secret)")
		return
	}
	r.doc.Add(path, "%v", err)
}

func (r *reader) tableValue(path string, v map[string]any, to reflect.Value) {
	switch {
	case to.Kind() == reflect.Struct && to.Type() != timeType:
		r.table(path, v, to)
	case to.Kind() == reflect.Map && to.Type().Key().Kind() == reflect.String:
		to.Set(reflect.MakeMapWithSize(to.Type(), len(v)))
		for key, inner := range v {
			item := reflect.New(to.Type().Elem()).Elem()
			r.value(join(path, key), inner, item)
			to.SetMapIndex(reflect.ValueOf(key).Convert(to.Type().Key()), item)
		}
	case to.Kind() == reflect.Interface:
		to.Set(reflect.ValueOf(plain(v)))
	default:
		r.mismatch(path, v, to)
	}
}

func (r *reader) list(path string, v []any, to reflect.Value) {
	switch to.Kind() {
	case reflect.Slice:
		to.Set(reflect.MakeSlice(to.Type(), len(v), len(v)))
		for i, item := range v {
			r.value(element(path, i), item, to.Index(i))
		}
	case reflect.Interface:
		to.Set(reflect.ValueOf(plain(v)))
	default:
		r.mismatch(path, v, to)
	}
}

func (r *reader) scalar(path string, v any, to reflect.Value) {
	kind := to.Kind()
	switch v := v.(type) {
	case string:
		switch {
		case to.Type() == durationType:
			r.duration(path, v, to)
			return
		case kind == reflect.String:
			to.SetString(v)
			return
		}
	case bool:
		if kind == reflect.Bool {
			to.SetBool(v)
			return
		}
	case time.Time:
		if to.Type() == timeType && hasOffset(v) {
			to.Set(reflect.ValueOf(v))
			return
		}
	case float64:
		if to.CanFloat() {
			to.SetFloat(v)
			return
		}
	case int64:
		if r.integer(path, v, to) {
			return
		}
	}
	if kind == reflect.Interface {
		to.Set(reflect.ValueOf(v))
		return
	}
	r.mismatch(path, v, to)
}

func (r *reader) duration(path, text string, to reflect.Value) {
	d, err := time.ParseDuration(text)
	if err != nil {
		r.doc.Add(path, `want a duration, such as "30s" or "1h30m", got %q`, text)
		return
	}
	to.SetInt(int64(d))
}

// integer reports whether to holds numbers.
func (r *reader) integer(path string, v int64, to reflect.Value) bool {
	outside := false
	switch {
	case to.Type() == durationType:
		return false
	case to.CanInt():
		outside = to.OverflowInt(v)
		to.SetInt(v)
	case to.CanUint():
		outside = v < 0 || to.OverflowUint(uint64(v))
		to.SetUint(uint64(v))
	case to.CanFloat():
		to.SetFloat(float64(v))
	default:
		return false
	}
	if outside {
		r.doc.Add(path, "number out of range")
	}
	return true
}

func (r *reader) mismatch(path string, v any, to reflect.Value) {
	r.doc.Add(path, "want %s, got %s", wanted(to.Type()), described(v))
}

// fieldsOf maps the keys of a struct to its fields.
func (r *reader) fieldsOf(t reflect.Type) map[string]int {
	if fields, ok := r.fields[t]; ok {
		return fields
	}
	fields := map[string]int{}
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("toml"); key != "" && key != "-" {
			fields[key] = i
		}
	}
	r.fields[t] = fields
	return fields
}

// plain gives lists the same form wherever they are in a document.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = plain(inner)
		}
		return v
	case []map[string]any:
		list := make([]any, len(v))
		for i, inner := range v {
			list[i] = plain(inner)
		}
		return list
	case []any:
		for i, inner := range v {
			v[i] = plain(inner)
		}
		return v
	}
	return v
}

// wanted says what a field takes.
func wanted(t reflect.Type) string {
	switch {
	case t == durationType:
		return `a duration in quotes, such as "30s"`
	case t == timeType:
		return "a date and time with an offset, such as 2026-10-04T02:00:00Z"
	}
	switch t.Kind() {
	case reflect.String:
		return "text in quotes"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list in [ ]"
	case reflect.Struct, reflect.Map:
		return "a table"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

// described says what was given, without repeating it.
func described(v any) string {
	switch v.(type) {
	case string:
		return "text"
	case bool:
		return "true or false"
	case int64:
		return "a whole number"
	case float64:
		return "a decimal number"
	case time.Time:
		return "a date or time"
	case []any, []map[string]any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return fmt.Sprintf("%T", v)
}

// The parser gives dates and times without an offset the zones of these names.
func hasOffset(t time.Time) bool {
	switch t.Location().String() {
	case "date-local", "time-local", "datetime-local":
		return false
	}
	return true
}

// writtenTime is a date or time as a document writes it.
func writtenTime(t time.Time) string {
	switch t.Location().String() {
	case "date-local":
		return t.Format(time.DateOnly)
	case "time-local":
		return t.Format("15:04:05.999999999")
	case "datetime-local":
		return t.Format("2006-01-02T15:04:05.999999999")
	}
	return t.Format(time.RFC3339Nano)
}
