package spool

import "testing"

// The path of one result: into the log on disk, without the sync that many share.
func BenchmarkAppend(b *testing.B) {
	s, err := Open(b.TempDir(), Options{MaxBytes: 64 << 20})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	e := entry(1)
	for b.Loop() {
		e.Result.T++
		if err := s.Append(e, false); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "results/s")
}

// The path of a backlog: from the log into durable batches, and out.
func BenchmarkDrain(b *testing.B) {
	s, err := Open(b.TempDir(), Options{MaxBytes: 256 << 20})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	results := 0
	for b.Loop() {
		b.StopTimer()
		for n := range 20_000 {
			if err := s.Append(entry(results+n), false); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		for {
			batch, ok, err := s.Next()
			if err != nil {
				b.Fatal(err)
			}
			if !ok {
				break
			}
			results += batch.Results
			if err := s.Done(batch, batch.Seq); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(results)/b.Elapsed().Seconds(), "results/s")
}

// A start with a full spool: 100,000 results that wait.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s, err := Open(dir, Options{MaxBytes: 256 << 20})
	if err != nil {
		b.Fatal(err)
	}
	const n = 100_000
	for i := range n {
		if err := s.Append(entry(i), false); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Open(dir, Options{MaxBytes: 256 << 20}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "results/s")
}
