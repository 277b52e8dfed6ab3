package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"

	"github.com/nines-monitor/nines/collector/store"
)

const selectRevision = "SELECT tenant, number, accepted_at, file, text FROM revisions AS r WHERE number = (SELECT max(number) FROM revisions WHERE tenant = r.tenant)"

func scanRevision(rows *sql.Rows, r *store.Revision) error {
	return rows.Scan(&r.Tenant, &r.Number, &r.AcceptedAt, &r.File, &r.Text)
}

// AddRevision implements store.Store.
func (db *DB) AddRevision(ctx context.Context, r store.Revision) (store.Revision, error) {
	err := db.write(ctx, "keep contract", func(ctx context.Context, tx *sql.Tx) error {
		latest, err := first(list(ctx, tx, "read latest", scanRevision, selectRevision+" AND tenant = ?", r.Tenant))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil && bytes.Equal(latest.Text, r.Text) {
			r = latest
			return nil
		}
		r.Number = latest.Number + 1
		_, err = tx.ExecContext(ctx, "INSERT INTO revisions (tenant, number, accepted_at, file, text) VALUES (?, ?, ?, ?, ?)",
			r.Tenant, r.Number, r.AcceptedAt, r.File, r.Text)
		return err
	})
	if err != nil {
		return store.Revision{}, err
	}
	return r, nil
}

// LatestRevisions implements store.Store.
func (db *DB) LatestRevisions(ctx context.Context) ([]store.Revision, error) {
	return list(ctx, db.readers, "list contracts", scanRevision, selectRevision+" ORDER BY tenant")
}
