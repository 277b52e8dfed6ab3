package web

import (
	"bytes"
	"net/http"
	"strings"
)

// showHealth says that the process answers, to anybody.
func (s *Site) showHealth(w http.ResponseWriter, _ *http.Request) error {
	return writeText(w, http.StatusOK, "ok\n")
}

// showReadiness says whether the collector does its work, to anybody; what it waits for, to
// readers whom the guard admits.
func (s *Site) showReadiness(w http.ResponseWriter, r *http.Request) error {
	var waiting []string
	if s.opts.NotReady != nil {
		waiting = s.opts.NotReady(r.Context())
	}
	switch {
	case len(waiting) == 0:
		return writeText(w, http.StatusOK, "ready\n")
	case s.guard.admit(r) != nil:
		return writeText(w, http.StatusServiceUnavailable, "not ready\n")
	}
	return writeText(w, http.StatusServiceUnavailable, "not ready: "+strings.Join(waiting, "; ")+"\n")
}

func (s *Site) showMetrics(w http.ResponseWriter, _ *http.Request) error {
	var body bytes.Buffer
	if s.opts.Metrics != nil {
		s.opts.Metrics(&body)
	} else {
		s.meters.set.WritePrometheus(&body)
	}
	return writeText(w, http.StatusOK, body.String())
}

func writeText(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(text))
	return nil
}
