package contract_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/internal/strict"
)

var update = flag.Bool("update", false, "rewrite what the files of testdata say they want")

// The files of testdata end in comments that say what is wrong with them, line by line.
const wantMark = "# want: "

func TestEveryRuleHasItsBadFile(t *testing.T) {
	eachFile(t, "testdata/bad/*.toml", func(t *testing.T, name string, text []byte) strict.Problems {
		c, err := contract.Parse(name, text)
		var problems strict.Problems
		if !errors.As(err, &problems) || c != nil {
			t.Fatalf("Parse(%s): got %v, %v, want strict.Problems", name, c, err)
		}
		return problems
	})
}

func TestWhatDeservesASecondLookIsAWarning(t *testing.T) {
	eachFile(t, "testdata/warned/*.toml", func(t *testing.T, name string, text []byte) strict.Problems {
		c, err := contract.Parse(name, text)
		if err != nil {
			t.Fatalf("Parse(%s): %v", name, err)
		}
		return c.Warnings
	})
}

// eachFile compares what is said of each file with what the file says it wants.
func eachFile(t *testing.T, glob string, judge func(*testing.T, string, []byte) strict.Problems) {
	paths, err := filepath.Glob(glob)
	if err != nil || len(paths) == 0 {
		t.Fatalf("Glob(%q): got %d files, %v", glob, len(paths), err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(strings.TrimSuffix(name, ".toml"), func(t *testing.T) {
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text, wanted, _ := strings.Cut(string(whole), wantMark)
			problems := judge(t, name, []byte(text))
			var got strings.Builder
			for _, p := range problems {
				got.WriteString(wantMark + p.String() + "\n")
			}
			if *update {
				if err := os.WriteFile(path, []byte(text+got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := wantMark + wanted; got.String() != want {
				t.Errorf("Parse(%s)\n got:\n%swant:\n%s", name, got.String(), want)
			}
		})
	}
}
