package e2e

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// firstResultGoal is how long a newcomer should wait at most, in seconds.
const firstResultGoal = 5

// BenchmarkStartToFirstResult starts `nines up` on a built tree, again and again without any
// state, and waits until the API, and so the page, has a first result.
func BenchmarkStartToFirstResult(b *testing.B) {
	var worst time.Duration
	for b.Loop() {
		pages := freeAddress(b)
		cmd := exec.Command(filepath.Join(bin, "nines"), "up", "--state", b.TempDir(), "--listen", pages, "--agents-listen", freeAddress(b))
		began := time.Now()
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		for !hasResult(pages) {
			if time.Since(began) > time.Minute {
				b.Fatal("no result within a minute")
			}
			<-time.After(20 * time.Millisecond)
		}
		worst = max(worst, time.Since(began))
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			b.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(worst.Seconds(), "s/worst-start")
	b.ReportMetric(firstResultGoal, "goal-s/worst-start")
}

// hasResult reports whether any service has been observed.
func hasResult(pages string) bool {
	resp, err := http.Get("http://" + pages + "/api/v1/services")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	var s struct {
		Services []struct {
			LastObservation *string `json:"last_observation"`
		} `json:"services"`
	}
	if json.NewDecoder(resp.Body).Decode(&s) != nil {
		return false
	}
	for _, one := range s.Services {
		if one.LastObservation != nil && !strings.HasPrefix(*one.LastObservation, "0001") {
			return true
		}
	}
	return false
}
