package ingest

import (
	"crypto/ed25519"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
)

func TestOnlyAgentsAreHeard(t *testing.T) {
	w := newWorld(t)
	body := w.encode(1, run("erp", 0, 1, wire.OK))
	_, stranger, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		change func(*http.Request)
		says   string
	}{
		"no signature":       {func(r *http.Request) { r.Header.Del(wire.HeaderSignature) }, "does not hold"},
		"no claim":           {func(r *http.Request) { r.Header.Del(wire.HeaderKey) }, "not signed"},
		"a key nobody knows": {func(r *http.Request) { wire.Sign(r, body, stranger, epoch) }, "is registered here"},
		"another's key named": {func(r *http.Request) {
			wire.Sign(r, body, stranger, epoch)
			r.Header.Set(wire.HeaderKey, wire.KeyID(w.key.Public().(ed25519.PublicKey)))
		}, "does not hold"},
		"another body signed":    {func(r *http.Request) { wire.Sign(r, []byte("x"), w.key, epoch) }, "does not hold"},
		"a clock 6 minutes slow": {func(r *http.Request) { wire.Sign(r, body, w.key, epoch.Add(-6*time.Minute)) }, "6m0s"},
		"a clock 6 minutes fast": {func(r *http.Request) { wire.Sign(r, body, w.key, epoch.Add(6*time.Minute)) }, "6m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			r := w.signed("POST", wire.PathBatches, body)
			tc.change(r)
			if p, _ := w.refused(r, http.StatusUnauthorized); !strings.Contains(p.Error, tc.says) {
				t.Errorf("problem = %q, want it to say %q", p.Error, tc.says)
			}
		})
	}
	if n := journaled(t, w); n != 0 {
		t.Errorf("the journal has %d batches, want none", n)
	}
	if a := w.registry.Agents()[0]; a.LastContact != 0 {
		t.Errorf("last contact = %d, want none: nothing was proven", a.LastContact)
	}
}

func TestAReplayedRequestIsRefused(t *testing.T) {
	w := newWorld(t)
	r := w.signed("GET", wire.PathConfig, nil)
	for i, want := range []int{http.StatusOK, http.StatusUnauthorized} {
		if res := w.do(r); res.status != want {
			t.Errorf("request #%d = %d %s, want %d", i+1, res.status, res.body, want)
		}
	}
}

func TestNonces(t *testing.T) {
	n := newNonces()
	n.most = 3
	now := time.Unix(1_000_000, 0)
	for i, step := range []struct {
		after time.Duration
		nonce string
		want  freshness
	}{
		{0, "a", fresh}, {0, "a", replayed}, {nonceLife - 1, "a", replayed}, {0, "b", fresh},
		{2, "a", replayed}, // an older generation now
		{0, "b", replayed}, {0, "c", fresh}, {0, "d", fresh}, {0, "e", fresh}, {0, "f", noRoom}, {0, "e", replayed},
		{nonceLife, "f", fresh}, // room again
		{0, "c", replayed},
		{0, "a", fresh}, // forgotten: its time is no longer accepted
	} {
		now = now.Add(step.after)
		if got := n.note(wire.Claim{KeyID: "k", Nonce: step.nonce}, now); got != step.want {
			t.Errorf("step %d: note(%q) = %d, want %d", i, step.nonce, got, step.want)
		}
	}
}

func TestConfig(t *testing.T) {
	w := newWorld(t)
	res := w.do(w.signed("GET", wire.PathConfig, nil))
	got, err := wire.DecodeConfig(res.body)
	if err != nil || len(got.Checks) != 2 || got.Revision != "r1" {
		t.Fatalf("GET config = %d %s (%v), want the site's two checks", res.status, res.body, err)
	}
	again := w.signed("GET", wire.PathConfig, nil)
	again.Header.Set("If-None-Match", res.header.Get("ETag"))
	if res := w.do(again); res.status != http.StatusNotModified || len(res.body) != 0 {
		t.Errorf("GET config that the agent has = %d %q, want 304 and nothing", res.status, res.body)
	}
	w.set(func() { w.config.Revision = "r2" })
	changed := w.signed("GET", wire.PathConfig, nil)
	changed.Header.Set("If-None-Match", res.header.Get("ETag"))
	if res := w.do(changed); res.status != http.StatusOK {
		t.Errorf("GET config that has changed = %d, want 200", res.status)
	}
	w.set(func() { w.closed = true })
	w.refused(w.signed("GET", wire.PathConfig, nil), http.StatusServiceUnavailable)
}

func TestTheRegistryOutlivesItself(t *testing.T) {
	w := newWorld(t)
	w.do(w.signed("GET", wire.PathConfig, nil))
	w.registry.Tick(t.Context())
	pub := w.key.Public().(ed25519.PublicKey)
	again, err := OpenRegistry(t.Context(), w.db, w.registry.log)
	if err != nil {
		t.Fatal(err)
	}
	a, ok := again.Lookup(wire.KeyID(pub))
	if !ok || a.LastContact != epoch.UnixMilli() || a.Version != "1.2.3" || a.ID != "hq-1" {
		t.Errorf("Lookup after reopening = %+v, %v, want hq-1 with its last contact", a, ok)
	}
	if err := again.Register(t.Context(), store.Agent{Tenant: "acme", Site: "branch", ID: "hq-1", PublicKey: pub}); err != nil {
		t.Fatalf("Register again = %v, want nil", err)
	}
	if b, _ := again.Lookup(a.KeyID); b.Site != "branch" || b.LastContact != a.LastContact || b.RegisteredAt != a.RegisteredAt {
		t.Errorf("Lookup after registering again = %+v, want only the site changed from %+v", b, a)
	}
	w.registry.Tick(t.Context())
	if b, _ := w.registry.Lookup(a.KeyID); b.Site != "branch" {
		t.Errorf("Lookup after a tick = %+v, want what the store has", b)
	}
}

func TestRegisterRefuses(t *testing.T) {
	w := newWorld(t)
	pub := w.key.Public().(ed25519.PublicKey)
	for name, tc := range map[string]struct {
		agent store.Agent
		says  string
	}{
		"an id that is none":    {store.Agent{Tenant: "acme", Site: "hq", ID: "HQ 1", PublicKey: pub}, `agent id "HQ 1"`},
		"a site that is none":   {store.Agent{Tenant: "acme", ID: "x", PublicKey: pub}, `site id ""`},
		"a key that is none":    {store.Agent{Tenant: "acme", Site: "hq", ID: "x", PublicKey: pub[:31]}, "31 bytes"},
		"the key of someone":    {store.Agent{Tenant: "acme", Site: "hq", ID: "hq-2", PublicKey: pub}, "is agent hq-1 of acme already"},
		"the key of elsewhere":  {store.Agent{Tenant: "globex", Site: "hq", ID: "hq-1", PublicKey: pub}, "is agent hq-1 of acme already"},
		"a client that is none": {store.Agent{Tenant: "-", Site: "hq", ID: "x", PublicKey: pub}, `client id "-"`},
	} {
		t.Run(name, func(t *testing.T) {
			if err := w.registry.Register(t.Context(), tc.agent); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("Register(%+v) = %v, want an error that says %q", tc.agent, err, tc.says)
			}
		})
	}
}
