package e2e

import (
	"strconv"
	"syscall"
	"testing"
	"time"
)

// ledgers is what the test reads of GET /api/v1/services/{id}/ledger.
type ledgers struct {
	AsOf    time.Time `json:"as_of"`
	Ledgers []ledger  `json:"ledgers"`
}

type ledger struct {
	State        string  `json:"state"`
	Elapsed      int64   `json:"elapsed_ms"`
	Up           int64   `json:"up_ms"`
	Down         int64   `json:"down_ms"`
	Unknown      int64   `json:"unknown_ms"`
	Availability *string `json:"availability"`
	Best         *string `json:"availability_best"`
	Worst        *string `json:"availability_worst"`
	Consumed     int64   `json:"consumed_ms"`
	Budget       int64   `json:"budget_ms"`
	Remaining    int64   `json:"remaining_ms"`
	BreachedAt   string  `json:"breached_at"`
}

type services struct {
	Services []struct {
		ID              string    `json:"id"`
		State           string    `json:"state"`
		Reason          string    `json:"reason"`
		LastObservation time.Time `json:"last_observation"`
	} `json:"services"`
}

// ledgerOf reads the one ledger of the service under test.
func (in *installation) ledgerOf(t *testing.T, window string) (ledger, time.Time) {
	t.Helper()
	var answer ledgers
	in.get(t, "/api/v1/services/acme.erp/ledger"+window, &answer)
	if len(answer.Ledgers) != 1 {
		t.Fatalf("got %d ledgers, want 1", len(answer.Ledgers))
	}
	return answer.Ledgers[0], answer.AsOf
}

// waitFor waits until the service has a state, observed after an instant.
func (in *installation) waitFor(t *testing.T, state string, after time.Time) {
	t.Helper()
	eventually(t, 20*time.Second, "the service to be "+state, func() bool {
		var s services
		in.get(t, "/api/v1/services", &s)
		return len(s.Services) == 1 && s.Services[0].State == state && s.Services[0].LastObservation.After(after)
	})
}

// TestLedgerAgreesWithTheTarget makes a real target fail for a known time and compares the
// ledger with what the target did.
func TestLedgerAgreesWithTheTarget(t *testing.T) {
	g := newTarget(t)
	in := install(t, layout{target: g.URL})
	first := time.Now()
	in.waitFor(t, "up", first.Add(6*time.Second)) // enough of the past for the window below

	g.fail()
	in.waitFor(t, "down", first)
	in.waitFor(t, "down", time.Now().Add(3*time.Second))
	truth := g.mend()
	in.waitFor(t, "up", time.Now().Add(2*interval))

	// A window of which every instant was measured, and that holds the whole outage.
	length := time.Since(truth.from) + 3*time.Second
	l, asOf := in.ledgerOf(t, "?window=rolling:"+length.Round(time.Millisecond).String())
	if l.Unknown != 0 || l.Up+l.Down != l.Elapsed {
		t.Fatalf("ledger %+v: want every instant measured", l)
	}
	off := time.Duration(l.Down)*time.Millisecond - truth.length()
	if off > interval || off < -interval {
		t.Errorf("down for %d ms, in truth for %s: off by %s, want at most one interval", l.Down, truth.length(), off)
	}
	window := time.Duration(l.Elapsed) * time.Millisecond
	if truth.from.Before(asOf.Add(-window)) {
		t.Fatal("the outage does not lie in the window")
	}
	share := 100 * (1 - truth.length().Seconds()/window.Seconds())
	if worst, best := percent(t, l.Worst), percent(t, l.Best); worst > share || share > best {
		t.Errorf("availability was %.4f in truth, want it within worst %.4f and best %.4f", share, worst, best)
	}
	in.restart(t)
	after, _ := in.ledgerOf(t, "?window="+time.Now().UTC().Format("2006-01"))
	if after.Down != l.Down || after.State != "breached" {
		t.Errorf("after a restart: %d ms down, state %s; want %d ms, breached", after.Down, after.State, l.Down)
	}
}

// restart kills the collector without warning, starts it again, and stops both programs in
// order at last, the agent first.
func (in *installation) restart(t *testing.T) {
	t.Helper()
	in.collector.signal(t, syscall.SIGKILL)
	<-in.collector.done
	before := time.Now()
	in.startCollector(t)
	in.waitFor(t, "up", before)
	in.agent.stop(t)
	in.collector.stop(t)
	in.startCollector(t)
}

func percent(t *testing.T, s *string) float64 {
	t.Helper()
	if s == nil {
		t.Fatal("got null for a percentage of a window that was measured")
	}
	v, err := strconv.ParseFloat(*s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
