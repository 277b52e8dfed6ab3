package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	transitionsUsual = 100
	transitionsMost  = 1000
)

// transitionJSON is one change of an SLO's budget state.
type transitionJSON struct {
	SLO        string     `json:"slo"`
	Window     windowJSON `json:"window"`
	At         string     `json:"at"` // when it was noticed
	From       string     `json:"from"`
	To         string     `json:"to"`
	BreachedAt *string    `json:"breached_at"` // the moment in the data
	Note       string     `json:"note"`
}

type transitionsAnswer struct {
	Client      string           `json:"client"`
	Demo        bool             `json:"demo,omitempty"`
	Transitions []transitionJSON `json:"transitions"`
}

// listTransitions gives a client's transitions noticed in [from, to), newest first.
func (s *Site) listTransitions(w http.ResponseWriter, r *http.Request) error {
	c, err := s.findClient(r.PathValue("id"))
	if err != nil {
		return err
	}
	from, err := queryInstant(r, "from", time.UnixMilli(0))
	if err != nil {
		return err
	}
	to, err := queryInstant(r, "to", s.opts.Now().Add(time.Millisecond))
	if err != nil {
		return err
	}
	limit, err := queryLimit(r)
	if err != nil {
		return err
	}
	transitions, err := s.opts.Transitions(r.Context(), c.Client.ID, from, to, limit)
	if err != nil {
		return fmt.Errorf("transitions of %s: %w", c.Client.ID, err)
	}
	answer := transitionsAnswer{Client: c.Client.ID, Demo: c.Demo, Transitions: []transitionJSON{}}
	for _, t := range transitions {
		answer.Transitions = append(answer.Transitions, transitionJSON{
			SLO: t.SLO, Window: windowJSON{instant(t.Period.Start), instant(t.Period.End)}, At: instant(t.At),
			From: t.From.String(), To: t.To.String(), BreachedAt: optionalInstant(t.BreachedAt), Note: t.Note,
		})
	}
	return writeJSON(w, http.StatusOK, answer)
}

func queryInstant(r *http.Request, name string, absent time.Time) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return absent.UnixMilli(), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return 0, refusal{http.StatusBadRequest, fmt.Sprintf("%s %q: want an instant such as 2026-10-04T02:00:00Z", name, text)}
	}
	return t.UnixMilli(), nil
}

func queryLimit(r *http.Request) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return transitionsUsual, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > transitionsMost {
		return 0, refusal{http.StatusBadRequest, fmt.Sprintf("limit %q: want 1 to %d", text, transitionsMost)}
	}
	return limit, nil
}
