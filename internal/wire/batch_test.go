package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files")

func sample() Batch {
	b := Batch{Epoch: 7, Seq: 42}
	grid := Run{Check: "erp-web", IntervalMS: 15_000, PhaseMS: 350}
	for k := range int64(100) {
		grid.Results = append(grid.Results, Result{T: 1_790_000_010_350 + k*15_000, Reason: OK, LatencyUS: 12_000 + k%7*131})
	}
	grid.Results[40].Reason, grid.Results[40].LatencyUS = Timeout, 0
	off := Result{T: grid.Results[40].T + 5_017, Reason: Refused}
	grid.Results = append(grid.Results[:41], append([]Result{off}, grid.Results[41:]...)...)
	b.Runs = []Run{grid, {Check: "gateway", IntervalMS: 30_000, Results: []Result{{T: 1_790_000_010_000, Reason: NoPermission}}}}
	return b
}

// TestGoldenBatch holds the format still: an agent in the field speaks it for years.
func TestGoldenBatch(t *testing.T) {
	got, err := EncodeBatch(sample())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "batch-v1.hex")
	if *update {
		if err := os.WriteFile(path, []byte(hex.EncodeToString(got)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeBatch(want)
	if err != nil || !reflect.DeepEqual(back, sample()) {
		t.Errorf("DecodeBatch(golden) = %+v, %v; want the sample", back, err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("EncodeBatch(sample) differs from %s; a change of the format needs a new version", path)
	}
}

func TestEncodeRefusesWhatDecodeWould(t *testing.T) {
	for name, spoil := range map[string]func(*Batch){
		"no epoch":              func(b *Batch) { b.Epoch = 0 },
		"no sequence number":    func(b *Batch) { b.Seq = 0 },
		"a number beyond int64": func(b *Batch) { b.Seq = math.MaxInt64 + 1 },
		"bad id":                func(b *Batch) { b.Runs[0].Check = "../etc" },
		"no interval":           func(b *Batch) { b.Runs[0].IntervalMS = 0 },
		"phase off the grid":    func(b *Batch) { b.Runs[0].PhaseMS = 15_000 },
		"instant twice":         func(b *Batch) { b.Runs[0].Results[1].T = b.Runs[0].Results[0].T },
		"instant before phase":  func(b *Batch) { b.Runs[0].Results[0].T = -1 },
		"year 10000":            func(b *Batch) { b.Runs[1].Results[0].T = maxInstant },
		"reason not in the set": func(b *Batch) { b.Runs[0].Results[3].Reason = 999 },
		"negative latency":      func(b *Batch) { b.Runs[0].Results[3].LatencyUS = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			b := sample()
			spoil(&b)
			if _, err := EncodeBatch(b); err == nil {
				t.Error("EncodeBatch = nil error, want one")
			}
		})
	}
}

func TestDecodeBatchRejects(t *testing.T) {
	good, err := EncodeBatch(sample())
	if err != nil {
		t.Fatal(err)
	}
	newer := bytes.Clone(good)
	newer[4] = 2
	if _, err := DecodeBatch(newer); !errors.Is(err, ErrVersion) {
		t.Errorf("DecodeBatch(version 2) = %v, want ErrVersion", err)
	}
	bomb := encoder().EncodeAll(make([]byte, MaxBatchDecoded+1), bytes.Clone(batchMagic))
	many := encoder().EncodeAll([]byte{1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f}, bytes.Clone(batchMagic))
	unheard := binary.AppendUvarint([]byte{1}, math.MaxUint64) // the sequence number
	unheard = encoder().EncodeAll(append(unheard, 0), bytes.Clone(batchMagic))
	for name, data := range map[string][]byte{
		"a sequence number beyond int64": unheard,
		"nothing":                        nil, "text": []byte("hello, collector"), "cut": good[:len(good)-3], "bomb": bomb,
		"too long": make([]byte, MaxBatchBytes+1), "a count that lies": many,
	} {
		if b, err := DecodeBatch(data); err == nil {
			t.Errorf("DecodeBatch(%s) = %+v, want an error", name, b)
		}
	}
}

func TestBatchRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Batch{Epoch: rapid.Uint64Min(1).Draw(t, "epoch"), Seq: rapid.Uint64Range(1, math.MaxInt64).Draw(t, "seq")}
		for range rapid.IntRange(0, 4).Draw(t, "runs") {
			b.Runs = append(b.Runs, drawRun(t))
		}
		data, err := EncodeBatch(b)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeBatch(data)
		if err != nil || !reflect.DeepEqual(back, b) {
			t.Fatalf("DecodeBatch(EncodeBatch(b)) = %+v, %v; want %+v", back, err, b)
		}
	})
}

func drawRun(t *rapid.T) Run {
	r := Run{
		Check:      rapid.StringMatching(`[a-z0-9]{1,20}`).Draw(t, "check"),
		IntervalMS: rapid.Int64Range(1, 1e8).Draw(t, "interval"),
	}
	r.PhaseMS = rapid.Int64Range(0, r.IntervalMS-1).Draw(t, "phase")
	at := r.PhaseMS + rapid.Int64Range(0, 1e12).Draw(t, "start")
	for range rapid.IntRange(0, 50).Draw(t, "results") {
		r.Results = append(r.Results, Result{
			T: at, Reason: rapid.SampledFrom(Reasons()).Draw(t, "reason"),
			LatencyUS: rapid.Int64Range(0, 1e9).Draw(t, "latency"),
		})
		at += rapid.SampledFrom([]int64{r.IntervalMS, 3 * r.IntervalMS, 1, 777}).Draw(t, "gap")
	}
	return r
}

func FuzzDecodeBatch(f *testing.F) {
	good, err := EncodeBatch(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(encoder().EncodeAll([]byte{1, 1, 1, 1, 'a', 1, 0, 1, 3, 1, 0}, bytes.Clone(batchMagic)))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := DecodeBatch(data)
		if err != nil {
			return
		}
		again, err := EncodeBatch(b)
		if err != nil {
			t.Fatalf("EncodeBatch of what DecodeBatch accepted: %v", err)
		}
		if back, err := DecodeBatch(again); err != nil || !reflect.DeepEqual(back, b) {
			t.Fatalf("second round = %+v, %v; want %+v", back, err, b)
		}
	})
}
