package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/nines-monitor/nines/internal/varint"
	"github.com/nines-monitor/nines/internal/wire"
)

// hourMS is the length of a chunk, and the most observations one can have.
const hourMS = 3_600_000

// observationsV1 opens the encoding, so that a later one can be told from it.
const observationsV1 = 1

// EncodeObservations gives the bytes in which engines keep a chunk's observations: instants,
// reasons and latencies as columns. Gaps between instants and reasons are runs of equal values,
// so that an hour on its grid without a change takes a few bytes; latencies are differences.
// The observations must be in order of time and within the hour.
func EncodeObservations(hour int64, results []wire.Result) []byte {
	out := append(make([]byte, 0, 24+3*len(results)), observationsV1)
	out = binary.AppendUvarint(out, uint64(len(results)))
	last := hour - 1
	out = appendRuns(out, len(results), func(i int) uint64 {
		gap := results[i].T - last
		last = results[i].T
		return uint64(gap)
	})
	out = appendRuns(out, len(results), func(i int) uint64 { return uint64(results[i].Reason) })
	var before int64
	for _, x := range results {
		out = binary.AppendVarint(out, x.LatencyUS-before)
		before = x.LatencyUS
	}
	return out
}

// appendRuns encodes n values as pairs of a value and how often it comes in a row.
func appendRuns(out []byte, n int, value func(int) uint64) []byte {
	var run uint64
	length := 0
	for i := range n {
		v := value(i)
		if length > 0 && v != run {
			out = binary.AppendUvarint(binary.AppendUvarint(out, run), uint64(length))
			length = 0
		}
		run = v
		length++
	}
	if length > 0 {
		out = binary.AppendUvarint(binary.AppendUvarint(out, run), uint64(length))
	}
	return out
}

var errDamaged = errors.New("damaged")

// DecodeObservations reads what EncodeObservations wrote. Anything else is an error.
func DecodeObservations(hour int64, data []byte) ([]wire.Result, error) {
	results, err := decodeObservations(hour, data)
	if err != nil {
		return nil, fmt.Errorf("decode observations of hour %d: %w", hour, err)
	}
	return results, nil
}

func decodeObservations(hour int64, data []byte) ([]wire.Result, error) {
	if len(data) == 0 {
		return nil, errDamaged
	}
	if data[0] != observationsV1 {
		return nil, fmt.Errorf("version %d is not known", data[0])
	}
	d := columns{varint.Reader{Rest: data[1:]}}
	n := d.Uvarint()
	if n > hourMS || n > uint64(len(d.Rest)) { // a latency takes a byte at least
		return nil, errDamaged
	}
	results := make([]wire.Result, n)
	last := hour - 1
	d.runs(len(results), func(i int, gap uint64) bool {
		last += int64(min(gap, hourMS+1))
		results[i].T = last
		return gap > 0 && last < hour+hourMS
	})
	d.runs(len(results), func(i int, reason uint64) bool {
		results[i].Reason = wire.Reason(reason)
		return reason <= math.MaxUint16
	})
	var latency int64
	for i := range results {
		latency += d.Varint()
		results[i].LatencyUS = latency
	}
	if !d.Done() {
		return nil, errDamaged
	}
	return results, nil
}

// columns reads run-length encoded columns.
type columns struct{ varint.Reader }

// runs decodes n values; set says whether it will have each.
func (d *columns) runs(n int, set func(i int, v uint64) bool) {
	for i := 0; i < n && !d.Bad; {
		v, length := d.Uvarint(), d.Uvarint()
		if length == 0 || length > uint64(n-i) {
			d.Fail()
			return
		}
		for range length {
			if !set(i, v) {
				d.Fail()
				return
			}
			i++
		}
	}
}
