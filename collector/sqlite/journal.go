package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/nines-monitor/nines/collector/journal"
)

// Append implements journal.Journal.
func (db *DB) Append(ctx context.Context, r journal.Record) (journal.Receipt, error) {
	if r.Seq == 0 || r.Seq > math.MaxInt64 {
		return journal.Receipt{}, fmt.Errorf("append to journal: sequence number %d: want 1 to %d", r.Seq, int64(math.MaxInt64))
	}
	receipt, err := db.committer.append(ctx, r)
	if err != nil {
		return journal.Receipt{}, fmt.Errorf("append to journal: %w", err)
	}
	return receipt, nil
}

// replayPage bounds how many records are read at once, so that a slow reader holds no
// transaction open.
const replayPage = 32

// Replay implements journal.Journal.
func (db *DB) Replay(ctx context.Context, after journal.Position, fn func(journal.Position, journal.Record) error) error {
	type row struct {
		position journal.Position
		record   journal.Record
	}
	scan := func(rows *sql.Rows, r *row) error {
		var epoch, seq int64
		err := rows.Scan(&r.position, &r.record.Tenant, &r.record.Agent, &epoch, &seq, &r.record.ReceivedAt, &r.record.Aside, &r.record.Body)
		r.record.Epoch, r.record.Seq = uint64(epoch), uint64(seq)
		return err
	}
	for {
		page, err := list(ctx, db.readers, "read journal", scan,
			`SELECT position, tenant, agent, epoch, seq, received_at, aside, body FROM journal
			 WHERE position > ? ORDER BY position LIMIT ?`, after, replayPage)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := fn(r.position, r.record); err != nil {
				return err
			}
			after = r.position
		}
		if len(page) < replayPage {
			return nil
		}
	}
}

// Watermark implements journal.Journal.
func (db *DB) Watermark(ctx context.Context, tenant, agent string, epoch uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	var mark int64
	err := db.readers.QueryRowContext(ctx, "SELECT watermark FROM epochs WHERE tenant = ? AND agent = ? AND epoch = ?",
		tenant, agent, int64(epoch)).Scan(&mark)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read watermark: %w", err)
	}
	return uint64(mark), nil
}

// appendOne puts a record into the transaction of a group.
func appendOne(ctx context.Context, s statements, r journal.Record, digest []byte) (journal.Receipt, error) {
	key := []any{r.Tenant, r.Agent, int64(r.Epoch), int64(r.Seq)}
	mark, err := readMark(ctx, s, key[:3:3])
	if err != nil {
		return journal.Receipt{}, err
	}
	var there journal.Receipt
	var thereDigest []byte
	err = s.find.QueryRowContext(ctx, key...).Scan(&there.Position, &thereDigest, &there.Aside)
	switch {
	case err == nil:
		there.Verdict, there.Watermark = journal.Duplicate, uint64(mark)
		if !bytes.Equal(thereDigest, digest) {
			there.Verdict = journal.Fork
		}
		return there, nil
	case !errors.Is(err, sql.ErrNoRows):
		return journal.Receipt{}, err
	case int64(r.Seq) <= mark: // forgotten
		return journal.Receipt{Verdict: journal.Duplicate, Watermark: uint64(mark)}, nil
	}
	done, err := s.insert.ExecContext(ctx, append(key, r.ReceivedAt, digest, r.Aside, orEmpty(r.Body))...)
	if err != nil {
		return journal.Receipt{}, err
	}
	position, err := done.LastInsertId()
	if err != nil {
		return journal.Receipt{}, err
	}
	if mark, err = advance(ctx, s, key[:3:3], mark, int64(r.Seq)); err != nil {
		return journal.Receipt{}, err
	}
	return journal.Receipt{Position: journal.Position(position), Aside: r.Aside, Watermark: uint64(mark)}, nil
}

func readMark(ctx context.Context, s statements, epoch []any) (int64, error) {
	var mark int64
	if err := s.mark.QueryRowContext(ctx, epoch...).Scan(&mark); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	return mark, nil
}

// advance moves an epoch's watermark past seq and whatever came before it out of order.
func advance(ctx context.Context, s statements, epoch []any, mark, seq int64) (int64, error) {
	if seq != mark+1 {
		return mark, nil
	}
	mark = seq
	rows, err := s.later.QueryContext(ctx, append(epoch, mark)...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var next int64
		if err := rows.Scan(&next); err != nil {
			return 0, err
		}
		if next != mark+1 {
			break
		}
		mark = next
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	if err := rows.Close(); err != nil { // before the connection is used again
		return 0, err
	}
	_, err = s.setMark.ExecContext(ctx, append(epoch, mark)...)
	return mark, err
}
