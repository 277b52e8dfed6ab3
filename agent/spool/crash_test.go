package spool

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"
)

// writerEnv makes the test binary a writer on the spool that it names.
const writerEnv = "NINES_SPOOL_WRITER"

// writeUntilKilled appends, batches and settles for ever, and says after each Append which
// entry is in.
func writeUntilKilled(dir string) int {
	s, err := Open(dir, Options{MaxBytes: 64 << 20})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	first := 0
	for _, t := range s.Last() {
		first = max(first, int(t-1_800_000_000_000)/1000+1)
	}
	for n := first; ; n++ {
		if err := s.Append(entry(n), n%100 == 0); err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println(n)
		if n%250 == 249 { // a batch that is made, and not settled
			if _, _, err := s.Next(); err != nil {
				fmt.Println(err)
				return 1
			}
		}
	}
}

func TestKillCostsNothingThatWasAppended(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	said := -1
	for round := range 8 {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Env = append(os.Environ(), writerEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for stop := said + 300 + 37*round; said < stop && lines.Scan(); {
			if said, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatalf("writer says %q", lines.Text())
			}
		}
		if err := cmd.Process.Kill(); err != nil { // SIGKILL, in the midst of it
			t.Fatal(err)
		}
		for lines.Scan() {
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				said = n
			}
		}
		_ = cmd.Wait() // killed
	}
	got := drain(t, open(t, dir))
	if len(got) < said+1 || !reflect.DeepEqual(got, upTo(0, len(got))) {
		t.Errorf("%d results after 8 kills, want at least %d, once and in order", len(got), said+1)
	}
	if bad := files(t, filepath.Join(dir, "quarantine", "*")); len(bad) > 8 {
		t.Errorf("quarantine holds %d pieces after 8 kills, want at most one torn end each", len(bad))
	}
}
