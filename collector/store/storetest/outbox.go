package storetest

import (
	"context"
	"testing"

	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/slo"
)

var (
	october  = slo.Period{Start: 1000, End: 2000}
	november = slo.Period{Start: 2000, End: 3000}
)

func state(id string, p slo.Period, s slo.BudgetState) store.SLOState {
	return store.SLOState{Tenant: "acme", SLO: id, Period: p, State: s, Since: p.Start + 5}
}

func transition(id string, at int64) store.Transition {
	return store.Transition{Tenant: "acme", SLO: id, Period: october, At: at, From: slo.Met, To: slo.Breached, BreachedAt: at - 1, Note: "breach"}
}

func message(key string, next int64) store.Message {
	return store.Message{
		Tenant: "acme", Key: key, Kind: "breach", To: []string{"a@acme.example", "b@acme.example"}, Subject: "S", Text: "T", HTML: "<p>H</p>",
		Files: []store.File{{Name: "r.json", Type: "application/json", Data: []byte("{}")}, {Name: "r.html", Type: "text/html", Data: []byte("<p>")}}, CreatedAt: 3, NextAttempt: next,
	}
}

func testSLOStates(t *testing.T, f *fixture) {
	breached := state("erp", october, slo.Breached)
	breached.BreachedAt = 1500
	for _, s := range []store.SLOState{state("erp", october, slo.Met), breached, state("erp", november, slo.AtRisk), state("dns", store.Always, slo.NotMeasured)} {
		f.ok("PutSLOState", f.PutSLOState(f.ctx(), s, transition(s.SLO, 10), nil))
	}
	f.reopen()
	got, err := f.SLOStates(f.ctx(), 1999, 2000)
	same(t, "SLOStates(October)", got, err, []store.SLOState{state("dns", store.Always, slo.NotMeasured), breached})
	got, err = f.SLOStates(f.ctx(), 0, 5000)
	same(t, "SLOStates(all)", got, err, []store.SLOState{state("dns", store.Always, slo.NotMeasured), breached, state("erp", november, slo.AtRisk)})
}

func testTransitions(t *testing.T, f *fixture) {
	for _, at := range []int64{10, 30, 20} {
		f.ok("PutSLOState", f.PutSLOState(f.ctx(), state("erp", october, slo.Met), transition("erp", at), nil))
	}
	got, err := f.Transitions(f.ctx(), "acme", 10, 30, 10)
	same(t, "Transitions(10, 30)", got, err, []store.Transition{transition("erp", 20), transition("erp", 10)})
	got, err = f.Transitions(f.ctx(), "acme", 0, 100, 1)
	same(t, "Transitions(limit 1)", got, err, []store.Transition{transition("erp", 30)})
	got, err = f.Transitions(f.ctx(), "globex", 0, 100, 10)
	same(t, "Transitions(another tenant)", got, err, nil)
}

func testReports(t *testing.T, f *fixture) {
	_, err := f.Report(f.ctx(), "acme", "2026-10")
	missing(t, "Report before it was made", err)
	r := store.Report{Tenant: "acme", Month: "2026-10", MadeAt: 9, JSON: []byte("{}"), HTML: []byte("<p>")}
	f.ok("PutReport", f.PutReport(f.ctx(), r, []store.Message{message("report 2026-10", 0)}))
	r.MadeAt = 10
	f.ok("PutReport again", f.PutReport(f.ctx(), r, []store.Message{message("report 2026-10", 0)}))
	f.reopen()
	got, err := f.Report(f.ctx(), "acme", "2026-10")
	same(t, "Report", got, err, r)
	n, err := f.UnsentMessages(f.ctx())
	same(t, "UnsentMessages() after the same message twice", n, err, 1)
}

func (f *fixture) due(now int64, want ...string) []store.Message {
	f.Helper()
	got, err := f.DueMessages(f.ctx(), now, 10)
	f.ok("DueMessages", err)
	var keys []string
	for _, m := range got {
		keys = append(keys, m.Key)
	}
	same(f.T, "keys of DueMessages", keys, nil, want)
	return got
}

func testOutbox(t *testing.T, f *fixture) {
	f.ok("PutSLOState", f.PutSLOState(f.ctx(), state("erp", october, slo.Met), transition("erp", 1),
		[]store.Message{message("late", 50), message("first", 10), message("second", 20)}))
	due := f.due(30, "first", "second")
	want := message("first", 10)
	want.ID = due[0].ID
	same(t, "the first message due", due[0], nil, want)
	limited, err := f.DueMessages(f.ctx(), 100, 1)
	if err != nil || len(limited) != 1 {
		t.Errorf("DueMessages(limit 1) = %d messages, %v, want 1", len(limited), err)
	}

	f.ok("MessageFailed", f.MessageFailed(f.ctx(), due[0].ID, 40, "no route"))
	f.due(30, "second")
	f.ok("MessageSent", f.MessageSent(f.ctx(), due[1].ID, 31))
	missing(t, "MessageSent twice", f.MessageSent(f.ctx(), due[1].ID, 32))
	f.reopen()
	again := f.due(60, "first", "late")
	if again[0].Attempts != 1 || again[0].LastError != "no route" {
		t.Errorf("message after a failure = %+v, want 1 attempt and its error", again[0])
	}
	f.ok("MessageGivenUp", f.MessageGivenUp(f.ctx(), again[0].ID, 61, "refused"))
	f.due(100, "late")
	n, err := f.UnsentMessages(f.ctx())
	same(t, "UnsentMessages()", n, err, 1)
	lost, err := f.GivenUpMessages(f.ctx(), 10)
	want.Attempts, want.NextAttempt, want.GivenUpAt, want.LastError, want.HTML, want.Files = 2, 40, 61, "refused", "", nil
	same(t, "GivenUpMessages()", lost, err, []store.Message{want})
}

func testEndedContext(t *testing.T, f *fixture) {
	ctx, cancel := context.WithCancel(f.ctx())
	cancel()
	if err := f.PutSLOState(ctx, state("erp", october, slo.Met), transition("erp", 1), []store.Message{message("m", 0)}); err == nil {
		t.Fatal("PutSLOState with a context that has ended = nil, want an error")
	}
	states, err := f.SLOStates(f.ctx(), 0, 5000)
	same(t, "SLOStates()", states, err, nil)
	n, err := f.UnsentMessages(f.ctx())
	same(t, "UnsentMessages()", n, err, 0)
}
