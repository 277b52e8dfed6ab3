package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/internal/wire"
)

// refusal is an error that tells an agent what to make of it.
type refusal struct {
	status     int
	sentence   string
	retryAfter time.Duration // 0: as the agent sees fit
}

func (r *refusal) Error() string { return r.sentence }

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status: status, sentence: fmt.Sprintf(format, args...)}
}

// later is a refusal of what is welcome at another time.
func later(status int, after time.Duration, format string, args ...any) *refusal {
	r := refuse(status, format, args...)
	r.retryAfter = after
	return r
}

// asRefusal is how an agent is told of any error. What goes wrong on our side is told without
// its particulars: those are for the log.
func asRefusal(err error) *refusal {
	var r *refusal
	switch {
	case errors.As(err, &r):
		return r
	case errors.Is(err, journal.ErrFull):
		return later(http.StatusInsufficientStorage, 30*time.Second, "the collector's disk is full: keep the batch and send it again")
	default:
		return later(http.StatusServiceUnavailable, 5*time.Second, "the collector cannot store batches at the moment: keep the batch and send it again")
	}
}

func (r *refusal) write(w http.ResponseWriter, now time.Time) {
	if r.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(r.retryAfter.Seconds())))
	}
	writeJSON(w, r.status, wire.Problem{Error: r.sentence, CollectorTime: now.UnixMilli()})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil { // our own types: a mistake in the program
		status, data = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(data)
}
