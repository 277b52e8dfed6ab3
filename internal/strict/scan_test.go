package strict

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

// pathsOf lists every path of a parsed document, as the scan names them.
func pathsOf(path string, v any, into map[string]bool) {
	if path != "" {
		into[path] = true
	}
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			pathsOf(join(path, key), inner, into)
		}
	case []any:
		for i, inner := range v {
			pathsOf(element(path, i), inner, into)
		}
	case []map[string]any:
		for i, inner := range v {
			pathsOf(element(path, i), inner, into)
		}
	}
}

// FuzzScan holds the scan against the parser: whatever the parser accepts, both see the same
// paths, and a bare key stands on the line that the scan gives for it.
func FuzzScan(f *testing.F) {
	seeds, _ := filepath.Glob("testdata/*.toml")
	if len(seeds) == 0 {
		f.Fatal("no seeds in testdata")
	}
	for _, name := range seeds {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add([]byte(strings.ReplaceAll(string(text), "\n", "\r\n")))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<14 {
			return
		}
		d := newDocument("f")
		root, ok := d.parse(text)
		if !ok {
			return
		}
		want := map[string]bool{}
		pathsOf("", root, want)
		got := slices.Sorted(maps.Keys(d.lines))
		if strings.Contains(strings.Join(got, " "), `""`) {
			return // the parser misplaces what an empty key holds: nobody has such keys
		}
		if wanted := slices.Sorted(maps.Keys(want)); !slices.Equal(got, wanted) {
			t.Fatalf("scan(%q)\n got %q\nwant %q", text, got, wanted)
		}
		for path, line := range d.lines {
			key := lastKey(path)
			if path != element(parent(path), 0) && isBare(key) && !strings.Contains(string(text), `\`) && !strings.HasSuffix(path, "]") {
				if !strings.Contains(lineOf(text, line), key) {
					t.Fatalf("scan(%q): %s is said to be on line %d, %q", text, path, line, lineOf(text, line))
				}
			}
		}
	})
}

// FuzzRead holds the reader to its promise that no document panics, and that a refused one
// is refused for a reason.
func FuzzRead(f *testing.F) {
	type tree struct {
		A []tree         `toml:"a"`
		B map[string]any `toml:"b"`
		C *int8          `toml:"c"`
		D any            `toml:"d"`
	}
	f.Add([]byte("a = [{ c = 1, b = { x = [1, {}] } }]\n[[a]]\n"))
	f.Add([]byte("[[a]]\n[[a.a]]\nc = 300\nd = 2026-01-01\n[a.b]\nq.r = 1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		err := Decode("f", text, new(tree))
		if _, parses := toml.Decode(string(text), new(map[string]any)); parses != nil && err == nil {
			t.Fatalf("Decode(%q): got nil, want %v", text, parses)
		}
	})
}

func TestScanKnowsTheLines(t *testing.T) {
	text, err := os.ReadFile("testdata/all.toml")
	if err != nil {
		t.Fatal(err)
	}
	lines, err := scan(text)
	if err != nil {
		t.Fatal(err)
	}
	// In that document a comment names the paths that are first mentioned on its line.
	rows := strings.Split(string(text), "\n")
	seen := 0
	for i, row := range rows {
		_, comment, found := strings.Cut(row, "#: ")
		if !found {
			continue
		}
		for _, path := range strings.Fields(comment) {
			seen++
			if lines[path] != i+1 {
				t.Errorf("line of %s: got %d, want %d", path, lines[path], i+1)
			}
		}
	}
	if seen < 30 {
		t.Errorf("%d paths are named in the document, want 30 or more", seen)
	}
}

func TestParentUndoesJoinAndElement(t *testing.T) {
	for _, path := range []string{"", "a", "a.b", "a[0]", `a."x.y"`, `a[3]."q\"."`} {
		for _, key := range []string{"k", "", "a.b", `"`, `."`, `."]`, "x[0]", "\n", `\`} {
			if got := parent(join(path, key)); got != path {
				t.Errorf("parent(%s): got %q, want %q", join(path, key), got, path)
			}
		}
		if path != "" {
			if got := parent(element(path, 7)); got != path {
				t.Errorf("parent(%s): got %q, want %q", element(path, 7), got, path)
			}
		}
	}
}
