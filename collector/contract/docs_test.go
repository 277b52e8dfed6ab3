package contract

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nines-monitor/nines/internal/strict"
)

// docs/contract.md has a section for each table, with a row for each key.
func TestEverySupportedKeyIsDescribedAndNoOther(t *testing.T) {
	text, err := os.ReadFile("../../docs/contract.md")
	if err != nil {
		t.Fatal(err)
	}
	var described []string
	section := ""
	for line := range strings.Lines(string(text)) {
		if heading, found := strings.CutPrefix(line, "## "); found {
			section = ""
			if name := strings.TrimSpace(heading); strings.HasPrefix(name, "`") {
				section = strings.Trim(name, "`")
			}
			continue
		}
		cells := strings.Split(line, "|")
		if section == "" || len(cells) != 6 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		key := strings.Trim(cells[1], " `")
		if section != "(top)" {
			key = section + "." + key
		}
		described = append(described, key)
	}
	slices.Sort(described)
	if supported := strict.Keys(document{}); !slices.Equal(described, supported) {
		t.Errorf("docs/contract.md describes\n%q\nsupported are\n%q", described, supported)
	}
}

func TestEveryKeyNotSupportedYetIsListed(t *testing.T) {
	text, err := os.ReadFile("../../docs/contract.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "## Not supported yet")
	unsupported := notYet("", reflect.TypeFor[document]())
	if len(unsupported) == 0 {
		t.Fatal("no key is marked as not supported yet")
	}
	for _, key := range unsupported {
		if !strings.Contains(list, "`"+key+"`") {
			t.Errorf("docs/contract.md: %s is missing from the keys that are not supported yet", key)
		}
	}
	if listed := strings.Count(list, "`") / 2; listed != len(unsupported) {
		t.Errorf("docs/contract.md lists %d keys as not supported yet, there are %d: %q", listed, len(unsupported), unsupported)
	}
}

func notYet(path string, t reflect.Type) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var keys []string
	for i := range t.NumField() {
		key := t.Field(i).Tag.Get("toml")
		switch {
		case key == "":
		case t.Field(i).Type == reflect.TypeFor[strict.NotYet]():
			keys = append(keys, path+key)
		default:
			keys = append(keys, notYet(path+key+".", t.Field(i).Type)...)
		}
	}
	return keys
}
