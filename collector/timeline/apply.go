package timeline

import (
	"context"
	"fmt"
	"slices"
	"time"

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

// patience is how long Apply waits for what others have sent before.
const patience = 250 * time.Millisecond

// foldTime bounds the folding of one record, and the storing of what has changed.
const foldTime = 2 * time.Minute

// Apply folds in an accepted record, of which b is the body decoded. Records may be handed over
// in any order: each is folded when all before it are. Apply does not wait for long: when the
// records before take their time it returns nil, and this one is folded after them. What could
// not be folded is read from the journal again by the next Tick.
func (t *Timeline) Apply(ctx context.Context, pos journal.Position, r journal.Record, b wire.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, t.patience)
	defer cancel()
	return t.hand(ctx, pos, &handed{record: r, batch: b, folded: make(chan struct{})})
}

// hand hands a record over and waits until it is folded in, or cannot be for now, or ctx ends.
func (t *Timeline) hand(ctx context.Context, pos journal.Position, x *handed) error {
	x, now := t.queue(ctx, pos, x)
	if now == nil {
		return nil
	}
	select {
	case <-x.folded:
	case <-ctx.Done():
	case <-now.ended:
		select {
		case <-x.folded:
		default:
			return now.err
		}
	}
	return nil
}

// turns is the folding of records one after the other, for as long as the next one is there.
type turns struct {
	ended chan struct{}
	err   error // why they have ended early; once ended
}

// queue puts a record among those that wait, and makes sure that they get their turn. It gives
// no turns when the record is folded in already, or there is no room, or one before it is missing.
func (t *Timeline) queue(ctx context.Context, pos journal.Position, x *handed) (*handed, *turns) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if pos < t.next || pos > t.next && len(t.waiting) >= maxWaiting {
		return nil, nil
	}
	if known, there := t.waiting[pos]; there {
		x = known
	}
	t.waiting[pos] = x
	if t.now == nil && pos == t.next {
		t.now = &turns{ended: make(chan struct{})}
		now, lasting := t.now, context.WithoutCancel(ctx) // what has been begun is ended
		t.working.Go(func() { t.takeTurns(lasting, now) })
	}
	return x, t.now
}

// takeTurns folds in the record whose turn it is until that is not there, or an error.
func (t *Timeline) takeTurns(ctx context.Context, now *turns) {
	defer close(now.ended)
	for x := t.nextUp(); x != nil; x = t.nextUp() {
		if now.err = t.takeTurn(ctx, x); now.err != nil {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.now = nil
			return
		}
	}
}

// nextUp gives the record whose turn it is. When there is none the turns are over.
func (t *Timeline) nextUp() *handed {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.waiting[t.next]
	if x == nil {
		t.now = nil
	}
	return x
}

// takeTurn folds in the next record, and stores what has changed when that has become much.
func (t *Timeline) takeTurn(ctx context.Context, x *handed) error {
	ctx, cancel := context.WithTimeout(ctx, foldTime)
	defer cancel()
	full, err := t.foldNext(ctx, x)
	if err == nil && full {
		err = t.Flush(ctx)
	}
	if err == nil {
		close(x.folded)
	}
	return err
}

func (t *Timeline) foldNext(ctx context.Context, x *handed) (full bool, err error) {
	t.folding.Lock()
	defer t.folding.Unlock()
	err = t.fold(ctx, x)
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.waiting, t.next) // after an error it is read from the journal again
	if err != nil {
		return false, fmt.Errorf("fold record %d of the journal: %w", t.next, err)
	}
	t.next++
	return t.results >= maxResults, nil
}

// fold folds in one record. Called again after an error, it goes on where it stopped.
func (t *Timeline) fold(ctx context.Context, x *handed) error {
	runs, err := admitted(x.record, x.batch)
	if err != nil {
		t.unreadable(x.record, err)
		return nil
	}
	var all added
	for _, run := range joined(runs) {
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

// joined puts the runs of each check together, in order of time, so that a batch has each hour
// folded once, however many runs it is cut into. The first result of an instant stands.
func joined(runs []wire.Run) []wire.Run {
	place := make(map[string]int, len(runs)) // by check
	var all []wire.Run
	var repeated []int
	for _, run := range runs {
		i, there := place[run.Check]
		if !there {
			place[run.Check] = len(all)
			run.Results = slices.Clip(run.Results)
			all = append(all, run)
			continue
		}
		all[i].Results = append(all[i].Results, run.Results...)
		repeated = append(repeated, i)
	}
	slices.Sort(repeated)
	for _, i := range slices.Compact(repeated) {
		slices.SortStableFunc(all[i].Results, byInstant)
		all[i].Results = slices.CompactFunc(all[i].Results, func(a, b wire.Result) bool { return a.T == b.T })
	}
	return all
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

// Replaying stores what it has come to each time that so many records, or results in hours that
// are not stored, have come together: a collector that is killed while it starts goes on from there.
const (
	replayRecords = 100
	replayResults = 50_000
)

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
		if err := t.hand(ctx, pos, &handed{record: r, batch: b, folded: make(chan struct{})}); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if t.unstoredMuch() {
			return t.Flush(ctx)
		}
		return nil
	})
}

func (t *Timeline) unstoredMuch() bool {
	t.folding.Lock()
	defer t.folding.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.next-1-t.stored >= replayRecords || t.results >= replayResults
}

func (t *Timeline) isFolded(pos journal.Position) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return pos < t.next
}
