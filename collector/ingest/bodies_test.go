package ingest

import (
	"crypto/ed25519"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

// TestSlowBodiesHoldNobodyUp opens more connections than there are places, each of which names a
// known key and never sends its body.
func TestSlowBodiesHoldNobodyUp(t *testing.T) {
	w := newWorld(t)
	stalled := wire.KeyID(w.register("hq-2").Public().(ed25519.PublicKey))
	n := shareOfParty.requests + 8
	for i := range n {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", w.server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\n%s: %s\r\n%s: %d\r\n%s: %032d\r\n%s: AAAA\r\nContent-Length: 1000\r\n\r\n", wire.PathBatches,
			wire.HeaderKey, stalled, wire.HeaderTime, epoch.UnixMilli(), wire.HeaderNonce, i, wire.HeaderSignature)
	}
	held := func() int {
		w.handler.bodies.mu.Lock()
		defer w.handler.bodies.mu.Unlock()
		return w.handler.bodies.all.requests
	}
	for deadline := time.Now().Add(10 * time.Second); held() < shareOfParty.requests; {
		if time.Now().After(deadline) {
			t.Fatalf("%d bodies are being read after 10 s, want %d", held(), shareOfParty.requests)
		}
		<-time.After(time.Millisecond)
	}
	w.send(w.encode(1, run("erp", -30, 1, wire.OK)))
	if n := held(); n > shareOfParty.requests+1 {
		t.Errorf("%d bodies are in memory, want at most %d of the one who sends none", n, shareOfParty.requests)
	}
	if n := len(w.handler.requests); n != 0 {
		t.Errorf("%d places are taken, want none: nothing is proven", n)
	}
}

func TestBodies(t *testing.T) {
	const mib = wire.MaxBatchBytes
	one, other, elsewhere := party{"192.0.2.1", "a"}, party{"192.0.2.1", "b"}, party{"192.0.2.2", "a"}
	var b bodies
	for i := range 8 {
		if !b.take(one, mib) {
			t.Fatalf("take #%d = false, want room for 8 MiB", i+1)
		}
	}
	if b.take(one, 1) {
		t.Error("take of the 9th MiB = true, want false")
	}
	if !b.take(other, mib) || !b.take(elsewhere, mib) {
		t.Error("take for another key, and for the key elsewhere = false, want true")
	}
	for i := range 23 {
		if !b.take(party{one.address, fmt.Sprint(i)}, mib) {
			t.Fatalf("take for key #%d of an address = false, want room for 32 MiB", i)
		}
	}
	if b.take(party{one.address, "last"}, 1) {
		t.Error("take of the 33rd MiB of one address = true, want false")
	}
	for range 8 {
		b.give(one, mib)
	}
	if !b.take(one, mib) {
		t.Error("take after all was given back = false, want true")
	}
	if n := len(b.parties); n != 28 { // keys at their addresses, and two addresses
		t.Errorf("%d parties are remembered, want the 28 with something in memory", n)
	}
}

func TestPartyOf(t *testing.T) {
	for name, tc := range map[string]struct{ remote, want string }{
		"IPv4":                    {"192.0.2.1:1234", "192.0.2.1"},
		"IPv4 in IPv6":            {"[::ffff:192.0.2.1]:1234", "192.0.2.1"},
		"IPv6, the host cut":      {"[2001:db8:1:2:3:4:5:6]:1234", "2001:db8:1:2::"},
		"link-local, with a zone": {"[fe80::1%eth0]:1234", "fe80::"},
		"no address":              {"@", "@"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := partyOf(&http.Request{RemoteAddr: tc.remote}, wire.Claim{KeyID: strings.Repeat("a", 32)}); got.address != tc.want {
				t.Errorf("partyOf(%q) = %+v, want %q", tc.remote, got, tc.want)
			}
		})
	}
}
