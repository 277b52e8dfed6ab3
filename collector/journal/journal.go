// Package journal keeps batches, in the order in which they were accepted, before anything is
// made of them. What it has accepted survives a crash of the machine.
//
// It knows nothing of HTTP, of what is in a batch, or of pages. Engines implement Journal and
// pass journaltest.
package journal

import "context"

// Record is one batch as it came.
type Record struct {
	Tenant, Agent string
	Epoch, Seq    uint64
	ReceivedAt    int64 // ms since the Unix epoch
	Body          []byte
}

// Position orders records; positions increase with acceptance and are never reused. 0 is
// before the first.
type Position int64

// Verdict is what became of a record.
type Verdict int

// A record is new, or there already with the same body, or there already with another.
const (
	Accepted Verdict = iota
	Duplicate
	Fork
)

// Journal is durable, ordered and append-only. All methods are safe for concurrent use.
type Journal interface {
	// Append returns once r is durable, together with whatever else waits to be (group
	// commit). (Tenant, Agent, Epoch, Seq) is the natural key: the same key with the same body
	// is a Duplicate, with another body a Fork, which is not kept. The position is that of
	// the record that stands.
	Append(ctx context.Context, r Record) (Position, Verdict, error)

	// Replay calls fn for every record after a position, in order, until fn fails.
	Replay(ctx context.Context, after Position, fn func(Position, Record) error) error

	// Watermark is the highest contiguous sequence number of an epoch, counted from 1; 0 when
	// there is none.
	Watermark(ctx context.Context, tenant, agent string, epoch uint64) (uint64, error)
}
