package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sort"
	"sync"
	"time"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/collector/timeline"
	"github.com/nines-monitor/nines/internal/wire"
)

// storeTime bounds all that storing one batch takes.
const storeTime = 30 * time.Second

// takeBatch makes a batch durable, acknowledges it, and hands it to the timeline.
func (h *Handler) takeBatch(w http.ResponseWriter, r request) error {
	config, ok := h.config(r.agent.Tenant, r.agent.Site)
	if !ok {
		return noContract(r.agent)
	}
	batch, err := h.decode(r.body)
	if err != nil {
		return err
	}
	aside := h.setAside(r, config, batch)
	record := journal.Record{
		Tenant: r.agent.Tenant, Agent: r.agent.ID, Epoch: batch.Epoch, Seq: batch.Seq, ReceivedAt: r.now.UnixMilli(), Body: r.body,
	}
	if record.Aside, err = timeline.EncodeAside(aside); err != nil {
		return err
	}
	// What has been begun is ended even if the agent hangs up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storeTime)
	defer cancel()
	receipt, err := h.journal.Append(ctx, record)
	h.noteJournal(err)
	if err != nil {
		return err
	}
	h.counts.batches[receipt.Verdict].Inc()
	result := wire.Accepted
	switch receipt.Verdict {
	case journal.Fork:
		return h.fork(ctx, r, batch)
	case journal.Duplicate:
		result = wire.Duplicate
		if aside, err = timeline.DecodeAside(receipt.Aside); err != nil {
			return err
		}
	case journal.Accepted:
		h.counts.accepted(batch, len(r.body), aside)
		if err := h.timeline.Apply(ctx, receipt.Position, record, batch); err != nil {
			h.log.Warn("a batch is durable and will be folded in later", "tenant", record.Tenant, "agent", record.Agent, "error", err)
		}
	}
	if err := h.quarantine(ctx, r, batch, aside); err != nil {
		return err // the agent sends the batch again, and it is put in quarantine then
	}
	writeJSON(w, http.StatusOK, wire.Ack{
		Result: result, Epoch: batch.Epoch, Seq: batch.Seq, Watermark: receipt.Watermark,
		Rejected: rejected(aside), CollectorTime: h.now().UnixMilli(), ConfigRevision: config.Revision,
	})
	return nil
}

// decode decompresses one batch per processor at a time: a hostile one takes some 20 MB.
func (h *Handler) decode(body []byte) (wire.Batch, error) {
	h.decoding <- struct{}{}
	defer func() { <-h.decoding }()
	batch, err := wire.DecodeBatch(body)
	switch {
	case errors.Is(err, wire.ErrVersion): // it will be read by a newer collector
		return wire.Batch{}, later(http.StatusServiceUnavailable, 5*time.Minute, "%v: upgrade the collector before its agents", err)
	case err != nil:
		return wire.Batch{}, refuse(http.StatusBadRequest, "%v", err)
	}
	if n := hoursOf(batch); n > maxHours {
		return wire.Batch{}, refuse(http.StatusBadRequest, "the batch has results of %d hours, counted for each check, and at most %d are taken: send smaller batches", n, maxHours)
	}
	return batch, nil
}

// maxHours bounds the hours that a batch reaches into, counted for each of its runs: late
// results have each of them folded again. An agent ships at most 5,000 results at once.
const maxHours = 20_000

func hoursOf(b wire.Batch) (n int) {
	for _, run := range b.Runs {
		last := int64(-1)
		for _, x := range run.Results {
			if hour := x.T / time.Hour.Milliseconds(); hour != last {
				n, last = n+1, hour
			}
		}
	}
	return n
}

// fork is the same batch number with other content: two agents have one key, or one spool was
// copied. Nothing of it is merged.
func (h *Handler) fork(ctx context.Context, r request, batch wire.Batch) error {
	sentence := fmt.Sprintf("batch %d of epoch %x came before with other content: two agents share a key, or a spool was copied; "+
		"stop one of them and give it a key of its own", batch.Seq, batch.Epoch)
	err := h.store.PutQuarantine(ctx, []store.Quarantined{{
		Tenant: r.agent.Tenant, Agent: r.agent.ID, Epoch: batch.Epoch, Seq: batch.Seq,
		Count: batch.Results(), Reason: "fork: the same number with other content", At: r.now.UnixMilli(),
	}})
	if err != nil {
		return err
	}
	if r.agent.Fault == "" {
		h.log.Error("an agent has sent one batch number with two contents", "tenant", r.agent.Tenant, "agent", r.agent.ID, "epoch", batch.Epoch, "seq", batch.Seq)
		if err := h.registry.flag(ctx, r.agent, sentence); err != nil {
			return err
		}
	}
	return refuse(http.StatusConflict, "%s", sentence)
}

func (h *Handler) quarantine(ctx context.Context, r request, batch wire.Batch, aside []timeline.Aside) error {
	if len(aside) == 0 {
		return nil
	}
	rows := make([]store.Quarantined, len(aside))
	for i, a := range aside {
		rows[i] = store.Quarantined{
			Tenant: r.agent.Tenant, Agent: r.agent.ID, Epoch: batch.Epoch, Seq: batch.Seq,
			Check: a.Check, Count: a.Count, Reason: a.Reason, At: r.now.UnixMilli(),
		}
	}
	return h.store.PutQuarantine(ctx, rows)
}

func rejected(aside []timeline.Aside) []wire.Rejected {
	var all []wire.Rejected
	for _, a := range aside {
		all = append(all, wire.Rejected{Check: a.Check, Count: a.Count, Reason: a.Reason})
	}
	return all
}

// What no honest agent has to tell: results from further ahead of the collector's clock, or from
// further back than observations are kept.
const (
	future = 5 * time.Minute
	past   = 400 * 24 * time.Hour
)

// setAside finds the results that are not to be folded. A check that its contract no longer
// has, but that this agent has run before, is not among them: what was measured before the
// change may come after it.
func (h *Handler) setAside(r request, config wire.Config, batch wire.Batch) []timeline.Aside {
	checks := h.checks.of(r.agent, config)
	oldest, newest := r.now.Add(-past).UnixMilli(), r.now.Add(future).UnixMilli()
	var aside asides
	for _, run := range batch.Runs {
		if !checks[run.Check] && !h.ranBefore(r.agent, run.Check) {
			aside.add(timeline.Aside{Check: run.Check, After: -1, Count: len(run.Results), Reason: "the site has no such check"})
			continue
		}
		aside.add(timeline.Aside{Check: run.Check, Before: oldest, After: math.MaxInt64, Count: resultsBefore(run, oldest), Reason: "more than 400 days ago"})
		aside.add(timeline.Aside{Check: run.Check, After: newest, Count: len(run.Results) - resultsBefore(run, newest+1), Reason: "more than 5 minutes in the future"})
	}
	return aside.all
}

func resultsBefore(run wire.Run, t int64) int {
	return sort.Search(len(run.Results), func(i int) bool { return run.Results[i].T >= t })
}

// asides gathers what is set aside of the runs of a batch, by check and reason.
type asides struct {
	all   []timeline.Aside
	place map[[2]string]int // by check and reason
}

func (s *asides) add(a timeline.Aside) {
	if a.Count == 0 {
		return
	}
	key := [2]string{a.Check, a.Reason}
	if i, there := s.place[key]; there {
		s.all[i].Count += a.Count
		return
	}
	if s.place == nil {
		s.place = map[[2]string]int{}
	}
	s.place[key] = len(s.all)
	s.all = append(s.all, a)
}

func (h *Handler) ranBefore(a store.Agent, check string) bool {
	_, ok := h.timeline.Last(store.Series{Tenant: a.Tenant, Check: check, Agent: a.ID})
	return ok
}

// checkSets remembers the ids of each site's checks, as of its latest revision.
type checkSets struct {
	mu    sync.Mutex
	sites map[[2]string]checkSet // by tenant and site
}

type checkSet struct {
	revision string
	ids      map[string]bool
}

// of gives the ids of a configuration's checks. The caller does not change them.
func (c *checkSets) of(a store.Agent, config wire.Config) map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	site := [2]string{a.Tenant, a.Site}
	if known, ok := c.sites[site]; ok && known.revision == config.Revision {
		return known.ids
	}
	ids := make(map[string]bool, len(config.Checks))
	for _, check := range config.Checks {
		ids[check.ID] = true
	}
	if c.sites == nil {
		c.sites = map[[2]string]checkSet{}
	}
	c.sites[site] = checkSet{config.Revision, ids}
	return ids
}
