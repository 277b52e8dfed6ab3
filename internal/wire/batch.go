package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/nines-monitor/nines/internal/varint"
)

// Limits of a batch, before and after decompression.
const (
	MaxBatchBytes   = 1 << 20
	MaxBatchDecoded = 16 << 20
	MaxBatchResults = 200_000
)

// maxInstant is the year 9999: instants beyond it are garbage, and would overflow arithmetic.
const maxInstant = 253_402_300_800_000

// batchMagic opens every batch; its last byte is the version of the format.
var batchMagic = []byte{'n', 'i', 'n', 'e', 1}

// Batch is what an agent ships at once. Epoch names the agent's spool and may be any number but
// 0; Seq counts its batches from 1 without a gap, up to math.MaxInt64, which a database can hold.
type Batch struct {
	Epoch uint64
	Seq   uint64
	Runs  []Run
}

// Run holds results of one check. Within a run instants strictly increase.
type Run struct {
	Check      string
	IntervalMS int64 // of the grid, > 0
	PhaseMS    int64 // of the grid, 0 <= PhaseMS < IntervalMS
	Results    []Result
}

// Result is one outcome at one instant.
type Result struct {
	T         int64 // ms since the Unix epoch: a grid instant, or off the grid the probe's start
	Reason    Reason
	LatencyUS int64 // µs, >= 0; 0 when nothing was timed
}

var (
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithWindowSize(1<<18))
		if err != nil {
			panic(err) // the options are constant
		}
		return e
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(MaxBatchDecoded))
		if err != nil {
			panic(err)
		}
		return d
	})
)

// EncodeBatch gives the bytes of b; equal batches give identical bytes. A batch that
// DecodeBatch would refuse is an error.
//
// The layout is columnar: after epoch, sequence number and the number of runs come, for each
// run, its check, grid and count, then one column each of instants, reasons and latencies.
// An instant on the grid is the distance to the instant before it in intervals, times two; one
// off the grid is twice its distance in ms, plus one.
func EncodeBatch(b Batch) ([]byte, error) {
	if err := b.validate(); err != nil {
		return nil, err
	}
	raw := binary.AppendUvarint(nil, b.Epoch)
	raw = binary.AppendUvarint(raw, b.Seq)
	raw = binary.AppendUvarint(raw, uint64(len(b.Runs)))
	for _, r := range b.Runs {
		raw = r.append(raw)
	}
	if len(raw) > MaxBatchDecoded {
		return nil, fmt.Errorf("encode batch: %d bytes, at most %d", len(raw), MaxBatchDecoded)
	}
	out := encoder().EncodeAll(raw, append([]byte(nil), batchMagic...))
	if len(out) > MaxBatchBytes {
		return nil, fmt.Errorf("encode batch: %d bytes compressed, at most %d", len(out), MaxBatchBytes)
	}
	return out, nil
}

func (r Run) append(raw []byte) []byte {
	raw = varint.AppendString(raw, r.Check)
	raw = binary.AppendUvarint(raw, uint64(r.IntervalMS))
	raw = binary.AppendUvarint(raw, uint64(r.PhaseMS))
	raw = binary.AppendUvarint(raw, uint64(len(r.Results)))
	last := r.PhaseMS
	for _, x := range r.Results {
		gap := x.T - last
		if gap%r.IntervalMS == 0 {
			raw = binary.AppendUvarint(raw, uint64(gap/r.IntervalMS)<<1)
		} else {
			raw = binary.AppendUvarint(raw, uint64(gap)<<1|1)
		}
		last = x.T
	}
	for _, x := range r.Results {
		raw = binary.AppendUvarint(raw, uint64(x.Reason))
	}
	var before int64
	for _, x := range r.Results {
		raw = binary.AppendVarint(raw, x.LatencyUS-before)
		before = x.LatencyUS
	}
	return raw
}

// ErrVersion is returned for a batch in a format that this build does not know.
var ErrVersion = errors.New("batch of an unknown format version")

// DecodeBatch reads what EncodeBatch wrote, within the limits above. Whatever it accepts,
// EncodeBatch accepts, and gives a batch with the same meaning.
func DecodeBatch(data []byte) (Batch, error) {
	raw, err := unpack(data)
	if err != nil {
		return Batch{}, fmt.Errorf("decode batch: %w", err)
	}
	r := reader{Reader: varint.Reader{Rest: raw}}
	b := Batch{Epoch: r.Uvarint(), Seq: r.Uvarint()}
	runs, budget := r.Count(4), MaxBatchResults
	if runs > 0 {
		b.Runs = make([]Run, 0, runs)
	}
	for i := 0; i < runs && !r.Bad; i++ {
		b.Runs = append(b.Runs, r.run(&budget))
	}
	switch {
	case r.over:
		return Batch{}, fmt.Errorf("decode batch: more than %d results", MaxBatchResults)
	case r.Bad:
		return Batch{}, errors.New("decode batch: ends too early, or holds a number that cannot be")
	case !r.Done():
		return Batch{}, fmt.Errorf("decode batch: %d bytes after the end", len(r.Rest))
	}
	return b, b.validate()
}

// unpack checks the head of a batch and decompresses the rest, within the limits.
func unpack(data []byte) ([]byte, error) {
	if len(data) > MaxBatchBytes {
		return nil, fmt.Errorf("%d bytes, at most %d", len(data), MaxBatchBytes)
	}
	n := len(batchMagic)
	if len(data) < n || string(data[:n-1]) != string(batchMagic[:n-1]) {
		return nil, errors.New("not a batch")
	}
	if data[n-1] != batchMagic[n-1] {
		return nil, fmt.Errorf("version %d: %w", data[n-1], ErrVersion)
	}
	return decoder().DecodeAll(data[n:], nil)
}

// Results counts the results of all runs.
func (b Batch) Results() int {
	n := 0
	for _, r := range b.Runs {
		n += len(r.Results)
	}
	return n
}

func (b Batch) validate() error {
	if b.Epoch == 0 || b.Seq == 0 {
		return fmt.Errorf("batch: epoch %d, sequence number %d: both start at 1", b.Epoch, b.Seq)
	}
	if b.Seq > math.MaxInt64 {
		return fmt.Errorf("batch: sequence number %d, at most %d", b.Seq, int64(math.MaxInt64))
	}
	if n := b.Results(); n > MaxBatchResults {
		return fmt.Errorf("batch: %d results, at most %d", n, MaxBatchResults)
	}
	for _, r := range b.Runs {
		if err := r.Validate(); err != nil {
			return fmt.Errorf("batch: check %q: %w", r.Check, err)
		}
	}
	return nil
}

// Validate says why no batch can carry r.
func (r Run) Validate() error {
	if !ValidID(r.Check) {
		return errors.New("not a valid id")
	}
	if r.IntervalMS <= 0 || r.IntervalMS > maxInstant || r.PhaseMS < 0 || r.PhaseMS >= r.IntervalMS {
		return fmt.Errorf("interval %d ms, phase %d ms: no such grid", r.IntervalMS, r.PhaseMS)
	}
	last := r.PhaseMS - 1
	for i, x := range r.Results {
		switch {
		case x.T <= last || x.T >= maxInstant:
			return fmt.Errorf("result %d at %d ms: instants must increase and lie before the year 10000", i, x.T)
		case !x.Reason.Valid():
			return fmt.Errorf("result %d: reason %d is not in the vocabulary", i, x.Reason)
		case x.LatencyUS < 0 || x.LatencyUS > maxInstant:
			return fmt.Errorf("result %d: latency of %d µs", i, x.LatencyUS)
		}
		last = x.T
	}
	return nil
}

// reader reads the runs of a batch.
type reader struct {
	varint.Reader
	over bool // more results than a batch may have
}

func (r *reader) run(budget *int) Run {
	run := Run{Check: r.String(), IntervalMS: int64(r.Uvarint()), PhaseMS: int64(r.Uvarint())}
	count := r.Count(3)
	if *budget -= count; *budget < 0 {
		r.over = true
		r.Fail()
	}
	if run.IntervalMS <= 0 || run.IntervalMS > maxInstant {
		r.Fail()
	}
	if r.Bad || count == 0 {
		return run
	}
	run.Results = make([]Result, count)
	last := run.PhaseMS
	for i := range run.Results {
		last += r.gap(run.IntervalMS)
		run.Results[i].T = last
	}
	for i := range run.Results {
		// What is not in the vocabulary becomes 0, and validate names the result.
		if reason := r.Uvarint(); reason <= uint64(Forbidden) {
			run.Results[i].Reason = Reason(reason)
		}
	}
	var latency int64
	for i := range run.Results {
		latency += r.Varint()
		run.Results[i].LatencyUS = latency
	}
	return run
}

// gap reads the distance between two instants. Anything that would pass maxInstant is cut to
// it, and refused by validate.
func (r *reader) gap(interval int64) int64 {
	v := r.Uvarint()
	gap := v >> 1
	if v&1 == 0 {
		if gap > uint64(maxInstant/interval) {
			return maxInstant
		}
		return int64(gap) * interval
	}
	return int64(min(gap, maxInstant))
}
