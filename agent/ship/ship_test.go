package ship

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

func TestAStateChangeIsShippedAtOnce(t *testing.T) {
	c := newCollector(t)
	r := newRig(t, c.client(t, c.URL))
	r.add(t, 0, 1, true)
	r.run(t)
	until(t, "the batch arrives", func() bool { return len(c.attempts()) == 1 })
	if got := c.attempts()[0].batch.Runs[0].Results[0].T; got != 1000 {
		t.Errorf("result of instant %d arrives, want 1000", got)
	}
	until(t, "the batch is settled", func() bool { return r.value("nines_agent_ship_results_total") == "1" })
	if rev := <-r.revisions; rev != "r1" {
		t.Errorf("revision heard: %q, want r1", rev)
	}
}

func TestWhatWaitsIsShippedWithinASecondOrSo(t *testing.T) {
	c := newCollector(t)
	r := newRig(t, c.client(t, c.URL))
	r.add(t, 0, 7, false)
	r.run(t)
	until(t, "the batch arrives", func() bool { return len(c.attempts()) > 0 })
	if n := c.attempts()[0].batch.Results(); n != 7 {
		t.Errorf("%d results in the batch, want 7", n)
	}
}

func TestEveryAttemptHasTheSameBytesAndAFreshSignature(t *testing.T) {
	c := newCollector(t)
	c.answer = func(w http.ResponseWriter, n int, b wire.Batch) {
		switch n {
		case 1:
			problem(w, http.StatusServiceUnavailable, "disk is slow")
		case 2:
			panic(http.ErrAbortHandler) // the connection breaks
		default:
			acknowledge(w, b)
		}
	}
	r := newRig(t, c.client(t, c.URL))
	r.add(t, 0, 3, true)
	r.run(t)
	until(t, "three attempts", func() bool { return len(c.attempts()) == 3 })
	got := c.attempts()
	nonces := map[string]bool{}
	for i, a := range got {
		nonces[a.nonce] = true
		if a.body != got[0].body {
			t.Errorf("attempt %d has other bytes than the first", i+1)
		}
	}
	if len(nonces) != 3 || c.forged != 0 {
		t.Errorf("%d nonces in 3 attempts, %d bad signatures; want 3 and 0", len(nonces), c.forged)
	}
	until(t, "the recovery is told", func() bool { return strings.Contains(r.log.String(), "shipped again") })
}

func TestWhatIsRefusedForNowIsKeptAndTriedAgain(t *testing.T) {
	for name, refuse := range map[string]func(w http.ResponseWriter, b wire.Batch){
		"401 unknown key":                     func(w http.ResponseWriter, _ wire.Batch) { problem(w, 401, "unknown key") },
		"403 revoked":                         func(w http.ResponseWriter, _ wire.Batch) { problem(w, 403, "revoked") },
		"404 by something else":               func(w http.ResponseWriter, _ wire.Batch) { http.Error(w, "not here", 404) },
		"409 a fork":                          func(w http.ResponseWriter, _ wire.Batch) { problem(w, 409, "fork") },
		"429 too many":                        func(w http.ResponseWriter, _ wire.Batch) { problem(w, 429, "busy") },
		"500":                                 func(w http.ResponseWriter, _ wire.Batch) { problem(w, 500, "oops") },
		"507 disk full":                       func(w http.ResponseWriter, _ wire.Batch) { problem(w, 507, "disk full") },
		"a redirect":                          func(w http.ResponseWriter, _ wire.Batch) { w.Header().Set("Location", "/login"); w.WriteHeader(302) },
		"400 that no collector said":          func(w http.ResponseWriter, _ wire.Batch) { http.Error(w, "bad gateway policy", 400) },
		"400 as JSON that no collector said":  func(w http.ResponseWriter, _ wire.Batch) { reply(w, 400, map[string]string{"error": "waf"}) },
		"200 with a login page":               func(w http.ResponseWriter, _ wire.Batch) { _, _ = w.Write([]byte("<html>Log in</html>")) },
		"200 without an end":                  func(w http.ResponseWriter, _ wire.Batch) { _, _ = w.Write(make([]byte, maxAnswer+1)) },
		"an acknowledgement of another batch": func(w http.ResponseWriter, b wire.Batch) { b.Seq++; acknowledge(w, b) },
		"an acknowledgement of another spool": func(w http.ResponseWriter, b wire.Batch) { b.Epoch++; acknowledge(w, b) },
		"an acknowledgement of no known kind": func(w http.ResponseWriter, b wire.Batch) {
			reply(w, 200, wire.Ack{Result: "perhaps", Epoch: b.Epoch, Seq: b.Seq, Watermark: b.Seq})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCollector(t)
			c.answer = func(w http.ResponseWriter, n int, b wire.Batch) {
				if n == 1 {
					refuse(w, b)
				} else {
					acknowledge(w, b)
				}
			}
			r := newRig(t, c.client(t, c.URL))
			r.add(t, 0, 3, true)
			r.run(t)
			until(t, "the batch is settled", func() bool { return r.value("nines_agent_ship_results_total") == "3" })
			got := c.attempts()
			if len(got) != 2 || got[0].body != got[1].body {
				t.Errorf("%d attempts, want 2 with the same bytes; log %s", len(got), r.log)
			}
			if left, _ := filepath.Glob(filepath.Join(r.dir, "quarantine", "*")); len(left) != 0 {
				t.Errorf("quarantine holds %q, want nothing", left)
			}
		})
	}
}

func TestAMalformedBatchIsSetAsideAndTheNextGoesOut(t *testing.T) {
	for _, status := range []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			c := newCollector(t)
			c.answer = func(w http.ResponseWriter, n int, b wire.Batch) {
				if n == 1 {
					problem(w, status, "batch: not for me")
					return
				}
				acknowledge(w, b)
			}
			r := newRig(t, c.client(t, c.URL))
			r.add(t, 0, 3, true)
			r.run(t)
			until(t, "the batch is refused", func() bool { return r.value("nines_agent_spool_refused_results_total") == "3" })
			r.add(t, 3, 5, true)
			until(t, "the next batch is settled", func() bool { return r.value("nines_agent_ship_results_total") == "2" })
			if left, _ := filepath.Glob(filepath.Join(r.dir, "quarantine", "refused-*")); len(left) != 1 {
				t.Errorf("quarantine holds %q, want the batch", left)
			}
			if !strings.Contains(r.log.String(), "not for me") {
				t.Errorf("log %q, want the collector's reason", r.log)
			}
		})
	}
}

func TestStopGivesUpAtOnceAndKeepsTheBatch(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c := newCollector(t)
	r := newRig(t, c.client(t, "https://"+silent.Addr().String()))
	r.add(t, 0, 3, true)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	r.Last(ctx)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("Last with 0.3 s took %v, want its deadline kept", took)
	}
	if b, ok, err := r.queue.Next(); !ok || err != nil || b.Results != 3 {
		t.Errorf("Next() = %d results, %v, %v; want the batch kept", b.Results, ok, err)
	}
	working := newRig(t, c.client(t, c.URL))
	working.add(t, 0, 3, true)
	working.Last(t.Context())
	if n := len(c.attempts()); n != 1 {
		t.Errorf("Last made %d attempts at a working collector, want 1", n)
	}
}

func TestACollectorWithoutATrustedCertificateGetsNothing(t *testing.T) {
	c := newCollector(t)
	base, err := url.Parse(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, NewClient(base, x509.NewCertPool(), c.key, time.Now))
	r.add(t, 0, 1, true)
	r.Last(t.Context())
	if n := len(c.attempts()); n != 0 || !strings.Contains(r.log.String(), "certificate") {
		t.Errorf("%d batches at a collector that is not trusted, log %q; want none and the reason", n, r.log)
	}
}

func TestRejectedResultsAreCountedAndToldOnce(t *testing.T) {
	c := newCollector(t)
	c.answer = func(w http.ResponseWriter, _ int, b wire.Batch) {
		reply(w, 200, wire.Ack{Result: wire.Accepted, Epoch: b.Epoch, Seq: b.Seq, Watermark: b.Seq,
			Rejected: []wire.Rejected{{Check: "a", Count: 2, Reason: "no such check"}}})
	}
	r := newRig(t, c.client(t, c.URL))
	for i := range 3 {
		r.add(t, i*10, i*10+5, false)
		r.Last(t.Context())
	}
	if got := r.value("nines_agent_ship_rejected_results_total"); got != "6" {
		t.Errorf("rejected results counted: %s, want 6", got)
	}
	if n := strings.Count(r.log.String(), "no such check"); n != 1 {
		t.Errorf("told %d times, want once", n)
	}
}

func TestTheClockOffsetIsMeasured(t *testing.T) {
	c := newCollector(t)
	c.answer = func(w http.ResponseWriter, _ int, b wire.Batch) {
		reply(w, 200, wire.Ack{Result: wire.Duplicate, Epoch: b.Epoch, Seq: b.Seq, Watermark: b.Seq,
			CollectorTime: time.Now().Add(-90 * time.Second).UnixMilli()})
	}
	r := newRig(t, c.client(t, c.URL))
	r.add(t, 0, 1, false)
	r.Last(t.Context())
	offset, err := strconv.ParseFloat(r.value("nines_agent_clock_offset_seconds"), 64)
	if err != nil || offset < 88 || offset > 92 {
		t.Errorf("offset of a collector 90 s behind: %v s (%v), want about 90", offset, err)
	}
}

func TestATroubleIsToldOnceHoweverManyAttempts(t *testing.T) {
	c := newCollector(t)
	c.answer = func(w http.ResponseWriter, n int, b wire.Batch) {
		if n < 4 {
			problem(w, 503, "journal is full")
			return
		}
		acknowledge(w, b)
	}
	r := newRig(t, c.client(t, c.URL))
	r.add(t, 0, 1, true)
	r.run(t)
	until(t, "the batch is settled", func() bool { return r.value("nines_agent_ship_results_total") == "1" })
	until(t, "the recovery is told", func() bool { return strings.Contains(r.log.String(), "shipped again") })
	if n := strings.Count(r.log.String(), "journal is full"); n != 1 {
		t.Errorf("told %d times in 3 failures, want once: %s", n, r.log)
	}
}

func TestTroubleIsTheSameOnEveryAttempt(t *testing.T) {
	dead, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and resets
	if err != nil {
		t.Fatal(err)
	}
	defer dead.Close()
	go func() {
		for {
			conn, err := dead.Accept()
			if err != nil {
				return
			}
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			conn.Close()
		}
	}()
	c := newCollector(t)
	client := c.client(t, "https://"+dead.Addr().String())
	troubles := map[string]bool{}
	for range 10 {
		_, err := client.Config(t.Context(), "")
		if err == nil {
			t.Fatal("Config from a port that resets = nil, want an error")
		}
		troubles[lasting(err)] = true
	}
	if len(troubles) > 3 { // a reset may be seen while dialling, reading or writing
		t.Errorf("troubles told %v, want the same ones each time", troubles)
	}
}

func TestConfig(t *testing.T) {
	var wantMatch string
	c := newCollector(t)
	c.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch wantMatch = r.Header.Get("If-None-Match"); wantMatch {
		case `"same"`:
			w.WriteHeader(http.StatusNotModified)
		case `"gone"`:
			problem(w, http.StatusNotFound, "no contract has this site")
		default:
			_, _ = w.Write([]byte("{}"))
		}
	})
	client := c.client(t, c.URL)
	for name, tc := range map[string]struct {
		revision, data, problem string
	}{
		"a first time": {"", "{}", ""},
		"unchanged":    {"same", "", ""},
		"refused":      {"gone", "", "collector: status 404: no contract has this site"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := client.Config(t.Context(), tc.revision)
			if string(data) != tc.data || (err == nil) != (tc.problem == "") || err != nil && err.Error() != tc.problem {
				t.Errorf("Config(%q) = %q, %v; want %q, %q", tc.revision, data, err, tc.data, tc.problem)
			}
			var refused *RefusalError
			if tc.problem != "" && (!errors.As(err, &refused) || refused.Status != 404) {
				t.Errorf("Config(%q) = %T, want a *RefusalError of status 404", tc.revision, err)
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	most := map[int]time.Duration{}
	for attempt := range 40 {
		for range 500 {
			pause := backoff(firstPause, longestPause, attempt, nil)
			if pause <= 0 || pause > longestPause+1 {
				t.Fatalf("backoff(attempt %d) = %v, want within (0, %v]", attempt, pause, longestPause)
			}
			most[attempt] = max(most[attempt], pause)
		}
	}
	if most[0] > firstPause || most[3] < 2*firstPause || most[39] < longestPause/2 {
		t.Errorf("largest of 500 pauses: %v, %v, %v after 1, 4, 40 attempts; want them to grow to %v", most[0], most[3], most[39], longestPause)
	}
	now := time.Now()
	for value, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-1": 0, "soon": 0, "99999999999": 0,
		now.Add(time.Hour).UTC().Format(http.TimeFormat):  time.Hour,
		now.Add(-time.Hour).UTC().Format(http.TimeFormat): 0,
	} {
		if got := retryAfter(value, now); got > want || got < want-time.Second {
			t.Errorf("retryAfter(%q) = %v, want %v", value, got, want)
		}
	}
	asked := &http.Response{Header: http.Header{"Retry-After": {"3600"}}}
	if got := backoff(firstPause, longestPause, 0, asked); got < longestWanted || got > longestWanted+firstPause+1 {
		t.Errorf("backoff when asked to wait an hour = %v, want about %v", got, longestWanted)
	}
}
