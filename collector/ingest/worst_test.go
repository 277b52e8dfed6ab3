package ingest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

// TestTheWorstBatchHoldsNobodyUp sends what costs the collector most of all that it takes:
// results in every other hour of 400 days, late, of as many checks as there is room for.
func TestTheWorstBatchHoldsNobodyUp(t *testing.T) {
	w := newWorld(t)
	w.set(func() { w.config.Checks = append(w.config.Checks, tcp("a"), tcp("b"), tcp("c"), tcp("d")) })
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { w.timeline.Run(ctx) })
	var before, worst []wire.Run
	for _, check := range []string{"a", "b", "c", "d"} {
		all := hourly(check, 9590)
		odd, even := wire.Run{Check: check, IntervalMS: 3_600_000}, wire.Run{Check: check, IntervalMS: 3_600_000}
		for i, x := range all.Results {
			if i%2 == 0 {
				even.Results = append(even.Results, x)
			} else {
				odd.Results = append(odd.Results, x)
			}
		}
		before, worst = append(before, odd), append(worst, even)
	}
	w.send(w.encode(1, before...))
	w.timeline.Tick(ctx)

	done := make(chan time.Duration, 1)
	bad := w.signed("POST", wire.PathBatches, w.encode(2, worst...))
	wg.Go(func() {
		start := time.Now()
		w.do(bad)
		for len(w.spans("d")) <= 4795 && ctx.Err() == nil { // until the late results can be seen
			<-time.After(time.Millisecond)
		}
		w.timeline.Tick(ctx) // and are stored
		done <- time.Since(start)
	})
	var longest, took time.Duration
	for seq := uint64(3); took == 0; seq++ {
		start := time.Now()
		w.send(w.encode(seq, run("erp", int64(seq)*30-60_000, 1, wire.OK)))
		longest = max(longest, time.Since(start))
		select {
		case took = <-done:
		default:
		}
	}
	t.Logf("the worst batch was folded and stored in %s, others acknowledged in %s at most", took, longest)
	// What is left of the waiting is one transaction that stores it all: on a slow machine, or under
	// the race detector, that takes longer, but never most of the time.
	if bound := max(3*time.Second, took*2/3); longest > bound {
		t.Errorf("another's batch was acknowledged after %s, want %s at most", longest, bound)
	}
}
