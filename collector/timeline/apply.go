package timeline

import (
	"context"
	"fmt"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// Bounds of what is held in memory: records that wait for their turn, beyond which they are
// read from the journal again, and results whose hours are not stored, beyond which they are
// stored at once.
const (
	maxWaiting = 256
	maxResults = 500_000
)

// Apply folds in an accepted record, of which b is the body decoded. Records may be handed over
// in any order: each is folded when all before it are. What could not be folded is read from
// the journal again by the next Tick.
func (t *Timeline) Apply(ctx context.Context, pos journal.Position, r journal.Record, b wire.Batch) error {
	t.mu.Lock()
	err := t.inTurn(ctx, pos, handed{r, b})
	full := t.results >= maxResults
	t.mu.Unlock()
	if err == nil && full {
		return t.Flush(ctx)
	}
	return err
}

// inTurn folds in a record if it is its turn, and those that have waited for it.
func (t *Timeline) inTurn(ctx context.Context, pos journal.Position, x handed) error {
	if pos > t.next {
		if len(t.waiting) < maxWaiting {
			t.waiting[pos] = x
		}
		return nil
	}
	for ok := pos == t.next; ok; x, ok = t.waiting[t.next] {
		delete(t.waiting, t.next)
		if err := t.fold(ctx, x); err != nil {
			return fmt.Errorf("fold record %d of the journal: %w", t.next, err)
		}
		t.next++
	}
	return nil
}

// fold folds in one record. Called again after an error, it goes on where it stopped.
func (t *Timeline) fold(ctx context.Context, x handed) error {
	runs, err := admitted(x.record, x.batch)
	if err != nil {
		t.unreadable(x.record, err)
		return nil
	}
	var all added
	for _, run := range runs {
		if len(run.Results) == 0 {
			continue
		}
		s := store.Series{Tenant: x.record.Tenant, Check: run.Check, Agent: x.record.Agent}
		h := t.makeHead(s)
		t.unstored[h] = true
		done, err := h.add(ctx, run.Results, func(now slo.Params) slo.Params { return t.paramsOf(s, now, run.IntervalMS) })
		t.results += done.unstored
		all.add(done)
		if err != nil {
			return fmt.Errorf("check %s of %s by %s: %w", s.Check, s.Tenant, s.Agent, err)
		}
	}
	t.counts.folded(x.batch.Results(), all)
	if all.fresh > 0 {
		t.tell()
	}
	return nil
}

// makeHead gives the head of a series, a new one if it was never observed.
func (t *Timeline) makeHead(s store.Series) *head {
	if h := t.head(s); h != nil {
		return h
	}
	h := newHead(t.store, s)
	t.putHead(h)
	return h
}

// paramsOf gives the parameters in force for a series that was folded with now so far.
func (t *Timeline) paramsOf(s store.Series, now slo.Params, interval int64) slo.Params {
	p := t.params(s)
	switch {
	case p.Validate() == nil:
		return p
	case now.Interval > 0:
		return now
	default:
		return slo.Params{Interval: interval}
	}
}

// unreadable passes over a record that this version cannot read. It stays in the journal.
func (t *Timeline) unreadable(r journal.Record, err error) {
	t.counts.unreadable.Inc()
	t.log.Error("a batch in the journal cannot be read and is passed over",
		"tenant", r.Tenant, "agent", r.Agent, "epoch", r.Epoch, "seq", r.Seq, "error", err)
}

// catchUp folds in what the journal holds beyond what was handed over.
func (t *Timeline) catchUp(ctx context.Context) error {
	t.mu.Lock()
	next := t.next
	t.mu.Unlock()
	return t.journal.Replay(ctx, next-1, func(pos journal.Position, r journal.Record) error {
		if t.isFolded(pos) { // in the meantime
			return nil
		}
		b, err := wire.DecodeBatch(r.Body)
		if err != nil {
			t.unreadable(r, err)
			b = wire.Batch{}
		}
		return t.Apply(ctx, pos, r, b)
	})
}

func (t *Timeline) isFolded(pos journal.Position) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return pos < t.next
}
