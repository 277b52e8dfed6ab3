package storetest

import (
	"math"
	"testing"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

const hour = 3_600_000

var erp = store.Series{Tenant: "acme", Check: "erp", Agent: "hq-1"}

func span(start, end int64) slo.Span {
	return slo.Span{Start: start, End: end, Last: end - 1, State: slo.Down, Reason: slo.Reason(wire.Timeout)}
}

func chunk(s store.Series, n int64) store.Chunk {
	return store.Chunk{Series: s, Hour: n * hour, Carry: []byte{1, byte(n)}, Observations: []wire.Result{
		{T: n * hour, Reason: wire.OK, LatencyUS: 1500},
		{T: n*hour + 30_000, Reason: wire.Timeout},
		{T: n*hour + hour - 1, Reason: wire.Uplink, LatencyUS: math.MaxInt32},
	}}
}

func (f *fixture) put(applied int, folds ...store.Fold) {
	f.Helper()
	f.ok("PutFolds", f.PutFolds(f.ctx(), journal.Position(applied), folds))
}

func (f *fixture) spans(from, to int64, want ...slo.Span) {
	f.Helper()
	got, err := f.Spans(f.ctx(), erp, from, to)
	same(f.T, "Spans", got, err, want)
}

func testFolds(t *testing.T, f *fixture) {
	applied, err := f.Applied(f.ctx())
	same(t, "Applied() of an empty store", applied, err, 0)
	f.put(17, store.Fold{Series: erp, From: 5, Until: 50, Spans: []slo.Span{span(5, 20), span(20, 40)}, Chunks: []store.Chunk{chunk(erp, 1), chunk(erp, 2)}})
	f.reopen()
	applied, err = f.Applied(f.ctx())
	same(t, "Applied()", applied, err, 17)
	f.spans(0, 1000, span(5, 20), span(20, 40))
	chunks, err := f.Chunks(f.ctx(), erp, 0, 10*hour)
	same(t, "Chunks", chunks, err, []store.Chunk{chunk(erp, 1), chunk(erp, 2)})

	changed := chunk(erp, 1)
	changed.Observations, changed.Carry = changed.Observations[:1], []byte{7}
	f.put(18, store.Fold{Series: erp, Chunks: []store.Chunk{changed}})
	chunks, err = f.Chunks(f.ctx(), erp, 0, 10*hour)
	same(t, "Chunks after one was rewritten", chunks, err, []store.Chunk{changed, chunk(erp, 2)})
	f.spans(0, 1000, span(5, 20), span(20, 40))
	f.put(19)
	applied, err = f.Applied(f.ctx())
	same(t, "Applied() after nothing but progress", applied, err, 19)
}

func testReplaceSpans(_ *testing.T, f *fixture) {
	f.put(1, store.Fold{Series: erp, From: 0, Until: math.MaxInt64, Spans: []slo.Span{span(0, 10), span(10, 20), span(20, 30), span(30, 40)}})
	f.put(2, store.Fold{Series: erp, From: 10, Until: 30, Spans: []slo.Span{span(12, 25)}})
	f.spans(math.MinInt64, math.MaxInt64, span(0, 10), span(12, 25), span(30, 40))
	f.put(3, store.Fold{Series: erp, From: math.MinInt64, Until: 30})
	f.spans(math.MinInt64, math.MaxInt64, span(30, 40))
	f.put(4, store.Fold{Series: erp, From: 30, Until: 30})
	f.spans(math.MinInt64, math.MaxInt64, span(30, 40))
}

func testOverlap(_ *testing.T, f *fixture) {
	a, b, c := span(10, 20), span(20, 30), span(50, 60)
	f.put(1, store.Fold{Series: erp, From: 0, Until: 100, Spans: []slo.Span{a, b, c}})
	f.spans(0, 10)
	f.spans(0, 11, a)
	f.spans(19, 20, a)
	f.spans(20, 21, b)
	f.spans(19, 21, a, b)
	f.spans(30, 50)
	f.spans(29, 51, b, c)
	f.spans(55, 56, c)
	f.spans(60, 100)
	f.spans(15, 15, a)
}

func testChunks(t *testing.T, f *fixture) {
	for _, n := range []int64{3, 1, 5} { // a late hour is not the newest
		f.put(int(n), store.Fold{Series: erp, Chunks: []store.Chunk{chunk(erp, n)}})
	}
	f.put(6, store.Fold{Series: erp, Chunks: []store.Chunk{chunk(erp, 2)}})
	got, err := f.Chunks(f.ctx(), erp, hour, 3*hour)
	same(t, "Chunks(1 h, 3 h)", got, err, []store.Chunk{chunk(erp, 1), chunk(erp, 2)})
	before, err := f.ChunkBefore(f.ctx(), erp, 5*hour)
	same(t, "ChunkBefore(5 h)", before, err, chunk(erp, 3))
	_, err = f.ChunkBefore(f.ctx(), erp, hour)
	missing(t, "ChunkBefore(1 h)", err)
	other := store.Series{Tenant: "acme", Check: "dns", Agent: "hq-1"}
	f.put(7, store.Fold{Series: other, Chunks: []store.Chunk{chunk(other, 4)}})
	latest, err := f.LatestChunks(f.ctx())
	same(t, "LatestChunks()", latest, err, []store.Chunk{chunk(other, 4), chunk(erp, 5)})
}

func testFoldsAtomic(t *testing.T, f *fixture) {
	f.put(1, store.Fold{Series: erp, From: 0, Until: 100, Spans: []slo.Span{span(10, 20)}})
	bad := []store.Fold{
		{Series: erp, From: 0, Until: 100, Spans: []slo.Span{span(30, 40)}, Chunks: []store.Chunk{chunk(erp, 1)}},
		{Series: erp, From: 0, Until: 0, Spans: []slo.Span{span(30, 35)}}, // a second span with that start
	}
	if err := f.PutFolds(f.ctx(), 2, bad); err == nil {
		t.Fatal("PutFolds with two spans of one start = nil, want an error")
	}
	f.spans(0, 100, span(10, 20))
	chunks, err := f.Chunks(f.ctx(), erp, 0, 10*hour)
	same(t, "Chunks", chunks, err, nil)
	applied, err := f.Applied(f.ctx())
	same(t, "Applied()", applied, err, 1)
}

func testTenants(t *testing.T, f *fixture) {
	other := erp
	other.Tenant = "globex"
	f.put(1, store.Fold{Series: erp, From: 0, Until: 100, Spans: []slo.Span{span(10, 20)}, Chunks: []store.Chunk{chunk(erp, 1)}})
	f.put(2, store.Fold{Series: other, From: 0, Until: 100, Spans: []slo.Span{span(15, 25)}, Chunks: []store.Chunk{chunk(other, 2)}})
	f.spans(0, 100, span(10, 20))
	chunks, err := f.Chunks(f.ctx(), other, 0, 10*hour)
	same(t, "Chunks of the other tenant", chunks, err, []store.Chunk{chunk(other, 2)})
	q, err := f.Quarantine(f.ctx(), "globex", 10)
	same(t, "Quarantine of the other tenant", q, err, nil)
}
