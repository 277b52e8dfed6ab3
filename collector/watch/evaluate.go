package watch

import (
	"context"
	"fmt"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/slo"
)

// The notes of transitions that are more than a change of state.
const (
	noteBreach    = "breach"
	noteMoved     = "correction: breach moved"
	noteWithdrawn = "correction: breach withdrawn"
	noteRecovered = "recovered"
)

// finding is what one evaluation saw, and what there was before.
type finding struct {
	contract *contract.Contract
	slo      contract.SLO
	period   slo.Period // of the state; store.Always when rolling
	before   store.SLOState
	known    bool // before was recorded
	answer   ledger.Answer
	now      time.Time
}

func (f finding) rolling() bool { return f.slo.Window.Kind == slo.Rolling }

// correction is a breach seen moved or withdrawn, and since when it has been seen just so.
type correction struct {
	state      slo.BudgetState
	breachedAt int64
	since      time.Time
}

func (w *Watch) evaluate(ctx context.Context, c *contract.Contract, s contract.SLO, p slo.Period, now time.Time) error {
	at := now.UnixMilli()
	if s.Window.Kind != slo.Rolling {
		at = min(at, p.End-1)
	}
	answer, err := w.source.Answer(ctx, c.Client.ID, s.ID, at, now.UnixMilli())
	if err != nil {
		return err
	}
	k := key{c.Client.ID, s.ID, p}
	before, known := w.states[k]
	f := finding{c, s, p, before, known, answer, now}
	note, changed := f.change()
	if !changed {
		delete(w.corrections, k)
		return nil
	}
	if isCorrection(note) && !w.settled(k, f) {
		return nil
	}
	if err := w.record(ctx, k, f, note); err != nil {
		return fmt.Errorf("record %s: %w", answer.State, err)
	}
	return nil
}

// change says what became of the state, and whether anything did.
func (f finding) change() (note string, changed bool) {
	was, is := f.before.State, f.answer.State
	switch {
	case !f.known && is == slo.NotMeasured:
		return "", false
	case is == slo.Breached && was != slo.Breached:
		return noteBreach, true
	case is == slo.Breached && !f.rolling() && f.before.BreachedAt != f.answer.BreachedAt:
		return noteMoved, true
	case was == slo.Breached && is != slo.Breached && f.rolling():
		return noteRecovered, true
	case was == slo.Breached && is != slo.Breached:
		return noteWithdrawn, true
	}
	return "", !f.known || was != is
}

func isCorrection(note string) bool { return note == noteMoved || note == noteWithdrawn }

// settled reports whether a correction has been seen as it is now for long enough.
func (w *Watch) settled(k key, f finding) bool {
	seen, ok := w.corrections[k]
	if !ok || seen.state != f.answer.State || seen.breachedAt != f.answer.BreachedAt {
		seen = correction{f.answer.State, f.answer.BreachedAt, f.now}
		w.corrections[k] = seen
	}
	return f.now.Sub(seen.since) >= w.settle
}

// record keeps the change and what is told of it in one transaction, then logs it.
func (w *Watch) record(ctx context.Context, k key, f finding, note string) error {
	messages, err := w.messages(ctx, f, note)
	if err != nil {
		return err
	}
	state := store.SLOState{
		Tenant: k.client, SLO: k.slo, Period: k.period,
		State: f.answer.State, Since: f.now.UnixMilli(), BreachedAt: f.answer.BreachedAt,
	}
	if note == noteMoved {
		state.Since = f.before.Since
	}
	period := k.period
	if f.rolling() {
		period = f.answer.Ledger.Period
	}
	transition := store.Transition{
		Tenant: k.client, SLO: k.slo, Period: period, At: f.now.UnixMilli(),
		From: f.before.State, To: f.answer.State, BreachedAt: f.answer.BreachedAt, Note: note,
	}
	if err := w.store.PutSLOState(ctx, state, transition, messages); err != nil {
		return err
	}
	w.states[k] = state
	delete(w.corrections, k)
	w.transitions.Inc()
	w.log.Info("slo state changed", "client", k.client, "slo", k.slo, "period", f.answer.Label,
		"from", transition.From.String(), "to", transition.To.String(), "note", note, "mails", len(messages))
	return nil
}

// messages are what is told of a change: a breach and its corrections, to those contacts who
// asked for breaches, each by a mail of their own.
func (w *Watch) messages(ctx context.Context, f finding, note string) ([]store.Message, error) {
	if !f.told(note) {
		return nil, nil
	}
	to := recipients(f.contract)
	if len(to) == 0 {
		return nil, nil
	}
	var outages []ledger.Outage
	if f.answer.State == slo.Breached {
		spans, err := w.source.Explain(ctx, f.contract.Client.ID, f.slo.ID, f.answer.Ledger.Period, f.now.UnixMilli())
		if err != nil {
			return nil, fmt.Errorf("explain: %w", err)
		}
		outages = ledger.Outages(spans)
	}
	return f.compose(note, outages, to)
}

// told reports whether a change leaves the house. Made-up data never does. An old breach that
// was only now found does not; a correction follows its breach.
func (f finding) told(note string) bool {
	if f.contract.Demo {
		return false
	}
	late := f.period.End + LateBreach.Milliseconds()
	switch note {
	case noteBreach:
		return f.now.UnixMilli() <= late
	case noteMoved, noteWithdrawn:
		return f.before.Since <= late
	}
	return false
}

func recipients(c *contract.Contract) []contract.Contact {
	var to []contract.Contact
	for _, contact := range c.Contacts {
		for _, kind := range contact.Gets {
			if kind == "breach" {
				to = append(to, contact)
				break
			}
		}
	}
	return to
}
