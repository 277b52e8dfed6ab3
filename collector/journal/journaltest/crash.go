package journaltest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/journal"
)

// crashDir tells a test program that was started by testCrash to be the writer that is killed.
const crashDir = "NINES_JOURNALTEST_CRASH_DIR"

const (
	crashRounds  = 5
	crashWriters = 4
)

// testCrash starts this test again as a program of its own that appends and prints what was
// acknowledged, kills it in the middle, and looks for everything that was printed.
func testCrash(t *testing.T, open Open) {
	if dir := os.Getenv(crashDir); dir != "" {
		writeUntilKilled(t, open, dir)
		return
	}
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	for round := range crashRounds {
		lines := killAfter(t, dir, 20*(round+1))
		for _, l := range lines {
			acknowledged[l] = true
		}
		e := start(t, open, dir)
		positions, records := replay(t, e, 0)
		found := map[string]bool{}
		for i, r := range records {
			if positions[i] != journal.Position(i+1) || string(r.Body) != body(r.Agent, r.Epoch, r.Seq) {
				t.Fatalf("record %d after kill: position %d, %s", i, positions[i], name(r.Agent, r.Epoch, r.Seq))
			}
			found[name(r.Agent, r.Epoch, r.Seq)] = true
		}
		for want := range acknowledged {
			if !found[want] {
				t.Errorf("after kill %d: %s was acknowledged and is gone", round+1, want)
			}
		}
		if len(lines) == 0 || len(found) > len(acknowledged)+crashRounds*crashWriters {
			t.Errorf("after kill %d: %d records, %d acknowledged, %d in this round", round+1, len(found), len(acknowledged), len(lines))
		}
		if err := e.Close(); err != nil {
			t.Fatalf("Close() = %v, want nil", err)
		}
	}
}

// killAfter runs the writer until it has printed at least so many lines, and kills it.
func killAfter(t *testing.T, dir string, enough int) (lines []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	pattern := "^" + strings.Join(strings.Split(t.Name(), "/"), "$/^") + "$"
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run="+pattern)
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for scan := bufio.NewScanner(out); scan.Scan(); {
		if line, ok := strings.CutPrefix(scan.Text(), "acknowledged "); ok {
			lines = append(lines, line)
		}
		if len(lines) == enough {
			cmd.Process.Kill() //nolint:errcheck // it may have ended by itself: the wait below tells
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Errorf("the writer ended by itself after %d lines, want it killed", len(lines))
	}
	return lines
}

func writeUntilKilled(t *testing.T, open Open, dir string) {
	e, err := open(t.Context(), dir)
	if err != nil {
		t.Fatalf("open(%q) = %v, want an engine", dir, err)
	}
	epoch := uint64(time.Now().UnixNano())
	var wg sync.WaitGroup
	for w := range crashWriters {
		wg.Go(func() {
			agent := fmt.Sprintf("agent-%d", w)
			for seq := uint64(1); ; seq++ {
				r := record(agent, epoch, seq, body(agent, epoch, seq))
				if _, err := e.Append(t.Context(), r); err != nil {
					t.Errorf("Append(%s) = %v, want a receipt", name(agent, epoch, seq), err)
					return
				}
				fmt.Printf("acknowledged %s\n", name(agent, epoch, seq))
			}
		})
	}
	wg.Wait()
}

func name(agent string, epoch, seq uint64) string { return fmt.Sprintf("%s/%d/%d", agent, epoch, seq) }

func body(agent string, epoch, seq uint64) string {
	return strings.Repeat(name(agent, epoch, seq)+" ", 50)
}
