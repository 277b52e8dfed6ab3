package spool

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func edit(t tester, path string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	if err := os.WriteFile(path, change(data), 0o600); err != nil {
		t.Fatalf("write: %v", err)
	}
}

func newest(t tester, dir, log string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, log+"-*.log"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no segment of %s in %s", log, dir)
	}
	return slices.Max(found)
}

func TestAFlippedByteCostsOneResult(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	add(t, s, 0, 8)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := newest(t, dir, "results")
	pristine, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range pristine { // every byte in turn
		scratch := t.TempDir()
		data := bytes.Clone(pristine)
		data[at] ^= 0x41
		if err := os.WriteFile(filepath.Join(scratch, filepath.Base(path)), data, 0o600); err != nil {
			t.Fatal(err)
		}
		s := openWith(t, scratch, Options{MaxBytes: MiB})
		got := drain(t, s)
		if len(got) < 7 || !slices.IsSorted(got) {
			t.Fatalf("byte %d flipped: %d of 8 results come out, want at least 7, in order", at, len(got))
		}
		if lost := 8 - len(got); s.metrics.damaged.Get() == 0 && lost > 0 {
			t.Fatalf("byte %d flipped: %d lost and no damage counted", at, lost)
		}
		if s.metrics.damaged.Get() > 0 && len(files(t, filepath.Join(scratch, "quarantine", "results-*.bad"))) == 0 {
			t.Fatalf("byte %d flipped: nothing in quarantine", at)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestATornEndCostsOnlyItself(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	add(t, s, 0, 50)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := newest(t, dir, "results")
	edit(t, path, func(data []byte) []byte { return data[:len(data)-7] })
	s = open(t, dir)
	add(t, s, 50, 60)
	if got, want := drain(t, s), append(upTo(0, 49), upTo(50, 60)...); !reflect.DeepEqual(got, want) {
		t.Errorf("after a torn end: %v, want all but 49", got)
	}
	if got := s.metrics.damaged.Get(); got != 1 {
		t.Errorf("damage counted: %d, want 1", got)
	}
}

func TestADamagedBatchIsMadeAnewUnderFreshNumbers(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	add(t, s, 0, 50)
	first, _ := next(t, s)
	if err := s.Done(first, first.Seq); err != nil {
		t.Fatal(err)
	}
	add(t, s, 50, 90)
	lost, _ := next(t, s) // perhaps sent, perhaps not
	edit(t, newest(t, dir, "batches"), func(data []byte) []byte { data[len(data)-3] ^= 1; return data })
	s = open(t, dir)
	again, ok := next(t, s)
	if !ok || again.Epoch == lost.Epoch || again.Seq != 1 {
		t.Errorf("after damage: batch %d of epoch %d, want number 1 of a new epoch", again.Seq, again.Epoch)
	}
	if got := numbers(t, again); !reflect.DeepEqual(got, upTo(50, 90)) {
		t.Errorf("after damage: %v, want the results of the damaged batch, 50 to 89", got)
	}
	if len(files(t, filepath.Join(dir, "quarantine", "batches-*.bad"))) != 1 {
		t.Error("the damaged batch is not in quarantine")
	}
}

func TestABatchThatIsDamagedWhileTheAgentRunsIsMadeAnew(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	add(t, s, 0, 50)
	lost, _ := next(t, s)
	s = open(t, dir)
	edit(t, newest(t, dir, "batches"), func(data []byte) []byte { data[len(data)-3] ^= 1; return data })
	add(t, s, 50, 60)
	again, ok := next(t, s)
	if !ok || again.Epoch == lost.Epoch {
		t.Errorf("after damage: batch %d of epoch %d, want another epoch", again.Seq, again.Epoch)
	}
	if got := numbers(t, again); !reflect.DeepEqual(got, upTo(0, 60)) {
		t.Errorf("after damage: %v, want 0 to 59", got)
	}
}

func TestARecordThatNoBatchCanCarryIsSetAside(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	add(t, s, 0, 5)
	for _, payload := range [][]byte{
		{}, {kindResult}, {kindMark}, {99, 1, 2, 3}, appendMark(nil, mark{}),
		appendEntry(nil, Entry{Check: "NOT AN ID", IntervalMS: 1000, Result: entry(1).Result}),
		append(appendEntry(nil, entry(1)), 0),
	} {
		if _, _, err := s.results.append(payload); err != nil { // with a good checksum
			t.Fatal(err)
		}
	}
	add(t, s, 5, 10)
	if got := drain(t, s); !reflect.DeepEqual(got, upTo(0, 10)) {
		t.Errorf("among records that make no sense: %v, want 0 to 9", got)
	}
	if got := s.metrics.damaged.Get(); got != 7 {
		t.Errorf("set aside: %d, want 7", got)
	}
}

func TestResultsAfterADeletedLogAreNotTakenForOldOnes(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, dir, Options{MaxBytes: MiB})
	add(t, s, 0, 9000) // several segments
	drain(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range files(t, filepath.Join(dir, "results-*.log")) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, dir)
	add(t, s, 9000, 9010)
	if got := drain(t, s); !reflect.DeepEqual(got, upTo(9000, 9010)) {
		t.Errorf("after the results log was deleted: %v, want 9000 to 9009", got)
	}
}

func TestDamageBeforeAMarkIsHistory(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	add(t, s, 0, 50)
	first, _ := next(t, s)
	drain(t, s)
	edit(t, newest(t, dir, "batches"), func(data []byte) []byte { data[frameHeader*3] ^= 1; return data })
	s = open(t, dir)
	add(t, s, 50, 60)
	if b, _ := next(t, s); b.Epoch != first.Epoch || b.Seq != 2 {
		t.Errorf("damage in a delivered batch: next is %d of epoch %d, want 2 of %d", b.Seq, b.Epoch, first.Epoch)
	}
}

func TestGarbageInTheDirectoryIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{
		"results-zz.log": "x", "results-1.log": "x", "notes.txt": "keep me", "batches-0000000000000001.log": "not a log at all",
		"results-0000000000000007.log": string(make([]byte, 4096)),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir)
	add(t, s, 0, 10)
	if got := drain(t, s); !reflect.DeepEqual(got, upTo(0, 10)) {
		t.Errorf("beside garbage: %v, want 0 to 9", got)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "notes.txt")); err != nil || string(data) != "keep me" {
		t.Errorf("notes.txt = %q, %v; want it untouched", data, err)
	}
}

// Whatever the order of appending, shipping and crashing: what was appended comes out in order,
// and once, unless the collector's answer was lost, when the same bytes come again.
func TestOnceAndInOrderThroughCrashes(t *testing.T) {
	disk := t.TempDir
	rapid.Check(t, func(t *rapid.T) {
		dir := disk()
		s := open(t, dir)
		defer func() { _ = s.Close() }()
		appended := 0
		var delivered []int
		sent := map[[2]uint64][]byte{}
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				n := rapid.IntRange(1, 2000).Draw(t, "n")
				add(t, s, appended, appended+n)
				appended += n
			},
			"send": func(t *rapid.T) {
				b, ok := next(t, s)
				if !ok {
					return
				}
				id := [2]uint64{b.Epoch, b.Seq}
				before, repeat := sent[id]
				if repeat && !bytes.Equal(before, b.Body) {
					t.Fatalf("batch %v differs from what was sent under its number", id)
				}
				sent[id] = b.Body
				if !repeat {
					delivered = append(delivered, numbers(t, b)...)
				}
				if rapid.Bool().Draw(t, "answer arrives") {
					if err := s.Done(b, b.Seq); err != nil {
						t.Fatalf("Done = %v", err)
					}
				}
			},
			"crash": func(t *rapid.T) {
				old := s
				s = open(t, dir)
				old.results.abandon()
				old.batches.abandon()
			},
			"torn end": func(t *rapid.T) {
				if appended == 0 {
					return
				}
				old := s
				f, err := os.OpenFile(newest(t, dir, "results"), os.O_APPEND|os.O_WRONLY, 0)
				if err != nil {
					return
				}
				_, _ = f.Write(appendFrame(nil, appendEntry(nil, entry(1)))[:rapid.IntRange(1, 20).Draw(t, "torn at")])
				_ = f.Close()
				s = open(t, dir)
				old.results.abandon()
				old.batches.abandon()
			},
			"flush": func(t *rapid.T) {
				if err := s.Flush(); err != nil {
					t.Fatalf("Flush = %v", err)
				}
			},
			"": func(t *rapid.T) {
				if len(delivered) > appended || !reflect.DeepEqual(delivered, upTo(0, len(delivered))) {
					t.Fatalf("%d delivered of %d appended, want a beginning of them, in order, once", len(delivered), appended)
				}
			},
		})
		for {
			b, ok := next(t, s)
			if !ok {
				break
			}
			if _, repeat := sent[[2]uint64{b.Epoch, b.Seq}]; !repeat {
				delivered = append(delivered, numbers(t, b)...)
			}
			if err := s.Done(b, b.Seq); err != nil {
				t.Fatalf("Done = %v", err)
			}
		}
		if !reflect.DeepEqual(delivered, upTo(0, appended)) {
			t.Fatalf("%d delivered in the end, want all %d", len(delivered), appended)
		}
	})
}

func FuzzSplit(f *testing.F) {
	f.Add(appendFrame(appendFrame(nil, []byte("one")), []byte("two")))
	f.Add(append([]byte("junk"), appendFrame(nil, appendEntry(nil, entry(3)))...))
	f.Add(bytes.Repeat(frameMagic[:], 50))
	f.Fuzz(func(t *testing.T, data []byte) {
		at := 0
		var again []byte
		for p := range split(data) {
			if p.start != at || p.end <= p.start {
				t.Fatalf("piece %d..%d follows %d, want pieces that cover the data", p.start, p.end, at)
			}
			at = p.end
			if p.damaged {
				again = append(again, data[p.start:p.end]...)
			} else {
				again = appendFrame(again, p.payload)
			}
		}
		if at != len(data) || !bytes.Equal(again, data) {
			t.Fatalf("pieces end at %d and give %x, want the %d bytes back", at, again, len(data))
		}
	})
}

func FuzzRecords(f *testing.F) {
	f.Add(appendEntry(nil, entry(1)))
	f.Add(appendMark(nil, mark{1, 2, 3, position{4, 5}, 6, position{7, 8}}))
	f.Add(appendHeader(nil, header{1, 2, 3, position{4, 5}, 6, 7}, []byte("body")))
	f.Fuzz(func(t *testing.T, payload []byte) {
		switch kindOf(payload) {
		case kindResult:
			if e, err := readEntry(payload); err == nil {
				if back, err := readEntry(appendEntry(nil, e)); err != nil || back != e {
					t.Fatalf("entry %+v comes back as %+v, %v", e, back, err)
				}
			}
		case kindMark:
			if m, err := readMark(payload); err == nil {
				if back, err := readMark(appendMark(nil, m)); err != nil || back != m {
					t.Fatalf("mark %+v comes back as %+v, %v", m, back, err)
				}
			}
		case kindBatch:
			if h, body, err := readHeader(payload); err == nil {
				back, rest, err := readHeader(appendHeader(nil, h, body))
				if err != nil || back != h || !bytes.Equal(rest, body) {
					t.Fatalf("batch %+v comes back as %+v, %v", h, back, err)
				}
			}
		case kindLast:
			_ = readLast(payload, func(string, int64) {})
		}
	})
}

// Random damage anywhere: the spool opens, nothing comes out that did not go in, and new
// results pass.
func TestAnyDamageLeavesAWorkingSpool(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		dir := t.TempDir()
		s := openWith(t, dir, Options{MaxBytes: MiB})
		add(t, s, 0, 300)
		if b, ok := next(t, s); ok && round%2 == 0 {
			if err := s.Done(b, b.Seq); err != nil {
				t.Fatal(err)
			}
		}
		add(t, s, 300, 400)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for _, path := range files(t, filepath.Join(dir, "*.log")) {
			edit(t, path, func(data []byte) []byte {
				for range 1 + rng.IntN(5) {
					switch at := rng.IntN(len(data)); rng.IntN(3) {
					case 0:
						data[at] ^= byte(1 + rng.IntN(255))
					case 1:
						data = data[:at+1]
					case 2:
						data = slices.Insert(data, at, make([]byte, rng.IntN(40))...)
					}
				}
				return data
			})
		}
		s = openWith(t, dir, Options{MaxBytes: MiB})
		drain(t, s) // numbers() fails on anything that did not go in
		add(t, s, 400, 420)
		if got := drain(t, s); !reflect.DeepEqual(got, upTo(400, 420)) {
			t.Fatalf("round %d: after damage %v comes out, want 400 to 419", round, got)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
