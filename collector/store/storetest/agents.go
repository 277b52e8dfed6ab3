package storetest

import (
	"testing"

	"github.com/nines-monitor/nines/collector/store"
)

func agent(tenant, id string) store.Agent {
	return store.Agent{Tenant: tenant, Site: "hq", ID: id, KeyID: "key of " + tenant + "/" + id, PublicKey: []byte{1, 2, 3}, RegisteredAt: 5, Version: "1"}
}

func testAgents(t *testing.T, f *fixture) {
	a, b, c := agent("acme", "hq-2"), agent("acme", "hq-1"), agent("globex", "hq-1")
	for _, x := range []store.Agent{c, a, b} {
		f.ok("PutAgent", f.PutAgent(f.ctx(), x))
	}
	got, err := f.Agents(f.ctx())
	same(t, "Agents()", got, err, []store.Agent{b, a, c})

	a.Site, a.KeyID, a.PublicKey = "branch", "a new key", []byte{9}
	f.ok("PutAgent again", f.PutAgent(f.ctx(), a))
	f.ok("TouchAgents", f.TouchAgents(f.ctx(), []store.Agent{{KeyID: "a new key", LastContact: 70, Version: "2"}, {KeyID: "nobody's", LastContact: 80}}))
	f.ok("TouchAgents out of order", f.TouchAgents(f.ctx(), []store.Agent{{KeyID: "a new key", LastContact: 60, Version: "2"}}))
	f.ok("FlagAgent", f.FlagAgent(f.ctx(), "acme", "hq-2", "forked"))
	a.LastContact, a.Version, a.Fault = 70, "2", "forked"
	f.reopen()
	got, err = f.Agents(f.ctx())
	same(t, "Agents() after changes", got, err, []store.Agent{b, a, c})
	missing(t, "FlagAgent(nobody)", f.FlagAgent(f.ctx(), "acme", "nobody", "x"))
}

func testKeyTwice(t *testing.T, f *fixture) {
	a, b := agent("acme", "hq-1"), agent("globex", "hq-1")
	f.ok("PutAgent", f.PutAgent(f.ctx(), a))
	b.KeyID = a.KeyID
	if err := f.PutAgent(f.ctx(), b); err == nil {
		t.Error("PutAgent with another agent's key = nil, want an error")
	}
	got, err := f.Agents(f.ctx())
	same(t, "Agents()", got, err, []store.Agent{a})
}

func testQuarantine(t *testing.T, f *fixture) {
	q := store.Quarantined{Tenant: "acme", Agent: "hq-1", Epoch: 1<<63 + 1, Seq: 4, Check: "erp", Count: 3, Reason: "no such check", At: 100}
	later := q
	later.Seq, later.At = 5, 200
	f.ok("PutQuarantine", f.PutQuarantine(f.ctx(), []store.Quarantined{q, later}))
	repeat := q
	repeat.At, repeat.Count = 300, 9
	f.ok("PutQuarantine again", f.PutQuarantine(f.ctx(), []store.Quarantined{repeat}))
	f.reopen()
	got, err := f.Quarantine(f.ctx(), "acme", 10)
	same(t, "Quarantine(10)", got, err, []store.Quarantined{later, q})
	got, err = f.Quarantine(f.ctx(), "acme", 1)
	same(t, "Quarantine(1)", got, err, []store.Quarantined{later})
}

func testRevisions(t *testing.T, f *fixture) {
	put := func(tenant, text string, at int64, want store.Revision) {
		t.Helper()
		got, err := f.AddRevision(f.ctx(), store.Revision{Tenant: tenant, AcceptedAt: at, File: "a.toml", Text: []byte(text)})
		same(t, "AddRevision("+tenant+", "+text+")", got, err, want)
	}
	one := store.Revision{Tenant: "acme", Number: 1, AcceptedAt: 10, File: "a.toml", Text: []byte("one")}
	two := store.Revision{Tenant: "acme", Number: 2, AcceptedAt: 30, File: "a.toml", Text: []byte("two")}
	three := store.Revision{Tenant: "acme", Number: 3, AcceptedAt: 40, File: "a.toml", Text: []byte("one")}
	other := store.Revision{Tenant: "globex", Number: 1, AcceptedAt: 50, File: "a.toml", Text: []byte("one")}
	put("acme", "one", 10, one)
	put("acme", "one", 20, one)
	put("acme", "two", 30, two)
	f.reopen()
	put("acme", "one", 40, three)
	put("globex", "one", 50, other)
	got, err := f.LatestRevisions(f.ctx())
	same(t, "LatestRevisions()", got, err, []store.Revision{three, other})
}
