package strict

import (
	"strconv"
	"strings"
)

// Paths are written as a person would say them: check[2].http.url, counted from 0, with a
// part in quotes where it is not a bare key.

// join is the path of a key in the table at path.
func join(path, key string) string {
	if !isBare(key) {
		key = strconv.Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// element is the path of an element of the list at path.
func element(path string, i int) string {
	return path + "[" + strconv.Itoa(i) + "]"
}

// parent is the path of what a path lies in; the root is empty.
func parent(path string) string {
	end := len(path) - 1
	switch {
	case end < 0:
		return ""
	case path[end] == ']':
		return path[:strings.LastIndexByte(path, '[')]
	case path[end] == '"':
		// Quotes inside the part are escaped, so only its first one follows a dot.
		if i := strings.LastIndex(path[:end], `."`); i >= 0 {
			return path[:i]
		}
		return ""
	}
	return path[:max(strings.LastIndexByte(path, '.'), 0)]
}

// lastKey is the last key of a path, as it is written there, without an index.
func lastKey(path string) string {
	for strings.HasSuffix(path, "]") {
		path = parent(path)
	}
	return strings.TrimPrefix(strings.TrimPrefix(path, parent(path)), ".")
}

func isBare(key string) bool {
	for i := 0; i < len(key); i++ {
		if !isBareByte(key[i]) {
			return false
		}
	}
	return key != ""
}

func isBareByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// soundsSecret reports whether a key, or a line, speaks of something that must not be shown.
func soundsSecret(text string) bool {
	text = strings.ToLower(text)
	for _, word := range []string{"password", "passwd", "passphrase", "secret", "token", "credential", "private", "api_key", "apikey"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	last := text[strings.LastIndexAny(text, "._-")+1:]
	return last == "key" || strings.HasPrefix(strings.TrimLeft(text, " \t"), "key")
}
