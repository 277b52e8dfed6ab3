package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
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

// Batch is what an agent ships at once. Epoch names the agent's spool, Seq counts its batches
// from 1 without a gap.
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
	raw = binary.AppendUvarint(raw, uint64(len(r.Check)))
	raw = append(raw, r.Check...)
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
	if len(data) > MaxBatchBytes {
		return Batch{}, fmt.Errorf("decode batch: %d bytes, at most %d", len(data), MaxBatchBytes)
	}
	n := len(batchMagic)
	if len(data) < n || string(data[:n-1]) != string(batchMagic[:n-1]) {
		return Batch{}, errors.New("decode batch: not a batch")
	}
	if data[n-1] != batchMagic[n-1] {
		return Batch{}, fmt.Errorf("decode batch: version %d: %w", data[n-1], ErrVersion)
	}
	raw, err := decoder().DecodeAll(data[n:], nil)
	if err != nil {
		return Batch{}, fmt.Errorf("decode batch: %w", err)
	}
	r := reader{rest: raw}
	b := Batch{Epoch: r.uvarint(), Seq: r.uvarint()}
	runs, budget := r.count(4), MaxBatchResults
	if r.err == nil && runs > 0 {
		b.Runs = make([]Run, 0, runs)
	}
	for i := 0; i < runs && r.err == nil; i++ {
		run := r.run(&budget)
		b.Runs = append(b.Runs, run)
	}
	if r.err == nil && len(r.rest) > 0 {
		r.err = fmt.Errorf("%d bytes after the end", len(r.rest))
	}
	if r.err != nil {
		return Batch{}, fmt.Errorf("decode batch: %w", r.err)
	}
	return b, b.validate()
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

// reader takes varints off a slice and keeps the first error.
type reader struct {
	rest []byte
	err  error
}

var errShort = errors.New("ends too early")

func (r *reader) uvarint() uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.err = errShort
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// count reads a number of things of which each takes at least size bytes, so that a lie
// cannot make us allocate more than was sent.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if r.err == nil && n > uint64(len(r.rest)/size) {
		r.err = errShort
	}
	if r.err != nil {
		return 0
	}
	return int(n)
}

func (r *reader) run(budget *int) Run {
	n := r.count(1)
	if r.err != nil {
		return Run{}
	}
	run := Run{Check: string(r.rest[:n])}
	r.rest = r.rest[n:]
	run.IntervalMS, run.PhaseMS = int64(r.uvarint()), int64(r.uvarint())
	count := r.count(3)
	if *budget -= count; *budget < 0 {
		r.err = fmt.Errorf("more than %d results", MaxBatchResults)
	}
	if r.err == nil && (run.IntervalMS <= 0 || run.IntervalMS > maxInstant) {
		r.err = fmt.Errorf("interval of %d ms", run.IntervalMS)
	}
	if r.err != nil || count == 0 {
		return run
	}
	run.Results = make([]Result, count)
	last := run.PhaseMS
	for i := range run.Results {
		last += r.gap(run.IntervalMS)
		run.Results[i].T = last
	}
	for i := range run.Results {
		reason := r.uvarint()
		if reason > uint64(Forbidden) {
			reason = 0 // not in the vocabulary: validate names the result
		}
		run.Results[i].Reason = Reason(reason)
	}
	var latency int64
	for i := range run.Results {
		latency += r.varint()
		run.Results[i].LatencyUS = latency
	}
	return run
}

// gap reads the distance between two instants. Anything that would pass maxInstant is cut to
// it, and refused by validate.
func (r *reader) gap(interval int64) int64 {
	v := r.uvarint()
	gap := v >> 1
	if v&1 == 0 {
		if gap > uint64(maxInstant/interval) {
			return maxInstant
		}
		return int64(gap) * interval
	}
	return int64(min(gap, maxInstant))
}
