// Package journal keeps batches, in the order in which they were accepted, before anything is
// made of them. What it has accepted survives a crash of the machine.
//
// It knows nothing of HTTP, of what is in a batch, or of pages. Engines implement Journal and
// pass journaltest.
package journal

import (
	"context"
	"errors"
)

// ErrFull is returned when there is no room left on the disk. Nothing was kept.
var ErrFull = errors.New("no room left on the collector's disk")

// Record is one batch as it came.
type Record struct {
	Tenant, Agent string
	Epoch, Seq    uint64
	ReceivedAt    int64  // ms since the Unix epoch
	Aside         []byte // what of Body must not be used, in words of whoever appends; nil: nothing
	Body          []byte
}

// Position orders records. The first record has position 1, each later one the next number;
// none is ever reused. 0 is before the first.
type Position int64

// Verdict is what became of a record.
type Verdict int

// A record is new, or there already with the same body, or there already with another.
const (
	Accepted Verdict = iota
	Duplicate
	Fork
)

// Receipt tells of the record that stands under a natural key.
type Receipt struct {
	Position  Position // 0: forgotten, see Journal.Prune
	Verdict   Verdict
	Aside     []byte // as it was first appended: the decision of that day stands
	Watermark uint64 // of its epoch, see Journal.Watermark
}

// Journal is durable, ordered and append-only. All methods are safe for concurrent use.
type Journal interface {
	// Append returns once r is durable, together with whatever else waits to be (group
	// commit). (Tenant, Agent, Epoch, Seq) is the natural key: the same key with the same body
	// is a Duplicate, with another body a Fork, which is not kept. ErrFull when the disk is
	// full. When ctx ends first, r may be kept or not: appending it again tells.
	Append(ctx context.Context, r Record) (Receipt, error)

	// Replay calls fn for every record after a position, in order, until fn fails.
	Replay(ctx context.Context, after Position, fn func(Position, Record) error) error

	// Watermark is the highest contiguous sequence number of an epoch, counted from 1; 0 when
	// there is none.
	Watermark(ctx context.Context, tenant, agent string, epoch uint64) (uint64, error)

	// Prune forgets records up to a position that were received before an instant (ms) and lie
	// at or below the watermark of their epoch, and counts them. It may leave some for the next
	// time. Whatever is appended under the key of a forgotten record is a Duplicate.
	Prune(ctx context.Context, upTo Position, before int64) (int, error)
}
