package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// maxRolling bounds what one request may ask for.
const maxRolling = 400 * 24 * time.Hour

// serviceJSON is one service in the list.
type serviceJSON struct {
	ID              string       `json:"id"` // "client.service"
	Client          string       `json:"client"`
	Name            string       `json:"name"`
	Demo            bool         `json:"demo,omitempty"`
	State           string       `json:"state"` // up, down, unknown or maintenance
	Since           *string      `json:"since"`
	Reason          *string      `json:"reason"`
	Cause           *string      `json:"cause"`          // the check that the reason is of
	UnservedSites   []string     `json:"unserved_sites"` // no agent is registered for them
	LastObservation *string      `json:"last_observation"`
	SLOs            []ledgerJSON `json:"slos"`
}

// ledgerJSON is the result of docs/measurement.md, section 5, and what it is the result of.
type ledgerJSON struct {
	SLO        string     `json:"slo"`
	Objective  string     `json:"objective"`
	Period     string     `json:"period"`
	Window     windowJSON `json:"window"`
	State      string     `json:"state"`  // met, at_risk, breached or not_measured
	Proven     bool       `json:"proven"` // enough was measured for the result to prove anything
	BreachedAt *string    `json:"breached_at"`

	Elapsed      int64   `json:"elapsed_ms"`
	OutOfHours   int64   `json:"out_of_hours_ms"`
	Maintenance  int64   `json:"maintenance_ms"`
	Excluded     int64   `json:"excluded_ms"`
	Up           int64   `json:"up_ms"`
	Down         int64   `json:"down_ms"`
	Unknown      int64   `json:"unknown_ms"`
	Availability *string `json:"availability"`
	Best         *string `json:"availability_best"`
	Worst        *string `json:"availability_worst"`
	Coverage     *string `json:"coverage"`
	Budget       int64   `json:"budget_ms"`
	Consumed     int64   `json:"consumed_ms"`
	Remaining    int64   `json:"remaining_ms"`
	Breached     bool    `json:"breached"`

	Spans []spanJSON `json:"spans,omitempty"`
}

type windowJSON struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// spanJSON is a stretch of the period with one class and what decided it.
type spanJSON struct {
	Start  string  `json:"start"`
	End    string  `json:"end"`
	Class  string  `json:"class"`
	State  string  `json:"state"` // the service's, whatever the class
	Reason *string `json:"reason"`
	Cause  string  `json:"cause"`

	Evidence []evidenceJSON `json:"evidence"`
}

// evidenceJSON is a span of a series that decided the service's state. Where nothing was
// observed it has no times.
type evidenceJSON struct {
	Series string  `json:"series"`
	State  string  `json:"state"`
	Reason *string `json:"reason"`
	Start  *string `json:"start"`
	Last   *string `json:"last"` // observation that belongs to the span
	End    *string `json:"end"`
}

type servicesAnswer struct {
	AsOf     string        `json:"as_of"`
	Services []serviceJSON `json:"services"`
}

// listServices answers from the overview that the page shows: what it lists is at most a second old.
func (s *Site) listServices(w http.ResponseWriter, r *http.Request) error {
	shot, err := s.board.fresh(r.Context(), s.opts.Now())
	if err != nil {
		return err
	}
	answer := servicesAnswer{AsOf: instant(shot.at), Services: []serviceJSON{}}
	for _, c := range shot.facts.clients {
		for _, service := range c.services {
			answer.Services = append(answer.Services, newServiceJSON(c.Contract, service))
		}
	}
	return writeJSON(w, http.StatusOK, answer)
}

func newServiceJSON(c *contract.Contract, f serviceFacts) serviceJSON {
	service := serviceJSON{
		ID: c.Client.ID + "." + f.ID, Client: c.Client.ID, Name: f.Name, Demo: c.Demo,
		State: presentKind(f.present), Since: optionalInstant(f.present.Since),
		Reason: optionalReason(f.present.Reason), LastObservation: optionalInstant(f.present.LastObservation),
		UnservedSites: append([]string{}, f.present.Unserved...), SLOs: []ledgerJSON{},
	}
	if f.present.Cause != "" {
		service.Cause = &f.present.Cause
	}
	for _, promised := range f.slos {
		service.SLOs = append(service.SLOs, newLedgerJSON(promised.Answer))
	}
	return service
}

func newLedgerJSON(a ledger.Answer) ledgerJSON {
	l := a.Ledger
	return ledgerJSON{
		SLO: a.SLO.ID, Objective: a.Terms.Objective.String(), Period: a.Label,
		Window: windowJSON{instant(l.Period.Start), instant(l.Period.End)},
		State:  a.State.String(), Proven: isProven(a), BreachedAt: optionalInstant(a.BreachedAt),
		Elapsed: l.Elapsed, OutOfHours: l.OutOfHours, Maintenance: l.Maintenance, Excluded: l.Excluded,
		Up: l.Up, Down: l.Down, Unknown: l.Unknown,
		Availability: optionalPercent(l.Availability), Best: optionalPercent(l.Best), Worst: optionalPercent(l.Worst),
		Coverage: optionalPercent(l.Coverage),
		Budget:   l.Budget, Consumed: l.Consumed, Remaining: l.Remaining, Breached: l.Breached,
	}
}

type ledgersAnswer struct {
	Service string       `json:"service"`
	Client  string       `json:"client"`
	Demo    bool         `json:"demo,omitempty"`
	AsOf    string       `json:"as_of"`
	Ledgers []ledgerJSON `json:"ledgers"`
}

// showLedger evaluates a service's SLOs, or the one that is named, over the window asked for.
func (s *Site) showLedger(w http.ResponseWriter, r *http.Request) error {
	c, service, err := s.findService(r.PathValue("id"))
	if err != nil {
		return err
	}
	query := r.URL.Query()
	now := s.opts.Now().UnixMilli()
	answer := ledgersAnswer{
		Service: r.PathValue("id"), Client: c.Client.ID, Demo: c.Demo, AsOf: instant(now), Ledgers: []ledgerJSON{},
	}
	wanted, found := query.Get("slo"), false
	for _, promised := range c.SLOs {
		if promised.Service != service.ID || wanted != "" && wanted != promised.ID {
			continue
		}
		found = true
		one, err := s.ledgerOf(r, c, promised, query.Get("window"), now)
		if err != nil {
			return err
		}
		answer.Ledgers = append(answer.Ledgers, one)
	}
	if wanted != "" && !found {
		return refusal{http.StatusNotFound, fmt.Sprintf("service %s has no SLO %q", answer.Service, wanted)}
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (s *Site) ledgerOf(r *http.Request, c *contract.Contract, promised contract.SLO, window string, now int64) (ledgerJSON, error) {
	a, err := s.answerOf(r, c, promised, window, now)
	switch {
	case errors.Is(err, ledger.ErrUnknown):
		return ledgerJSON{}, refusal{http.StatusNotFound, fmt.Sprintf("client %s has no SLO %q any more", c.Client.ID, promised.ID)}
	case err != nil:
		return ledgerJSON{}, err
	}
	one := newLedgerJSON(a)
	if explain := r.URL.Query().Get("explain"); explain == "" || explain == "0" {
		return one, nil
	}
	spans, err := s.opts.Source.Explain(r.Context(), c.Client.ID, promised.ID, a.Ledger.Period, now)
	if err != nil {
		return ledgerJSON{}, err
	}
	for _, span := range spans {
		one.Spans = append(one.Spans, newSpanJSON(span))
	}
	return one, nil
}

func newSpanJSON(span slo.ClassSpan) spanJSON {
	one := spanJSON{
		Start: instant(span.Start), End: instant(span.End), Class: span.Class.String(), State: span.State.String(),
		Reason: optionalReason(wire.Reason(span.Reason)), Cause: span.Cause, Evidence: []evidenceJSON{},
	}
	for _, e := range span.Evidence {
		one.Evidence = append(one.Evidence, evidenceJSON{
			Series: e.Series, State: e.Span.State.String(), Reason: optionalReason(wire.Reason(e.Span.Reason)),
			Start: optionalInstant(e.Span.Start), Last: optionalInstant(e.Span.Last), End: optionalInstant(e.Span.End),
		})
	}
	return one
}

func (s *Site) answerOf(r *http.Request, c *contract.Contract, promised contract.SLO, window string, now int64) (ledger.Answer, error) {
	if window == "" {
		return s.opts.Source.Answer(r.Context(), c.Client.ID, promised.ID, now, now)
	}
	period, label, err := parseWindow(window, cmp.Or(promised.Window.Zone, zoneOf(c)), now)
	if err != nil {
		return ledger.Answer{}, err
	}
	return s.opts.Source.AnswerPeriod(r.Context(), c.Client.ID, promised.ID, period, label, now)
}

// parseWindow reads a window as the API takes it: a calendar period in a zone, or a length up to now.
func parseWindow(text string, zone *time.Location, now int64) (slo.Period, string, error) {
	if length, ok := strings.CutPrefix(text, "rolling:"); ok {
		long, err := slo.ParseDuration(length)
		if err != nil || long <= 0 || long > maxRolling {
			return slo.Period{}, "", badWindow(text)
		}
		window := slo.Window{Kind: slo.Rolling, Length: long}
		if window.Validate() != nil {
			return slo.Period{}, "", badWindow(text)
		}
		return window.At(now), "rolling " + length, nil
	}
	for _, kind := range []slo.WindowKind{slo.Month, slo.Quarter, slo.Year, slo.Week} {
		if period, err := slo.ParsePeriod(kind, text, zone); err == nil {
			return period, text, nil
		}
	}
	return slo.Period{}, "", badWindow(text)
}

func badWindow(text string) error {
	return refusal{http.StatusBadRequest, fmt.Sprintf(
		"window %q: want a month (2026-10), a quarter (2026-Q4), a year (2026), an ISO week (2026-W11) or a length up to now (rolling:24h, rolling:28d, at most 400d)", text)}
}

// findService finds "client.service" among the contracts in force.
func (s *Site) findService(id string) (*contract.Contract, contract.Service, error) {
	client, name, _ := strings.Cut(id, ".")
	for _, c := range s.opts.Source.Contracts() {
		for _, service := range c.Services {
			if c.Client.ID == client && service.ID == name {
				return c, service, nil
			}
		}
	}
	return nil, contract.Service{}, refusal{http.StatusNotFound,
		fmt.Sprintf("no service %q: ids are client.service, and GET /api/v1/services lists them", id)}
}

func optionalInstant(ms int64) *string {
	if ms == 0 {
		return nil
	}
	text := instant(ms)
	return &text
}

func optionalPercent(f slo.Fraction) *string {
	text, measured := f.Percent()
	if !measured {
		return nil
	}
	return &text
}

func optionalReason(r wire.Reason) *string {
	if r == 0 || r == wire.OK {
		return nil
	}
	text := r.String()
	return &text
}
