// Package varint takes variable-length integers off a slice of bytes (the encoding of
// encoding/binary), for decoders that read many values and look at the outcome once.
//
// It promises that no input panics, and that after the first value that is not there every
// further one is zero. It knows no format.
package varint

import "encoding/binary"

// Reader reads values from the front of Rest. The zero value reads nothing. It is not safe
// for concurrent use.
type Reader struct {
	Rest []byte // what has not been read yet
	Bad  bool   // a value was not there, or the caller has called Fail
}

// Fail marks the input as wrong: everything from here on reads as zero.
func (r *Reader) Fail() { r.Bad, r.Rest = true, nil }

// Done reports whether all was read and nothing was wrong.
func (r *Reader) Done() bool { return !r.Bad && len(r.Rest) == 0 }

// Uvarint reads an unsigned value.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.Rest)
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.Rest = r.Rest[n:]
	return v
}

// Varint reads a signed value.
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.Rest)
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.Rest = r.Rest[n:]
	return v
}

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if len(r.Rest) == 0 {
		r.Fail()
		return 0
	}
	b := r.Rest[0]
	r.Rest = r.Rest[1:]
	return b
}

// Count reads how many things follow, of which each takes at least size bytes, so that a lie
// cannot make a caller allocate more than was sent.
func (r *Reader) Count(size int) int {
	n := r.Uvarint()
	if n > uint64(len(r.Rest)/size) {
		r.Fail()
		return 0
	}
	return int(n)
}

// String reads a length and as many bytes.
func (r *Reader) String() string {
	n := r.Count(1)
	s := string(r.Rest[:n])
	r.Rest = r.Rest[n:]
	return s
}

// AppendString appends what String reads.
func AppendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}
