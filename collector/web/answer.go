package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// handler answers a request, or says why it does not.
type handler func(w http.ResponseWriter, r *http.Request) error

// refusal is an answer that is not what was asked for: a status and a sentence for whoever asked.
type refusal struct {
	status int
	say    string
}

func (e refusal) Error() string { return e.say }

// answer runs h and turns its error into a status and a sentence, once for all routes.
// What a reader cannot mend is logged, and its cause is not told.
func (s *Site) answer(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		var no refusal
		switch {
		case err == nil || r.Context().Err() != nil:
			return
		case errors.As(err, &no):
		default:
			s.opts.Log.Error("request not answered", "method", r.Method, "path", r.URL.Path, "error", err)
			no = refusal{http.StatusInternalServerError, "the collector could not answer this; its log says why"}
		}
		writeRefusal(w, r, no)
	})
}

// sentences gives the API's unknown paths and methods the form of its other errors.
func (s *Site) sentences(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		unrouted, pattern := mux.Handler(r)
		if pattern != "" || !isAPI(r) {
			mux.ServeHTTP(w, r)
			return
		}
		head := statusOnly{header: w.Header()}
		unrouted.ServeHTTP(&head, r)
		switch head.status {
		case http.StatusMethodNotAllowed:
			writeRefusal(w, r, refusal{head.status, "this path takes " + w.Header().Get("Allow")})
		default:
			writeRefusal(w, r, refusal{http.StatusNotFound, "the API has no such path; docs/api.md lists them"})
		}
	})
}

// statusOnly keeps a response's status and headers, and drops its body.
type statusOnly struct {
	header http.Header
	status int
}

func (w *statusOnly) Header() http.Header         { return w.header }
func (w *statusOnly) Write(b []byte) (int, error) { return len(b), nil }
func (w *statusOnly) WriteHeader(status int)      { w.status = status }

func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

func writeRefusal(w http.ResponseWriter, r *http.Request, no refusal) {
	if isAPI(r) {
		_ = writeJSON(w, no.status, struct {
			Error string `json:"error"`
		}{no.say})
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(no.status)
	w.Write([]byte(no.say + "\n"))
}

// writeJSON renders v into a buffer, then writes it.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body.Bytes())
	return nil
}

// secured sets the headers that every answer carries: nothing from elsewhere is loaded, nobody
// frames the page, and nothing of a client's data is kept by a cache.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
