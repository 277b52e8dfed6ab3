package spool

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/nines-monitor/nines/internal/varint"
	"github.com/nines-monitor/nines/internal/wire"
)

// Kinds of record, the first byte of a payload. The numbers are on disk: never reuse one.
const (
	kindResult = 1 // results log: an Entry
	kindLast   = 2 // results log, at the head of a segment: the last instants of checks
	kindBatch  = 3 // batch log: a batch with its bytes
	kindMark   = 4 // batch log: how far the spool is
)

// Entry is one result with the grid that it was made on.
type Entry struct {
	Check      string
	IntervalMS int64
	PhaseMS    int64
	Result     wire.Result
}

// position is a place in the results log.
type position struct{ segment, offset uint64 }

// mark is how far the spool is. Serial numbers count batches over all epochs.
type mark struct {
	epoch, seq uint64   // of the last batch made
	serial     uint64   // of the last batch made
	cursor     position // the next batch starts here
	done       uint64   // serial of the last batch that is settled
	doneCursor position // results before it are settled
}

// header is all of a batch but its bytes.
type header struct {
	epoch, seq, serial uint64
	after              position // the next batch starts here
	madeMS             uint64
	results            uint64
}

var errRecord = errors.New("record does not hold what its kind says")

// kindOf gives the kind of a record; 0: it has none.
func kindOf(payload []byte) byte {
	if len(payload) == 0 {
		return 0
	}
	return payload[0]
}

func appendEntry(dst []byte, e Entry) []byte {
	dst = append(dst, kindResult)
	dst = varint.AppendString(dst, e.Check)
	for _, v := range [...]int64{e.IntervalMS, e.PhaseMS, e.Result.T, int64(e.Result.Reason), e.Result.LatencyUS} {
		dst = binary.AppendVarint(dst, v)
	}
	return dst
}

// readEntry reads an entry that a batch can carry.
func readEntry(payload []byte) (Entry, error) {
	e, err := parseEntry(payload)
	if err != nil {
		return Entry{}, err
	}
	return e, e.validate()
}

func parseEntry(payload []byte) (Entry, error) {
	r := varint.Reader{Rest: payload[1:]}
	e := Entry{Check: r.String(), IntervalMS: r.Varint(), PhaseMS: r.Varint()}
	e.Result.T = r.Varint()
	e.Result.Reason, e.Result.LatencyUS = wire.Reason(uint16(r.Varint())), r.Varint()
	return e, wholly(r)
}

// validate refuses what no batch can carry, so that a batch can always be made.
func (e Entry) validate() error {
	err := wire.Run{Check: e.Check, IntervalMS: e.IntervalMS, PhaseMS: e.PhaseMS, Results: []wire.Result{e.Result}}.Validate()
	if err != nil {
		return fmt.Errorf("%w: %w", errRecord, err)
	}
	return nil
}

func appendMark(dst []byte, m mark) []byte {
	dst = append(dst, kindMark)
	for _, v := range [...]uint64{m.epoch, m.seq, m.serial, m.cursor.segment, m.cursor.offset, m.done, m.doneCursor.segment, m.doneCursor.offset} {
		dst = binary.AppendUvarint(dst, v)
	}
	return dst
}

func readMark(payload []byte) (mark, error) {
	r := varint.Reader{Rest: payload[1:]}
	m := mark{epoch: r.Uvarint(), seq: r.Uvarint(), serial: r.Uvarint(),
		cursor: position{r.Uvarint(), r.Uvarint()},
		done:   r.Uvarint(), doneCursor: position{r.Uvarint(), r.Uvarint()}}
	return m, wholly(r)
}

func appendHeader(dst []byte, h header, body []byte) []byte {
	dst = append(dst, kindBatch)
	for _, v := range [...]uint64{h.epoch, h.seq, h.serial, h.after.segment, h.after.offset, h.madeMS, h.results} {
		dst = binary.AppendUvarint(dst, v)
	}
	return append(dst, body...)
}

func readHeader(payload []byte) (h header, body []byte, err error) {
	r := varint.Reader{Rest: payload[1:]}
	h = header{epoch: r.Uvarint(), seq: r.Uvarint(), serial: r.Uvarint(),
		after: position{r.Uvarint(), r.Uvarint()}, madeMS: r.Uvarint(), results: r.Uvarint()}
	if r.Bad {
		return header{}, nil, errRecord
	}
	return h, r.Rest, nil
}

func appendLast(dst []byte, check string, t int64) []byte {
	return binary.AppendVarint(varint.AppendString(dst, check), t)
}

// readLast calls visit for each pair until the record ends.
func readLast(payload []byte, visit func(check string, t int64)) error {
	r := varint.Reader{Rest: payload[1:]}
	for len(r.Rest) > 0 {
		if check, t := r.String(), r.Varint(); !r.Bad {
			visit(check, t)
		}
	}
	return wholly(r)
}

// wholly is nil when all of a payload was read and nothing was missing.
func wholly(r varint.Reader) error {
	if !r.Done() {
		return errRecord
	}
	return nil
}
