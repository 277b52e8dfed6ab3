package collector

import (
	"context"
	"time"
)

// How often each loop turns.
const (
	contractsEvery = 2 * time.Second
	watchEvery     = 15 * time.Second
	watchAtMost    = time.Second // on changes
	notifyEvery    = 2 * time.Second
	reportsEvery   = 30 * time.Second
	probeEvery     = 5 * time.Second // of the disk, while batches are refused
)

func (c *Collector) startLoops(ctx context.Context) {
	c.pulse.beat(time.Now())
	c.loops.Go(func() { c.timeline.Run(ctx) })
	c.loops.Go(func() { c.registry.Run(ctx) })
	c.loops.Go(func() { _ = c.site.Run(ctx) }) // returns nil
	c.every(ctx, "contracts", contractsEvery, func(ctx context.Context, now time.Time) error {
		c.pulse.beat(now)
		return c.terms.tick(ctx, now)
	})
	c.every(ctx, "notify", notifyEvery, c.notify.Tick)
	c.every(ctx, "reports", reportsEvery, c.reports.Tick)
	c.every(ctx, "ingest", probeEvery, func(ctx context.Context, _ time.Time) error {
		c.ingest.Probe(ctx) // what it finds is what readiness says
		return nil
	})
	c.loops.Go(func() { c.watchLoop(ctx) })
}

// every calls tick at once and then at each interval, until ctx ends. What keeps failing is
// logged when it begins and when it ends, not each time.
func (c *Collector) every(ctx context.Context, name string, interval time.Duration, tick func(context.Context, time.Time) error) {
	c.loops.Go(func() {
		t := time.NewTicker(interval)
		defer t.Stop()
		var trouble string
		for now := time.Now(); ; {
			trouble = c.note(ctx, name, trouble, tick(ctx, now))
			select {
			case now = <-t.C:
			case <-ctx.Done():
				return
			}
		}
	})
}

// note logs a change of a loop's trouble, and gives the trouble that it has now.
func (c *Collector) note(ctx context.Context, name, before string, err error) string {
	if ctx.Err() != nil {
		return before
	}
	if err == nil {
		if before != "" {
			c.log.Info("loop has recovered", "loop", name)
		}
		return ""
	}
	if err.Error() != before {
		c.log.Error("loop fails", "loop", name, "err", err)
	}
	return err.Error()
}

// watchLoop evaluates all SLOs on a tick, and soon after observations have changed.
func (c *Collector) watchLoop(ctx context.Context) {
	changed, cancel := c.timeline.Subscribe()
	defer cancel()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var trouble string
	for {
		c.watching.Lock()
		trouble = c.note(ctx, "watch", trouble, c.watch.Tick(ctx, time.Now()))
		c.watching.Unlock()
		if !pause(ctx, watchAtMost) {
			return
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Unwatched calls fn while no SLO is judged, for those who put in history: what half of it
// says would be recorded as a breach, and corrected when the rest is there.
func (c *Collector) Unwatched(fn func() error) error {
	c.watching.Lock()
	defer c.watching.Unlock()
	return fn()
}

// pause waits, and reports whether ctx let it.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
