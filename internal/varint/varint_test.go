package varint

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"
)

func TestReaderGivesBackWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u, v := rapid.Uint64().Draw(t, "u"), rapid.Int64().Draw(t, "v")
		b, s := rapid.Byte().Draw(t, "b"), rapid.String().Draw(t, "s")
		data := binary.AppendVarint(binary.AppendUvarint(nil, u), v)
		data = AppendString(append(data, b), s)
		r := Reader{Rest: data}
		if gu, gv, gb, gs := r.Uvarint(), r.Varint(), r.Byte(), r.String(); gu != u || gv != v || gb != b || gs != s || !r.Done() {
			t.Fatalf("read %d, %d, %d, %q, done %t; want %d, %d, %d, %q", gu, gv, gb, gs, r.Done(), u, v, b, s)
		}
		cut := Reader{Rest: data[:rapid.IntRange(0, len(data)-1).Draw(t, "cut")]}
		cut.Uvarint()
		cut.Varint()
		cut.Byte()
		if _ = cut.String(); !cut.Bad || cut.Done() {
			t.Fatal("a cut input is not bad")
		}
	})
}

func TestWhatFollowsAFaultIsZero(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing": nil, "endless": {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, "a count that lies": {200, 1, 'x'},
	} {
		r := Reader{Rest: data}
		if n := r.Count(1); n != 0 || !r.Bad {
			t.Errorf("Count(%s) = %d, bad %t; want 0 and bad", name, n, r.Bad)
		}
		if r.Uvarint() != 0 || r.Varint() != 0 || r.Byte() != 0 || r.String() != "" {
			t.Errorf("after %s something was read", name)
		}
	}
}
