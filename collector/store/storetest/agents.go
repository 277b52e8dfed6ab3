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
		f.ok("PutAgent", f.PutAgent(f.ctx(), x, 5))
	}
	got, err := f.Agents(f.ctx())
	same(t, "Agents()", got, err, []store.Agent{b, a, c})

	a.Site, a.KeyID, a.PublicKey = "branch", "a new key", []byte{9}
	f.ok("PutAgent again", f.PutAgent(f.ctx(), a, 50))
	f.ok("TouchAgents", f.TouchAgents(f.ctx(), []store.Agent{{KeyID: "a new key", LastContact: 70, Version: "2"}, {KeyID: "nobody's", LastContact: 80}}))
	f.ok("TouchAgents out of order", f.TouchAgents(f.ctx(), []store.Agent{{KeyID: "a new key", LastContact: 60, Version: "2"}}))
	f.ok("FlagAgent", f.FlagAgent(f.ctx(), "acme", "hq-2", "forked"))
	a.LastContact, a.Version, a.Fault = 70, "2", "forked"
	f.reopen()
	got, err = f.Agents(f.ctx())
	same(t, "Agents() after changes", got, err, []store.Agent{b, a, c})
	missing(t, "FlagAgent(nobody)", f.FlagAgent(f.ctx(), "acme", "nobody", "x"))
}

// testAssignments: what an agent was assigned to stays when it is moved or revoked.
func testAssignments(t *testing.T, f *fixture) {
	a, b := agent("acme", "hq-1"), agent("globex", "hq-1")
	f.ok("PutAgent", f.PutAgent(f.ctx(), a, 10))
	f.ok("PutAgent of another tenant", f.PutAgent(f.ctx(), b, 15))
	a.KeyID = "a new key"
	f.ok("PutAgent with another key", f.PutAgent(f.ctx(), a, 20)) // the same assignment goes on
	a.Site = "branch"
	f.ok("PutAgent at another site", f.PutAgent(f.ctx(), a, 30))
	f.ok("RevokeAgent", f.RevokeAgent(f.ctx(), "acme", "hq-1", 40))
	missing(t, "RevokeAgent again", f.RevokeAgent(f.ctx(), "acme", "hq-1", 45))
	missing(t, "RevokeAgent(nobody)", f.RevokeAgent(f.ctx(), "acme", "nobody", 45))
	a.RevokedAt = 40
	f.reopen()
	agents, err := f.Agents(f.ctx())
	same(t, "Agents()", agents, err, []store.Agent{a, b})

	a.RevokedAt = 0
	f.ok("PutAgent after it was revoked", f.PutAgent(f.ctx(), a, 50))
	got, err := f.Assignments(f.ctx())
	same(t, "Assignments()", got, err, []store.Assignment{
		{Tenant: "acme", Agent: "hq-1", Site: "hq", Since: 10, Until: 30},
		{Tenant: "acme", Agent: "hq-1", Site: "branch", Since: 30, Until: 40},
		{Tenant: "acme", Agent: "hq-1", Site: "branch", Since: 50},
		{Tenant: "globex", Agent: "hq-1", Site: "hq", Since: 15},
	})
}

func testKeyTwice(t *testing.T, f *fixture) {
	a, b := agent("acme", "hq-1"), agent("globex", "hq-1")
	f.ok("PutAgent", f.PutAgent(f.ctx(), a, 5))
	b.KeyID = a.KeyID
	if err := f.PutAgent(f.ctx(), b, 6); err == nil {
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
