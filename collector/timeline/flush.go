package timeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nines-monitor/nines/collector/store"
)

const (
	tick         = time.Second
	pruneEvery   = 10 * time.Minute
	journalKept  = 7 * 24 * time.Hour // for as long, two contents of one batch number are told apart
	lastWordTime = 30 * time.Second   // for storing what is left at the end
)

// Run stores what has changed, each second, until ctx ends, and then once more. Now and then it
// prunes the journal of what is a week old and stored.
func (t *Timeline) Run(ctx context.Context) {
	ticker, pruner := time.NewTicker(tick), time.NewTicker(pruneEvery)
	defer ticker.Stop()
	defer pruner.Stop()
	for {
		select {
		case now := <-pruner.C:
			if err := t.Prune(ctx, now); err != nil && ctx.Err() == nil {
				t.log.Error("the journal cannot be pruned and grows; it is tried again in some minutes", "error", err)
			}
		case <-ticker.C:
			t.Tick(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWordTime)
			defer cancel()
			t.Tick(last)
			t.working.Wait()
			return
		}
	}
}

// Tick folds in what the journal holds and nobody has handed over, and stores what has
// changed. What fails is logged and tried again by the next one.
func (t *Timeline) Tick(ctx context.Context) {
	err := t.catchUp(ctx)
	if err == nil {
		err = t.Flush(ctx)
	}
	t.storing.Lock()
	defer t.storing.Unlock()
	switch failed := err != nil && ctx.Err() == nil; {
	case failed && !t.failing:
		t.log.Error("the timeline cannot be stored; the journal keeps what it is made of, and it is tried again each second", "error", err)
		t.failing = true
	case err == nil && t.failing:
		t.log.Info("the timeline can be stored again")
		t.failing = false
	}
}

// Prune lets the journal forget what is stored and was received more than a week before now.
func (t *Timeline) Prune(ctx context.Context, now time.Time) error {
	t.mu.Lock()
	stored := t.stored
	t.mu.Unlock()
	for {
		n, err := t.journal.Prune(ctx, stored, now.Add(-journalKept).UnixMilli())
		if err != nil || n == 0 {
			return err
		}
	}
}

// Flush stores what has changed, now: hours, spans and how far the journal was folded in, in
// one transaction.
func (t *Timeline) Flush(ctx context.Context) error {
	t.storing.Lock()
	defer t.storing.Unlock()
	start := time.Now()
	changed, err := t.take(ctx)
	if err != nil || changed == nil {
		return err
	}
	folds := make([]store.Fold, len(changed.heads))
	for i, s := range changed.heads {
		folds[i] = s.encode()
	}
	slices.SortFunc(folds, bySeries)
	if err := t.store.PutFolds(ctx, changed.applied, folds); err != nil {
		t.takeBack(changed)
		return err
	}
	t.confirm(changed)
	t.counts.stored(folds, time.Since(start))
	return nil
}

func bySeries(a, b store.Fold) int {
	if c := strings.Compare(a.Tenant, b.Tenant); c != 0 {
		return c
	}
	if c := strings.Compare(a.Check, b.Check); c != 0 {
		return c
	}
	return strings.Compare(a.Agent, b.Agent)
}

// take gives what has changed since the last time, or nil when nothing has. It comes between
// two records, so that what is stored is what the journal up to a position has become.
func (t *Timeline) take(ctx context.Context) (*changes, error) {
	t.folding.Lock()
	defer t.folding.Unlock()
	for h := range t.unstored { // a record that has failed halfway may have left some
		if err := h.finish(ctx); err != nil {
			return nil, fmt.Errorf("fold late results of check %s of %s by %s: %w", h.series.Check, h.series.Tenant, h.series.Agent, err)
		}
	}
	t.mu.Lock()
	next, stored := t.next, t.stored
	t.mu.Unlock()
	c := &changes{applied: next - 1, results: t.results}
	if c.applied == stored && len(t.unstored) == 0 {
		return nil, nil
	}
	for h := range t.unstored {
		c.heads = append(c.heads, h.take())
	}
	clear(t.unstored)
	t.results = 0
	return c, nil
}

func (t *Timeline) confirm(c *changes) {
	t.folding.Lock()
	defer t.folding.Unlock()
	for _, s := range c.heads {
		s.confirm()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stored = c.applied
}

func (t *Timeline) takeBack(c *changes) {
	t.folding.Lock()
	defer t.folding.Unlock()
	for _, s := range c.heads {
		s.takeBack()
		t.unstored[s.head] = true
	}
	t.results += c.results
}
