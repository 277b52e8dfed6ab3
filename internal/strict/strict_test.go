package strict_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/strict"
)

type document struct {
	Name     string            `toml:"name"`
	Count    uint8             `toml:"count"`
	Share    float64           `toml:"share"`
	Wait     time.Duration     `toml:"wait"`
	At       time.Time         `toml:"at"`
	On       *bool             `toml:"on"`
	Words    []string          `toml:"words"`
	Labels   map[string]int    `toml:"labels"`
	Anything any               `toml:"anything"`
	Colour   colour            `toml:"colour"`
	Password colour            `toml:"password"`
	Check    []check           `toml:"check"`
	Nested   map[string]nested `toml:"nested"`
	Later    strict.NotYet     `toml:"later"`
	Inner    string
}

type nested struct {
	Deep struct {
		Value int `toml:"value"`
	} `toml:"deep"`
}

type check struct {
	ID   string `toml:"id"`
	HTTP *struct {
		URL    string   `toml:"url"`
		Status []string `toml:"status"`
	} `toml:"http"`
}

// colour reads its own text and repeats it when it is wrong.
type colour string

func (c *colour) UnmarshalText(text []byte) error {
	*c = colour(text)
	if !strings.HasPrefix(string(text), "#") {
		return fmt.Errorf("%q is no colour: write it as #rrggbb", text)
	}
	return nil
}

func (*colour) Wanted() string { return `a colour in quotes, such as "#0b7285"` }

func TestDecodeReadsEveryKindOfValue(t *testing.T) {
	text := `
name = "a"
count = 255
share = 1
wait = "1h30m"
at = 2026-10-04T02:00:00+02:00
on = true
words = ["x", 'y']
labels = { a = 1, "b c" = 2 }
anything = { all = ["p", { any = ["q"] }] }
colour = "#fff"
[[check]]
id = "one"
http = { url = "u", status = ["2xx"] }
[[check]]
id = "two"
`
	var got document
	if err := strict.Decode("f.toml", []byte(text), &got); err != nil {
		t.Fatalf("Decode: %v", err)
	}
	if !got.At.Equal(time.Date(2026, 10, 4, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("at: got %v", got.At)
	}
	yes := true
	want := document{
		Name: "a", Count: 255, Share: 1, Wait: 90 * time.Minute, At: got.At, On: &yes,
		Words:  []string{"x", "y"},
		Labels: map[string]int{"a": 1, "b c": 2}, Colour: "#fff",
		Anything: map[string]any{"all": []any{"p", map[string]any{"any": []any{"q"}}}},
		Check:    []check{{ID: "one"}, {ID: "two"}},
	}
	want.Check[0].HTTP = got.Check[0].HTTP
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Decode\n got %+v\nwant %+v", got, want)
	}
	if http := got.Check[0].HTTP; http == nil || http.URL != "u" || len(http.Status) != 1 {
		t.Errorf("check[0].http: got %+v", http)
	}
}

func TestDecodeKeepsWhatIsNotMentioned(t *testing.T) {
	got := document{Name: "default", Count: 3}
	if err := strict.Decode("f.toml", []byte(`count = 4`), &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "default" || got.Count != 4 {
		t.Errorf("got name %q count %d, want default 4", got.Name, got.Count)
	}
}

func TestDecodeSaysWhatIsWrongAndWhere(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"a key that was mistyped":     {"nmae = 'x'", `f.toml:1: nmae: unknown key: did you mean name?`},
		"a key in capitals":           {"Name = 'x'", `f.toml:1: Name: unknown key: did you mean name?`},
		"a key that nothing is near":  {"\nquantity = 1", `f.toml:2: quantity: unknown key`},
		"a key of a list's element":   {"[[check]]\n[[check]]\n[check.http]\nurll = 'x'", `f.toml:4: check[1].http.urll: unknown key: did you mean url?`},
		"a field without a tag":       {"Inner = 'x'", `f.toml:1: Inner: unknown key`},
		"a key of a later version":    {"later = { x = 1 }", `f.toml:1: later: not supported yet: remove it`},
		"a number for text":           {"name = 3", `f.toml:1: name: want text in quotes, got a whole number`},
		"text for a number":           {"count = '3'", `f.toml:1: count: want a whole number, got text`},
		"a number that is too large":  {"count = 256", `f.toml:1: count: number out of range`},
		"a number below zero":         {"count = -1", `f.toml:1: count: number out of range`},
		"text for a boolean":          {"on = 'yes'", `f.toml:1: on: want true or false, got text`},
		"a bare number for a wait":    {"wait = 30", `f.toml:1: wait: want a duration in quotes, such as "30s", got a whole number`},
		"a wait without a unit":       {"wait = '30'", `f.toml:1: wait: want a duration, such as "30s" or "1h30m", got "30"`},
		"a time without an offset":    {"at = 2026-10-04T02:00:00", `f.toml:1: at: want a date and time with an offset, such as 2026-10-04T02:00:00Z, got a date or time`},
		"a table for a list":          {"words = {}", `f.toml:1: words: want a list in [ ], got a table`},
		"a list for a table":          {"labels = []", `f.toml:1: labels: want a table, got a list`},
		"a single table for a list":   {"[check]\nid = 'x'", `f.toml:1: check: want a list in [ ], got a table`},
		"an element, on its own line": {"words = [\n'a',\n3,\n]", `f.toml:3: words[1]: want text in quotes, got a whole number`},
		"a value of a map":            {"[labels]\na = 1\n'b c' = 'x'", `f.toml:3: labels."b c": want a whole number, got text`},
		"a type's own words":          {"colour = 'red'", `f.toml:1: colour: "red" is no colour: write it as #rrggbb`},
		"a type's own wish":           {"colour = 7", `f.toml:1: colour: want a colour in quotes, such as "#0b7285", got a whole number`},
		"a secret is not repeated":    {"password = 'hunter2'", `f.toml:1: password: not a valid value (not shown: it may be a secret)`},
		"a dotted key":                {"nested.a.deep.value = 'x'", `f.toml:1: nested.a.deep.value: want a whole number, got text`},
		"a key with a line break":     {`"a\nb" = 1`, `f.toml:1: "a\nb": unknown key`},
		"a key that turns the text":   {"\"a\u202eb\" = 1", `f.toml:1: "a\u202eb": unknown key`},
		"a long value":                {"colour = '" + strings.Repeat("é", 300) + "'", `f.toml:1: colour: "` + strings.Repeat("é", 199) + "…"},
		"a long key":                  {strings.Repeat("k", 1000) + " = 1", `f.toml:1: ` + strings.Repeat("k", 400) + "…: unknown key"},
		"syntax":                      {"name = 'x'\ncount = = 3", `f.toml:2: syntax: expected value but found '=' instead`},
		"a key twice":                 {"name = 'x'\nname = 'y'", `f.toml:2: syntax: Key 'name' has already been defined.`},
		"syntax beside a secret":      {"smtp_password = hunter2", `f.toml:1: syntax: this line cannot be read (not shown: it may hold a secret)`},
		"syntax inside a secret":      {"password = \"\"\"\nhunter2 \\q\"\"\"", `f.toml:2: syntax: this line cannot be read (not shown: it may hold a secret)`},
		"bytes that are no text":      {"name = 'x'\n# \xff", `f.toml:2: not UTF-8 text: save the file as UTF-8`},
		"a NUL":                       {"name = 'x\x00'", `f.toml:1: syntax: TOML files cannot contain control characters: '0x00'`},
		"lists without end":           {"name = 'x'\nanything = " + strings.Repeat("[", 500_000), `f.toml:2: nested deeper than 32 levels`},
		"tables without end":          {strings.Repeat("a={", 100_000), `f.toml:1: nested deeper than 32 levels`},
		"a dotted key without end":    {strings.Repeat("a.", 300_000) + "b=1", `f.toml:1: nested deeper than 32 levels`},
		"a header without end":        {"[" + strings.Repeat("a.", 300_000) + "b]", `f.toml:1: nested deeper than 32 levels`},
		"a document that is too long": {strings.Repeat("#", strict.MaxBytes+1), `f.toml: 1048577 bytes: at most 1048576 are read`},
	} {
		t.Run(name, func(t *testing.T) {
			err := strict.Decode("f.toml", []byte(tc.text), new(document))
			if err == nil || err.Error() != tc.want {
				t.Errorf("Decode(%.60q)\n got %v\nwant %s", tc.text, err, tc.want)
			}
		})
	}
}

func TestDecodeReportsEveryProblemInTheOrderOfLines(t *testing.T) {
	text := `count = "x"
colour = 'red'
[[check]]
idd = 3
[[check]]
id = true
[check.http]
url = 1
status = "2xx"
`
	want := strings.Join([]string{
		`f.toml:1: count: want a whole number, got text`,
		`f.toml:2: colour: "red" is no colour: write it as #rrggbb`,
		`f.toml:4: check[0].idd: unknown key: did you mean id?`,
		`f.toml:6: check[1].id: want text in quotes, got true or false`,
		`f.toml:8: check[1].http.url: want text in quotes, got a whole number`,
		`f.toml:9: check[1].http.status: want a list in [ ], got text`,
	}, "\n")
	err := strict.Decode("f.toml", []byte(text), new(document))
	var problems strict.Problems
	if !errors.As(err, &problems) || len(problems) != 6 || err.Error() != want {
		t.Errorf("Decode\n got %v\nwant %s", err, want)
	}
}

func TestDecodeCountsTheProblemsBeyondReason(t *testing.T) {
	var text strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&text, "key%d = 1\n", i)
	}
	var problems strict.Problems
	if err := strict.Decode("f.toml", []byte(text.String()), new(document)); !errors.As(err, &problems) || len(problems) != 501 {
		t.Fatalf("Decode: got %d problems, want 501", len(problems))
	}
	if got, want := problems[499].Line, 500; got != want {
		t.Errorf("line of the last problem that is told: got %d, want %d", got, want)
	}
	if got, want := problems[500].String(), "f.toml: and 49500 more problems"; got != want {
		t.Errorf("last problem: got %q, want %q", got, want)
	}
}

// Nothing that fits into a document takes long to refuse or to read, or long to tell.
func TestDecodeEndsWithHostileDocuments(t *testing.T) {
	for name, text := range map[string]string{
		"a long list":       "anything = [" + strings.Repeat("1,", 500_000) + "]",
		"a long list lists": "anything = [" + strings.Repeat("[],", 340_000) + "]",
		"many tables":       strings.Repeat("[[check]]\n", 100_000),
		"many tables deep":  "[[anything.x]]\n" + strings.Repeat("[[anything.x.a.b.c.d.e.f.g.h.i.j.k.l.m.n]]\n", 20_000),
		"a long string":     "name = '" + strings.Repeat("x", 1_000_000) + "'",
		"a long key":        strings.Repeat("x", 1_000_000) + " = 1",
		"many quotes":       "name = \"" + strings.Repeat("\\\"", 500_000) + "\"",
	} {
		t.Run(name, func(t *testing.T) {
			// A document that took minutes would end in the run's own time limit.
			if err := strict.Decode("f.toml", []byte(text), new(document)); err != nil && len(err.Error()) > 300_000 {
				t.Errorf("Decode tells of its problems in %d bytes, want few", len(err.Error()))
			}
		})
	}
}

func TestEmptyDocumentsAreRead(t *testing.T) {
	for _, text := range []string{"", "\n\r\n# nothing\n", "\xef\xbb\xbf", "\xef\xbb\xbfname = 'x'"} {
		if err := strict.Decode("f.toml", []byte(text), new(document)); err != nil {
			t.Errorf("Decode(%q): got %v, want nil", text, err)
		}
	}
}

func TestDocumentAddsWhatFollowsFromNothingElse(t *testing.T) {
	text := "[[check]]\nid = 'a'\n\n[[check]]\nid = 3\nhtpp = {}\n"
	doc := strict.Read("f.toml", []byte(text), new(document))
	doc.Add("check[0].http", "missing")
	doc.Add("check[1].id", "missing")     // it has the wrong type
	doc.Add("check[1].http", "missing")   // it was mistyped
	doc.Add("check[1].http.url", "empty") // inside that
	doc.Add("name", "missing")
	want := strings.Join([]string{
		`f.toml: name: missing`,
		`f.toml:1: check[0].http: missing`,
		`f.toml:5: check[1].id: want text in quotes, got a whole number`,
		`f.toml:6: check[1].htpp: unknown key: did you mean http?`,
	}, "\n")
	if err := doc.Err(); err == nil || err.Error() != want {
		t.Errorf("Err\n got %v\nwant %s", err, want)
	}
	for key, want := range map[string]bool{"check[0].id": false, "check[0]": true, "check[1].http": true, "words": false, "check": true} {
		if got := doc.Faulty(key); got != want {
			t.Errorf("Faulty(%q): got %v, want %v", key, got, want)
		}
	}
}

func TestKeysListsWhatADocumentMayHave(t *testing.T) {
	got := strings.Join(strict.Keys(new(document)), " ")
	want := "anything at check check.http check.http.status check.http.url check.id colour count labels name nested on password share wait words"
	if got != want {
		t.Errorf("Keys\n got %s\nwant %s", got, want)
	}
}
