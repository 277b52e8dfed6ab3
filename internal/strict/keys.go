package strict

import (
	"encoding"
	"reflect"
	"slices"
)

// Keys lists every key that a document for into may have, sorted, as paths without indices:
// "check.http.url". Keys that are not supported yet are left out. Recursive types are not
// followed.
func Keys(into any) []string {
	keys := keysOf("", reflect.TypeOf(into))
	slices.Sort(keys)
	return keys
}

func keysOf(path string, t reflect.Type) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == timeType || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return nil
	}
	var keys []string
	for i := range t.NumField() {
		key := t.Field(i).Tag.Get("toml")
		if key == "" || key == "-" || t.Field(i).Type == notYetType {
			continue
		}
		keys = append(keys, join(path, key))
		keys = append(keys, keysOf(join(path, key), t.Field(i).Type)...)
	}
	return keys
}
