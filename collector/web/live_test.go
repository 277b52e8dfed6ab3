package web

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

// follow reads a live page's events, one at a time, until the test ends.
func follow(t *testing.T, url, had string) (next func() update) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	r, err := http.NewRequestWithContext(ctx, "GET", url+"/events?since="+had, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		answer.Body.Close()
	})
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != 200 || kind != "text/event-stream" {
		t.Fatalf("GET /events = %d %s, want 200 text/event-stream", answer.StatusCode, kind)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 8<<20)
	return func() update {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var u update
				if err := json.Unmarshal([]byte(data), &u); err != nil {
					t.Fatalf("event %.200q: %v", data, err)
				}
				return u
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return update{}
	}
}

func TestAViewerIsSentWhatChangedAndNothingElse(t *testing.T) {
	w := practice(t)
	w.started = time.Now()
	url := serve(t, w.options())
	next := follow(t, url, "")
	first := next()
	if !strings.Contains(first.Main, "Acme Dental Group") || len(first.Parts) != 0 {
		t.Fatalf("the first event of a viewer who has nothing: main of %d bytes and %d parts, want all in main", len(first.Main), len(first.Parts))
	}
	w.change(func() { w.up("acme.mail", 55*24*time.Hour, w.outage(2*time.Minute, time.Hour, wire.Refused)) })
	second := next()
	if second.Main != "" || !strings.Contains(second.Parts["service-acme.mail"], "connection refused") || second.Parts["summary"] == "" {
		t.Errorf("after a change of acme.mail: main of %d bytes, parts %v; want its part and the summary", len(second.Main), partNames(second))
	}
	if _, sent := second.Parts["service-acme.internet"]; sent {
		t.Errorf("after a change of acme.mail: parts %v, want none of another service", partNames(second))
	}
	if third := next(); third.Main != "" || third.Now <= second.Now {
		t.Errorf("on the timer: now %d after %d, main of %d bytes; want a later now and no main", third.Now, second.Now, len(third.Main))
	}

	again := follow(t, url, first.Seq)
	if u := again(); u.Main != "" || u.Parts["service-acme.mail"] == "" {
		t.Errorf("a viewer who comes back with the first overview: main of %d bytes, parts %v; want the part that changed since", len(u.Main), partNames(u))
	}
	other := follow(t, url, "otherboot-7")
	if u := other(); u.Main == "" {
		t.Errorf("a viewer of a collector that was restarted: parts %v, want all in main", partNames(u))
	}
}

func partNames(u update) []string {
	var names []string
	for id := range u.Parts {
		names = append(names, id)
	}
	return names
}

// However many look, the overview is computed once.
func TestViewersShareOneOverview(t *testing.T) {
	w := practice(t)
	url := serve(t, w.options())
	for range 5 {
		next := follow(t, url, "")
		next()
	}
	slos := 0
	for _, c := range w.contracts {
		slos += len(c.SLOs)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asked != slos {
		t.Errorf("five viewers at one instant: %d SLOs evaluated, want %d, each once", w.asked, slos)
	}
}

func TestStreamsEndWithTheSite(t *testing.T) {
	w := practice(t)
	s := startServer(t, w.options(), "127.0.0.1:0")
	next := follow(t, "http://"+s.addr, "")
	next()
	s.stop(t) // fails the test when a stream is still open after 10 s
	r := get(s.http.Handler, "/events")
	if r.Code != 503 {
		t.Errorf("GET /events after Run has ended = %d, want 503", r.Code)
	}
}

func TestLivePagesAreBounded(t *testing.T) {
	site := New(practice(t).options())
	for i := range maxViewers {
		if err := site.board.enter(); err != nil {
			t.Fatalf("viewer %d: %v", i, err)
		}
	}
	if got := get(site, "/events"); got.Code != 503 {
		t.Errorf("GET /events as viewer %d = %d, want 503", maxViewers+1, got.Code)
	}
	site.board.leave()
	if err := site.board.enter(); err != nil {
		t.Errorf("enter after one has left: %v", err)
	}
}
