package ship

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/nines-monitor/nines/internal/wire"
)

func TestARefusalIsToldWithWhoSaysItAndWhatToDo(t *testing.T) {
	genuine := func(status int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { problem(w, status, "the reason") }
	}
	for name, tc := range map[string]struct {
		answer func(http.ResponseWriter)
		want   []string
	}{
		"401 of the collector": {genuine(401), []string{`cause="the collector refuses"`, "status 401: the reason", "remedy=", "clock"}},
		"409 of the collector": {genuine(409), []string{`cause="the collector refuses"`, "status 409: the reason", "another agent uses the same key", "remove agent.key and spool/batches-*.log"}},
		"429 of the collector": {genuine(429), []string{`cause="the collector refuses"`, "status 429", "none is needed"}},
		"500 of the collector": {genuine(500), []string{`cause="the collector refuses"`, "status 500", "collector's log"}},
		"507 of the collector": {genuine(507), []string{`cause="the collector refuses"`, "status 507", "make room on the collector's disk"}},
		"409 of a proxy":       {func(w http.ResponseWriter) { http.Error(w, "no", http.StatusConflict) }, []string{`cause="something else than the collector answers"`, "status 409"}},
		"a login page":         {func(w http.ResponseWriter) { fmt.Fprint(w, "<html>") }, []string{`cause="something else than the collector answers"`}},
		"a broken connection":  {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, []string{`cause="the collector cannot be reached"`}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCollector(t)
			c.answer = func(w http.ResponseWriter, _ int, _ wire.Batch) { tc.answer(w) }
			r := newRig(t, c.client(t, c.URL))
			r.add(t, 0, 1, false)
			r.Last(t.Context())
			got := r.log.String()
			for _, want := range tc.want {
				if !strings.Contains(got, want) {
					t.Errorf("log %q, want %q in it", got, want)
				}
			}
			if strings.Count(got, "results are kept here") != 1 || strings.Contains(got, "reached") != strings.Contains(tc.want[0], "reached") {
				t.Errorf("log %q, want one line, and no unreachable collector where one answered", got)
			}
		})
	}
}

// A resolver that does not answer is asked from another port each time, in turn with others.
func lookup(port int, server string) error {
	return &net.DNSError{Name: "nines.example.net", Server: server, IsTimeout: true,
		Err: fmt.Sprintf("read udp 10.0.0.2:%d->%s: i/o timeout", port, server)}
}

func TestATroubleIsNewsOnceUntilItIsOver(t *testing.T) {
	var seen Troubles
	other := errors.New("connection refused")
	for i, step := range []struct {
		err  error
		want bool
	}{
		{lookup(47060, "10.0.0.1:53"), true},
		{lookup(51234, "10.0.0.1:53"), false},
		{lookup(51235, "10.0.0.3:53"), false},
		{other, true},
		{lookup(40000, "10.0.0.1:53"), false},
		{other, false},
		{&RefusalError{Status: 502}, true},
		{&RefusalError{Status: 404}, true},
		{&RefusalError{Status: 502}, false},
	} {
		if got := seen.News(step.err); got != step.want {
			t.Errorf("step %d: News(%v) = %v, want %v", i, step.err, got, step.want)
		}
	}
	seen.Over()
	if !seen.News(other) {
		t.Errorf("News(%v) after Over = false, want true", other)
	}
	for i := range 2 * maxTroubles {
		seen.News(errors.New(strings.Repeat("x", i)))
	}
	if len(seen.told) > maxTroubles {
		t.Errorf("%d troubles remembered, want at most %d", len(seen.told), maxTroubles)
	}
}
