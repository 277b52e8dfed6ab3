package ingest

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

func TestABatchIsDurableAndFolded(t *testing.T) {
	w := newWorld(t)
	ack := w.send(w.encode(1, run("erp", -90, 3, wire.OK), run("dns", -60, 2, wire.Timeout)))
	want := wire.Ack{Result: wire.Accepted, Epoch: 1 << 63, Seq: 1, Watermark: 1, CollectorTime: epoch.UnixMilli(), ConfigRevision: "r1"}
	if !reflect.DeepEqual(ack, want) {
		t.Errorf("acknowledgement\n got %+v\nwant %+v", ack, want)
	}
	if s := w.spans("erp"); len(s) != 1 || s[0].State != slo.Up || s[0].Start != epoch.UnixMilli()-90_000 {
		t.Errorf("spans of erp = %v, want up since 90 s before", s)
	}
	if s := w.spans("dns"); len(s) != 1 || s[0].State != slo.Down || wire.Reason(s[0].Reason) != wire.Timeout {
		t.Errorf("spans of dns = %v, want down by timeout", s)
	}
	if n := journaled(t, w); n != 1 {
		t.Errorf("the journal has %d batches, want 1", n)
	}
	agents := w.registry.Agents()
	if len(agents) != 1 || agents[0].LastContact != epoch.UnixMilli() || agents[0].Version != "1.2.3" {
		t.Errorf("Agents() = %+v, want the last contact and version of hq-1", agents)
	}
}

func journaled(t *testing.T, w *world) (n int) {
	t.Helper()
	err := w.db.Replay(t.Context(), 0, func(journal.Position, journal.Record) error { n++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestARepeatIsASuccess(t *testing.T) {
	w := newWorld(t)
	body := w.encode(1, run("erp", -90, 3, wire.OK), run("unheard-of", -30, 1, wire.OK))
	first, second := w.send(body), w.send(body)
	if second.Result != wire.Duplicate || second.Watermark != 1 || !reflect.DeepEqual(first.Rejected, second.Rejected) || len(second.Rejected) != 1 {
		t.Errorf("second acknowledgement = %+v, want a duplicate that rejects what the first did: %+v", second, first.Rejected)
	}
	if n := journaled(t, w); n != 1 {
		t.Errorf("the journal has %d batches, want 1", n)
	}
}

func TestAForkIsRefusedAndShown(t *testing.T) {
	w := newWorld(t)
	w.send(w.encode(1, run("erp", -90, 3, wire.OK)))
	before := w.spans("erp")
	p, _ := w.refused(w.signed("POST", wire.PathBatches, w.encode(1, run("erp", -90, 3, wire.Timeout))), http.StatusConflict)
	if !strings.Contains(p.Error, "other content") {
		t.Errorf("problem = %q, want it to say what came", p.Error)
	}
	if after := w.spans("erp"); !reflect.DeepEqual(before, after) {
		t.Errorf("spans after a fork = %v, want them as before: %v", after, before)
	}
	q, err := w.db.Quarantine(t.Context(), "acme", 10)
	if err != nil || len(q) != 1 || q[0].Count != 3 || q[0].Check != "" || !strings.Contains(q[0].Reason, "fork") {
		t.Errorf("Quarantine() = %+v, %v, want the fork with 3 results", q, err)
	}
	if a := w.registry.Agents()[0]; a.Fault == "" {
		t.Error("the agent is not flagged")
	}
	stored, err := w.db.Agents(t.Context())
	if err != nil || stored[0].Fault == "" {
		t.Errorf("stored agents = %+v, %v, want the flag", stored, err)
	}
}

func TestABadResultDoesNotCostItsNeighbours(t *testing.T) {
	w := newWorld(t)
	const fiveMinutes = 300
	ack := w.send(w.encode(1,
		run("erp", -60, 3, wire.OK),
		run("unheard-of", -60, 4, wire.OK),
		run("dns", fiveMinutes-30, 3, wire.OK), // two in time, one beyond
		run("unheard-of", 600, 1, wire.OK)))
	want := []wire.Rejected{
		{Check: "unheard-of", Count: 5, Reason: "the site has no such check"},
		{Check: "dns", Count: 1, Reason: "more than 5 minutes in the future"},
	}
	if !reflect.DeepEqual(ack.Rejected, want) {
		t.Errorf("rejected\n got %+v\nwant %+v", ack.Rejected, want)
	}
	at := epoch.UnixMilli()
	q, err := w.db.Quarantine(t.Context(), "acme", 10)
	wantRows := []store.Quarantined{
		{Tenant: "acme", Agent: "hq-1", Epoch: 1 << 63, Seq: 1, Check: "dns", Count: 1, Reason: want[1].Reason, At: at},
		{Tenant: "acme", Agent: "hq-1", Epoch: 1 << 63, Seq: 1, Check: "unheard-of", Count: 5, Reason: want[0].Reason, At: at},
	}
	if err != nil || !reflect.DeepEqual(q, wantRows) {
		t.Errorf("Quarantine()\n got %+v, %v\nwant %+v", q, err, wantRows)
	}
	if s := w.spans("unheard-of"); s != nil {
		t.Errorf("spans of a check that the site does not have = %v, want none", s)
	}
	if s := w.spans("dns"); len(s) != 1 || s[0].Last != at+fiveMinutes*1000 {
		t.Errorf("spans of dns = %v, want one up to 5 minutes ahead", s)
	}
}

func TestWhatNoHonestAgentHasToTellIsSetAside(t *testing.T) {
	w := newWorld(t)
	const days = 24 * 3600
	body := w.encode(1, run("erp", -400*days-60, 4, wire.OK), run("erp", 270, 3, wire.OK))
	want := []wire.Rejected{
		{Check: "erp", Count: 2, Reason: "more than 400 days ago"},
		{Check: "erp", Count: 1, Reason: "more than 5 minutes in the future"},
	}
	for _, result := range []string{wire.Accepted, wire.Duplicate} {
		if ack := w.send(body); ack.Result != result || !reflect.DeepEqual(ack.Rejected, want) {
			t.Errorf("acknowledgement = %+v, want %s with rejected %+v", ack, result, want)
		}
	}
	at := epoch.UnixMilli()
	s := w.spans("erp")
	if len(s) != 2 || s[0].Start != at-400*days*1000 || s[1].Last != at+300*1000 {
		t.Errorf("spans = %v, want two, from 400 days ago to 5 minutes ahead", s)
	}
	if q, err := w.db.Quarantine(t.Context(), "acme", 10); err != nil || len(q) != 2 {
		t.Errorf("Quarantine() = %+v, %v, want two rows", q, err)
	}
}

// hourly makes a run of one result an hour, the last an hour before the epoch.
func hourly(check string, count int) wire.Run {
	r := wire.Run{Check: check, IntervalMS: 3_600_000}
	for i := count; i > 0; i-- {
		r.Results = append(r.Results, wire.Result{T: epoch.UnixMilli() - int64(i)*3_600_000, Reason: wire.OK})
	}
	return r
}

func TestABatchOfTooManyHoursIsRefused(t *testing.T) {
	w := newWorld(t)
	runs := []wire.Run{hourly("erp", 9000), hourly("dns", 9000), hourly("unheard-of", 2001)}
	p, _ := w.refused(w.signed("POST", wire.PathBatches, w.encode(1, runs...)), http.StatusBadRequest)
	if !strings.Contains(p.Error, "20001 hours") {
		t.Errorf("problem = %q, want it to say how many hours", p.Error)
	}
	// A backlog of 30 days of 20 hourly checks is well within the bound.
	var backlog []wire.Run
	for range 20 {
		backlog = append(backlog, hourly("erp", 720))
	}
	if n := hoursOf(wire.Batch{Runs: backlog}); n > maxHours {
		t.Errorf("30 days of 20 hourly checks = %d hours, want at most %d", n, maxHours)
	}
}

func TestResultsOutliveTheirCheck(t *testing.T) {
	w := newWorld(t)
	w.send(w.encode(1, run("erp", -90, 1, wire.OK)))
	w.set(func() { w.config.Revision, w.config.Checks = "r2", w.config.Checks[1:] })
	ack := w.send(w.encode(2, run("erp", -60, 2, wire.OK)))
	if ack.Rejected != nil || ack.ConfigRevision != "r2" {
		t.Errorf("acknowledgement after the check was removed = %+v, want nothing rejected and revision r2", ack)
	}
}

func TestBadBatches(t *testing.T) {
	w := newWorld(t)
	whole := w.encode(1, run("erp", 0, 1, wire.OK))
	newer := bytes.Clone(whole)
	newer[4] = 99
	for name, tc := range map[string]struct {
		body   []byte
		status int
		says   string
	}{
		"nothing at all":                  {nil, http.StatusBadRequest, "not a batch"},
		"something else":                  {[]byte("hello, world"), http.StatusBadRequest, "not a batch"},
		"cut short":                       {whole[:len(whole)-3], http.StatusBadRequest, "decode batch"},
		"a newer format is kept for late": {newer, http.StatusServiceUnavailable, "upgrade the collector"},
		"longer than a batch may be":      {make([]byte, wire.MaxBatchBytes+1), http.StatusRequestEntityTooLarge, "smaller batches"},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := w.refused(w.signed("POST", wire.PathBatches, tc.body), tc.status)
			if !strings.Contains(p.Error, tc.says) {
				t.Errorf("problem = %q, want it to say %q", p.Error, tc.says)
			}
		})
	}
	if n := journaled(t, w); n != 0 {
		t.Errorf("the journal has %d batches, want none", n)
	}
}

func TestNoContractCostsNoResults(t *testing.T) {
	w := newWorld(t)
	w.set(func() { w.closed = true })
	p, res := w.refused(w.signed("POST", wire.PathBatches, w.encode(1, run("erp", 0, 1, wire.OK))), http.StatusServiceUnavailable)
	if !strings.Contains(p.Error, "site hq of client acme") || res.header.Get("Retry-After") == "" {
		t.Errorf("problem = %q, Retry-After %q, want the site named and a time to come back", p.Error, res.header.Get("Retry-After"))
	}
}

// brokenJournal is a journal on a disk that takes nothing.
type brokenJournal struct {
	journal.Journal
	err error
}

func (j brokenJournal) Append(context.Context, journal.Record) (journal.Receipt, error) {
	return journal.Receipt{}, j.err
}

func TestWhatIsNotDurableIsNotAcknowledged(t *testing.T) {
	for name, tc := range map[string]struct {
		err    error
		status int
	}{
		"the disk is full":   {journal.ErrFull, http.StatusInsufficientStorage},
		"the disk is broken": {errors.New("input/output error on /secret/path"), http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.handler.journal = brokenJournal{w.db, tc.err}
			p, res := w.refused(w.signed("POST", wire.PathBatches, w.encode(1, run("erp", 0, 1, wire.OK))), tc.status)
			if strings.Contains(p.Error, "/secret/path") || res.header.Get("Retry-After") == "" {
				t.Errorf("problem = %q, Retry-After %q, want no particulars and a time to come back", p.Error, res.header.Get("Retry-After"))
			}
			if s := w.spans("erp"); s != nil {
				t.Errorf("spans = %v, want none", s)
			}
			if why := w.handler.NotTaking(); !strings.Contains(why, "not acknowledged") || strings.Contains(why, "/secret/path") {
				t.Errorf("NotTaking() = %q, want a sentence without particulars", why)
			}
			w.handler.journal = w.db
			w.send(w.encode(1, run("erp", 0, 1, wire.OK)))
			if why := w.handler.NotTaking(); why != "" {
				t.Errorf("NotTaking() after a batch was taken = %q, want nothing", why)
			}
		})
	}
}

// brokenStore is a store on a disk that takes nothing.
type brokenStore struct {
	store.Store
	err error
}

func (s brokenStore) TouchAgents(context.Context, []store.Agent) error { return s.err }

func TestAProbeFindsThatBatchesCanBeTakenAgain(t *testing.T) {
	w := newWorld(t)
	w.handler.journal = brokenJournal{w.db, journal.ErrFull}
	w.refused(w.signed("POST", wire.PathBatches, w.encode(1, run("erp", 0, 1, wire.OK))), http.StatusInsufficientStorage)
	w.handler.store = brokenStore{w.db, journal.ErrFull}
	w.handler.Probe(t.Context())
	if why := w.handler.NotTaking(); !strings.Contains(why, "disk is full") {
		t.Errorf("NotTaking() on a full disk = %q, want it to say so", why)
	}
	w.handler.store = w.db
	w.handler.Probe(t.Context())
	if why := w.handler.NotTaking(); why != "" {
		t.Errorf("NotTaking() after a write has succeeded = %q, want nothing", why)
	}
}

// slowJournal lets nobody go on before it is opened.
type slowJournal struct {
	journal.Journal
	open chan struct{}
}

func (j slowJournal) Append(ctx context.Context, r journal.Record) (journal.Receipt, error) {
	<-j.open
	return j.Journal.Append(ctx, r)
}

func TestTooManyAtOnceAreSentBack(t *testing.T) {
	w := newWorld(t)
	slow := slowJournal{w.db, make(chan struct{})}
	w.handler.journal, w.handler.patience = slow, time.Second
	var wg sync.WaitGroup
	for i := range maxRequests {
		wg.Go(func() { w.send(w.encode(uint64(i+1), run("erp", int64(i), 1, wire.OK))) })
	}
	for deadline := time.Now().Add(10 * time.Second); len(w.handler.requests) < maxRequests; {
		if time.Now().After(deadline) {
			t.Fatalf("%d requests under way after 10 s, want %d", len(w.handler.requests), maxRequests)
		}
		<-time.After(time.Millisecond)
	}
	_, res := w.refused(w.signed("GET", wire.PathConfig, nil), http.StatusTooManyRequests)
	if res.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After = %q, want 1", res.header.Get("Retry-After"))
	}
	close(slow.open)
	wg.Wait()
	if mark, err := w.db.Watermark(t.Context(), "acme", "hq-1", 1<<63); err != nil || mark != maxRequests {
		t.Errorf("Watermark() = %d, %v, want %d", mark, err, maxRequests)
	}
}

func TestManyAtOnceMakeOneTimeline(t *testing.T) {
	w := newWorld(t)
	const each = 20
	var wg sync.WaitGroup
	for range 2 { // each batch twice
		for seq := range uint64(each) {
			wg.Go(func() { w.send(w.encode(seq+1, run("erp", int64(seq)*60-each*60, 2, wire.OK))) })
		}
	}
	wg.Wait()
	w.timeline.Tick(t.Context())
	if s := w.spans("erp"); len(s) != 1 || s[0].State != slo.Up || s[0].Last != epoch.UnixMilli()-30_000 {
		t.Errorf("spans = %v, want one from 20 minutes to 30 s ago", s)
	}
}
