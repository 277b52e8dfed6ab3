package store

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/nines-monitor/nines/internal/wire"
)

const hour = 500_000 * hourMS

func onGrid(count int, interval int64) (results []wire.Result) {
	for i := range int64(count) {
		results = append(results, wire.Result{T: hour + 250 + i*interval, Reason: wire.OK, LatencyUS: 12_000 + i%7*90})
	}
	return results
}

func TestObservationsComeBack(t *testing.T) {
	reasons := wire.Reasons()
	rapid.Check(t, func(r *rapid.T) {
		instants := rapid.SliceOfNDistinct(rapid.Int64Range(0, hourMS-1), 0, 50, rapid.ID).Draw(r, "instants")
		slices.Sort(instants)
		want := make([]wire.Result, len(instants))
		for i, t := range instants {
			want[i] = wire.Result{T: hour + t, Reason: rapid.SampledFrom(reasons).Draw(r, "reason"), LatencyUS: rapid.Int64Range(0, math.MaxInt64/4).Draw(r, "latency")}
		}
		got, err := DecodeObservations(hour, EncodeObservations(hour, want))
		if err != nil || !slices.Equal(got, want) {
			r.Fatalf("decode(encode) = %v, %v, want %v", got, err, want)
		}
	})
}

func TestObservationsAreSmall(t *testing.T) {
	data := EncodeObservations(hour, onGrid(120, 30_000))
	if perResult := float64(len(data)) / 120; perResult > 2.2 {
		t.Errorf("an hour on the grid takes %.2f bytes a result, want at most 2.2", perResult)
	}
}

func TestDamagedObservations(t *testing.T) {
	whole := EncodeObservations(hour, onGrid(5, 30_000))
	for name, data := range map[string][]byte{
		"nothing":                       nil,
		"another version":               append([]byte{9}, whole[1:]...),
		"one byte too few":              whole[:len(whole)-1],
		"one byte too many":             append(bytes.Clone(whole), 0),
		"more results than bytes":       {1, 0xff, 0xff, 0x7f, 1, 1},
		"a run longer than the results": {1, 1, 1, 200, 1, 1, 1, 0},
		"instants that stand still":     {1, 2, 0, 2, 1, 2, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := DecodeObservations(hour, data); err == nil {
				t.Errorf("DecodeObservations(%v) = %v, want an error", data, got)
			}
		})
	}
}

// FuzzDecodeObservations holds that whatever is accepted means the same after another round.
func FuzzDecodeObservations(f *testing.F) {
	f.Add(EncodeObservations(hour, nil))
	f.Add(EncodeObservations(hour, onGrid(120, 30_000)))
	f.Add(EncodeObservations(hour, []wire.Result{{T: hour, Reason: wire.Timeout}, {T: hour + hourMS - 1, Reason: wire.Uplink, LatencyUS: 1 << 40}}))
	f.Add([]byte{1, 0xff, 0xff, 0x7f, 1, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		results, err := DecodeObservations(hour, data)
		if err != nil {
			return
		}
		last := int64(hour - 1)
		for _, x := range results {
			if x.T <= last || x.T >= hour+hourMS {
				t.Fatalf("instant %d after %d", x.T, last)
			}
			last = x.T
		}
		again, err := DecodeObservations(hour, EncodeObservations(hour, results))
		if err != nil || !reflect.DeepEqual(again, results) {
			t.Fatalf("second round = %v, %v, want %v", again, err, results)
		}
	})
}
