package timeline

import (
	"encoding/binary"
	"errors"
	"fmt"

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
	r := varints{rest: data[1:]}
	e := edge{params: r.params()}
	n := r.next()
	if n < 0 || n > int64(len(r.rest)) {
		return edge{}, errDamaged
	}
	for range n {
		e.revised = append(e.revised, revision{at: r.next(), params: r.params()})
	}
	flags := r.byte()
	c := slo.Carry{Observed: flags&1 != 0, Open: flags&2 != 0, Seen: r.next()}
	c.Held = slo.Span{Start: r.next(), End: r.next(), Last: r.next(), State: slo.State(r.next()), Reason: slo.Reason(r.next())}
	c.Run = slo.Run{State: slo.State(r.next()), Start: r.next(), Length: int(r.next()), Reason: slo.Reason(r.next())}
	e.carry = c
	if r.bad || len(r.rest) > 0 || flags > 3 {
		return edge{}, errDamaged
	}
	return e, nil
}

// varints takes numbers off a slice, and remembers that there were too few.
type varints struct {
	rest []byte
	bad  bool
}

func (r *varints) next() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *varints) byte() byte {
	if len(r.rest) == 0 {
		r.bad = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *varints) params() slo.Params {
	return slo.Params{Interval: r.next(), StaleAfter: r.next(), DownAfter: int(r.next()), UpAfter: int(r.next())}
}
