package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/slo"
)

// PutFolds implements store.Store.
func (db *DB) PutFolds(ctx context.Context, applied journal.Position, folds []store.Fold) error {
	return db.write(ctx, "store folds", func(ctx context.Context, tx *sql.Tx) error {
		p, err := prepareFolds(ctx, tx)
		if err != nil {
			return err
		}
		for _, f := range folds {
			if err := p.put(ctx, f); err != nil {
				return fmt.Errorf("%s of %s by %s: %w", f.Check, f.Tenant, f.Agent, err)
			}
		}
		_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO progress (only_row, applied) VALUES (1, ?)", applied)
		return err
	})
}

// foldStatements are what storing folds needs, prepared once a transaction and closed with it.
type foldStatements struct {
	deleteSpans, insertSpan, putChunk, putSeries *sql.Stmt
}

func prepareFolds(ctx context.Context, tx *sql.Tx) (foldStatements, error) {
	var s foldStatements
	for _, p := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&s.deleteSpans, "DELETE FROM spans WHERE tenant = ? AND check_id = ? AND agent = ? AND start >= ? AND start < ?"},
		{&s.insertSpan, "INSERT INTO spans (tenant, check_id, agent, start, end, last, state, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
		{&s.putChunk, `INSERT INTO chunks (tenant, check_id, agent, hour, observations, carry) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (tenant, check_id, agent, hour) DO UPDATE SET observations = excluded.observations, carry = excluded.carry`},
		{&s.putSeries, `INSERT INTO series (tenant, check_id, agent, newest) VALUES (?, ?, ?, ?)
			ON CONFLICT (tenant, check_id, agent) DO UPDATE SET newest = max(newest, excluded.newest)`},
	} {
		stmt, err := tx.PrepareContext(ctx, p.text) //nolint:sqlclosecheck // closed with its transaction
		if err != nil {
			return foldStatements{}, err
		}
		*p.to = stmt
	}
	return s, nil
}

func (s foldStatements) put(ctx context.Context, f store.Fold) error {
	if f.From < f.Until {
		if _, err := s.deleteSpans.ExecContext(ctx, f.Tenant, f.Check, f.Agent, f.From, f.Until); err != nil {
			return err
		}
	}
	for _, x := range f.Spans {
		if _, err := s.insertSpan.ExecContext(ctx, f.Tenant, f.Check, f.Agent, x.Start, x.End, x.Last, int64(x.State), int64(x.Reason)); err != nil {
			return err
		}
	}
	var newest int64
	for _, c := range f.Chunks {
		data := store.EncodeObservations(c.Hour, c.Observations)
		if _, err := s.putChunk.ExecContext(ctx, f.Tenant, f.Check, f.Agent, c.Hour, data, c.Carry); err != nil {
			return err
		}
		newest = max(newest, c.Hour)
	}
	if len(f.Chunks) == 0 {
		return nil
	}
	_, err := s.putSeries.ExecContext(ctx, f.Tenant, f.Check, f.Agent, newest)
	return err
}

// Applied implements store.Store.
func (db *DB) Applied(ctx context.Context) (journal.Position, error) {
	position, err := first(list(ctx, db.readers, "read progress", func(rows *sql.Rows, p *journal.Position) error {
		return rows.Scan(p)
	}, "SELECT applied FROM progress"))
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	return position, err
}

// Spans implements store.Store. Spans of a series do not overlap, so the first that can reach
// beyond from is the last that starts before it.
func (db *DB) Spans(ctx context.Context, s store.Series, from, to int64) ([]slo.Span, error) {
	return list(ctx, db.readers, "read spans", func(rows *sql.Rows, x *slo.Span) error {
		return rows.Scan(&x.Start, &x.End, &x.Last, &x.State, &x.Reason)
	}, `SELECT start, end, last, state, reason FROM spans
		WHERE tenant = ?1 AND check_id = ?2 AND agent = ?3 AND start < ?5 AND end > ?4 AND start >= coalesce(
			(SELECT max(start) FROM spans WHERE tenant = ?1 AND check_id = ?2 AND agent = ?3 AND start <= ?4), ?4)
		ORDER BY start`, s.Tenant, s.Check, s.Agent, from, to)
}

func scanChunk(rows *sql.Rows, c *store.Chunk) error {
	var data []byte
	if err := rows.Scan(&c.Tenant, &c.Check, &c.Agent, &c.Hour, &data, &c.Carry); err != nil {
		return err
	}
	var err error
	c.Observations, err = store.DecodeObservations(c.Hour, data)
	return err
}

const selectChunk = "SELECT c.tenant, c.check_id, c.agent, c.hour, c.observations, c.carry FROM chunks AS c "

// Chunks implements store.Store.
func (db *DB) Chunks(ctx context.Context, s store.Series, from, to int64) ([]store.Chunk, error) {
	return list(ctx, db.readers, "read chunks", scanChunk, selectChunk+
		"WHERE tenant = ? AND check_id = ? AND agent = ? AND hour >= ? AND hour < ? ORDER BY hour", s.Tenant, s.Check, s.Agent, from, to)
}

// ChunkBefore implements store.Store.
func (db *DB) ChunkBefore(ctx context.Context, s store.Series, before int64) (store.Chunk, error) {
	return first(list(ctx, db.readers, "read chunk", scanChunk, selectChunk+
		"WHERE tenant = ? AND check_id = ? AND agent = ? AND hour < ? ORDER BY hour DESC LIMIT 1", s.Tenant, s.Check, s.Agent, before))
}

// LatestChunks implements store.Store.
func (db *DB) LatestChunks(ctx context.Context) ([]store.Chunk, error) {
	return list(ctx, db.readers, "read latest chunks", scanChunk, selectChunk+
		`JOIN series AS s ON c.tenant = s.tenant AND c.check_id = s.check_id AND c.agent = s.agent AND c.hour = s.newest
		ORDER BY s.tenant, s.check_id, s.agent`)
}
