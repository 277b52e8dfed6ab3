package ingest

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nines-monitor/nines/internal/wire"
)

// BenchmarkIngest is the way of a batch of 1,000 results from ten checks: signed request over
// loopback HTTP, durable, folded, acknowledged, by eight senders at once; storing what became
// of them is part of it. One operation is one batch.
func BenchmarkIngest(b *testing.B) {
	const senders, checks, each = 8, 10, 100
	w := newWorld(b)
	w.server.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = senders
	w.config.Checks = nil
	for c := range checks {
		w.config.Checks = append(w.config.Checks, tcp(fmt.Sprint("check-", c)))
	}
	bodies := make([][]byte, b.N)
	for i := range bodies {
		var runs []wire.Run
		for _, check := range w.config.Checks {
			r := run(check.ID, int64(i-b.N)*each*30, each, wire.OK)
			for j := range r.Results {
				r.Results[j].LatencyUS += int64((i*31 + j*17) % 50)
			}
			runs = append(runs, r)
		}
		bodies[i] = w.encode(uint64(i+1), runs...)
	}
	b.ResetTimer()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				w.send(bodies[i])
			}
		})
	}
	wg.Wait()
	w.timeline.Tick(context.Background())
	b.ReportMetric(float64(b.N)*checks*each/b.Elapsed().Seconds(), "results/s")
}

// BenchmarkBackfill is the filling of 60 days of 8 checks at 30 s, in batches of 5,000 results
// in order of time, by one sender: 1.4 million results. One operation is all of it.
func BenchmarkBackfill(b *testing.B) {
	const checks, perBatch, total = 8, 625, 60 * 2880
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b)
		w.config.Checks = nil
		for c := range checks {
			w.config.Checks = append(w.config.Checks, tcp(fmt.Sprint("check-", c)))
		}
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { w.timeline.Run(ctx) })
		b.StartTimer()
		for at := 0; at < total; at += perBatch {
			var runs []wire.Run
			for _, check := range w.config.Checks {
				runs = append(runs, run(check.ID, int64(at-total)*30, min(perBatch, total-at), wire.OK))
			}
			w.send(w.encode(uint64(at/perBatch+1), runs...))
		}
		cancel()
		running.Wait()
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/backfill")
	b.ReportMetric(10, "limit-s/backfill")
}
