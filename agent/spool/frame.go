package spool

import (
	"encoding/binary"
	"hash/crc32"
	"iter"
)

// A frame is one record in a segment: two bytes to find it by, the length of the payload, the
// CRC-32C (Castagnoli) of length and payload, then the payload.
const (
	frameHeader = 2 + 4 + 4
	maxPayload  = 2 << 20
)

var frameMagic = [2]byte{0xB9, 0x9D}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendFrame(dst, payload []byte) []byte {
	start := len(dst)
	dst = append(dst, frameMagic[:]...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	sum := frameSum(dst[start+2:start+6], payload)
	dst = binary.LittleEndian.AppendUint32(dst, sum)
	return append(dst, payload...)
}

func frameSum(length, payload []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, length), castagnoli, payload)
}

// frameAt gives the payload of the whole frame that data starts with.
func frameAt(data []byte) ([]byte, bool) {
	if len(data) < frameHeader || data[0] != frameMagic[0] || data[1] != frameMagic[1] {
		return nil, false
	}
	n := binary.LittleEndian.Uint32(data[2:])
	if n > maxPayload || uint64(n) > uint64(len(data)-frameHeader) {
		return nil, false
	}
	payload := data[frameHeader : frameHeader+int(n)]
	return payload, frameSum(data[2:6], payload) == binary.LittleEndian.Uint32(data[6:])
}

// piece is a stretch of a segment: one whole frame, or damage up to the next whole frame.
type piece struct {
	start, end int
	payload    []byte
	damaged    bool
}

// split cuts data into frames and the damage between them. The pieces cover data exactly.
func split(data []byte) iter.Seq[piece] {
	return func(yield func(piece) bool) {
		for at := 0; at < len(data); {
			if payload, ok := frameAt(data[at:]); ok {
				end := at + frameHeader + len(payload)
				if !yield(piece{start: at, end: end, payload: payload}) {
					return
				}
				at = end
				continue
			}
			end := nextFrame(data, at+1)
			if !yield(piece{start: at, end: end, damaged: true}) {
				return
			}
			at = end
		}
	}
}

// nextFrame gives the place of the first whole frame from at on, or the end of data.
func nextFrame(data []byte, at int) int {
	for ; at < len(data); at++ {
		if _, ok := frameAt(data[at:]); ok {
			return at
		}
	}
	return len(data)
}
