package timeline

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/nines-monitor/nines/internal/varint"
	"github.com/nines-monitor/nines/slo"
)

// edgeV1 opens the encoding of an edge, so that a later one can be told from it.
const edgeV1 = 1

// encode gives the bytes that the store keeps as the carry of a chunk.
func (e edge) encode() []byte {
	w := append(make([]byte, 0, 64), edgeV1)
	w = appendParams(w, e.params)
	w = binary.AppendVarint(w, int64(len(e.revised)))
	for _, r := range e.revised {
		w = appendParams(binary.AppendVarint(w, r.at), r.params)
	}
	c := e.carry
	w = append(w, flag(c.Observed)|flag(c.Open)<<1)
	for _, v := range []int64{
		c.Seen,
		c.Held.Start, c.Held.End, c.Held.Last, int64(c.Held.State), int64(c.Held.Reason),
		int64(c.Run.State), c.Run.Start, int64(c.Run.Length), int64(c.Run.Reason),
	} {
		w = binary.AppendVarint(w, v)
	}
	return w
}

func appendParams(w []byte, p slo.Params) []byte {
	for _, v := range []int64{p.Interval, p.StaleAfter, int64(p.DownAfter), int64(p.UpAfter)} {
		w = binary.AppendVarint(w, v)
	}
	return w
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

var errDamaged = errors.New("the fold's carry is damaged")

// decodeEdge reads what encode wrote.
func decodeEdge(data []byte) (edge, error) {
	if len(data) == 0 {
		return edge{}, errDamaged
	}
	if data[0] != edgeV1 {
		return edge{}, fmt.Errorf("the fold's carry has version %d, which is not known", data[0])
	}
	r := varint.Reader{Rest: data[1:]}
	e := edge{params: readParams(&r)}
	n := r.Varint()
	if n < 0 || n > int64(len(r.Rest)) {
		return edge{}, errDamaged
	}
	for range n {
		e.revised = append(e.revised, revision{at: r.Varint(), params: readParams(&r)})
	}
	flags := r.Byte()
	c := slo.Carry{Observed: flags&1 != 0, Open: flags&2 != 0, Seen: r.Varint()}
	c.Held = slo.Span{Start: r.Varint(), End: r.Varint(), Last: r.Varint(), State: slo.State(r.Varint()), Reason: slo.Reason(r.Varint())}
	c.Run = slo.Run{State: slo.State(r.Varint()), Start: r.Varint(), Length: int(r.Varint()), Reason: slo.Reason(r.Varint())}
	e.carry = c
	if !r.Done() || flags > 3 {
		return edge{}, errDamaged
	}
	return e, nil
}

func readParams(r *varint.Reader) slo.Params {
	return slo.Params{Interval: r.Varint(), StaleAfter: r.Varint(), DownAfter: int(r.Varint()), UpAfter: int(r.Varint())}
}
