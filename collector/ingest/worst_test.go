package ingest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

// TestTheWorstBatchHoldsNobodyUp: others' batches go on being acknowledged while it is folded.
func TestTheWorstBatchHoldsNobodyUp(t *testing.T) {
	others, _ := worstBatch(t)
	if others < 3 {
		t.Errorf("%d batches of others were acknowledged while the worst was folded, want several", others)
	}
}

// BenchmarkWorstBatch is the longest that another's batch waits meanwhile.
func BenchmarkWorstBatch(b *testing.B) {
	var longest time.Duration
	for b.Loop() {
		_, waited := worstBatch(b)
		longest = max(longest, waited)
	}
	b.ReportMetric(float64(longest.Milliseconds()), "ms-longest-wait")
	b.ReportMetric(1000, "goal-ms-longest-wait")
}

// worstBatch sends what costs the collector most of all that it takes: results in every other
// hour of 400 days, late, of as many checks as there is room for. It gives the number of others'
// batches that were acknowledged until that was folded and stored, and the longest that one took.
func worstBatch(t testing.TB) (others int, longest time.Duration) {
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

	done := make(chan struct{})
	bad := w.signed("POST", wire.PathBatches, w.encode(2, worst...))
	wg.Go(func() {
		defer close(done)
		w.do(bad)
		for len(w.spans("d")) <= 4795 && ctx.Err() == nil { // until the late results can be seen
			<-time.After(time.Millisecond)
		}
		w.timeline.Tick(ctx) // and are stored
	})
	for seq := uint64(3); ; seq++ {
		start := time.Now()
		w.send(w.encode(seq, run("erp", int64(seq)*30-60_000, 1, wire.OK)))
		longest = max(longest, time.Since(start))
		select {
		case <-done:
			return others, longest
		default:
			others++
		}
	}
}
