package sqlite

import (
	"context"
	"database/sql"

	"github.com/nines-monitor/nines/collector/journal"
)

// prunePage bounds how many records are forgotten in one transaction, so that appending does
// not wait for long.
const prunePage = 5_000

// Prune implements journal.Journal. Records lie in the order in which they were received, so
// that it reads only what it forgets, and what lies above a gap.
func (db *DB) Prune(ctx context.Context, upTo journal.Position, before int64) (int, error) {
	positions, err := list(ctx, db.readers, "list old records", func(rows *sql.Rows, p *int64) error { return rows.Scan(p) },
		`SELECT position FROM journal AS j
		 WHERE position <= ?1 AND position < coalesce((SELECT min(position) FROM
			(SELECT position FROM journal WHERE received_at >= ?2 ORDER BY position LIMIT 1)), ?1 + 1)
		 AND seq <= (SELECT watermark FROM epochs AS e WHERE e.tenant = j.tenant AND e.agent = j.agent AND e.epoch = j.epoch)
		 ORDER BY position LIMIT ?3`, upTo, before, prunePage)
	if err != nil || len(positions) == 0 {
		return 0, err
	}
	err = db.write(ctx, "prune journal", func(ctx context.Context, tx *sql.Tx) error {
		stmt, err := tx.PrepareContext(ctx, "DELETE FROM journal WHERE position = ?")
		if err != nil {
			return err
		}
		defer stmt.Close()
		for _, p := range positions {
			if _, err := stmt.ExecContext(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	return len(positions), err
}
