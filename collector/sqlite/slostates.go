package sqlite

import (
	"context"
	"database/sql"

	"github.com/nines-monitor/nines/collector/store"
)

// SLOStates implements store.Store.
func (db *DB) SLOStates(ctx context.Context, from, to int64) ([]store.SLOState, error) {
	return list(ctx, db.readers, "list SLO states", func(rows *sql.Rows, s *store.SLOState) error {
		return rows.Scan(&s.Tenant, &s.SLO, &s.Period.Start, &s.Period.End, &s.State, &s.Since, &s.BreachedAt)
	}, `SELECT tenant, slo, period_start, period_end, state, since, breached_at FROM slo_states
		WHERE period_start < ? AND period_end > ? ORDER BY tenant, slo, period_start`, to, from)
}

// PutSLOState implements store.Store.
func (db *DB) PutSLOState(ctx context.Context, s store.SLOState, t store.Transition, m []store.Message) error {
	return db.write(ctx, "record SLO state", func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO slo_states (tenant, slo, period_start, period_end, state, since, breached_at)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, s.Tenant, s.SLO, s.Period.Start, s.Period.End, int64(s.State), s.Since, s.BreachedAt)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO transitions (tenant, slo, period_start, period_end, at, from_state, to_state, breached_at, note)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, t.Tenant, t.SLO, t.Period.Start, t.Period.End, t.At, int64(t.From), int64(t.To), t.BreachedAt, t.Note)
		if err != nil {
			return err
		}
		return putMessages(ctx, tx, m)
	})
}

// Transitions implements store.Store.
func (db *DB) Transitions(ctx context.Context, tenant string, from, to int64, limit int) ([]store.Transition, error) {
	return list(ctx, db.readers, "list transitions", func(rows *sql.Rows, t *store.Transition) error {
		return rows.Scan(&t.Tenant, &t.SLO, &t.Period.Start, &t.Period.End, &t.At, &t.From, &t.To, &t.BreachedAt, &t.Note)
	}, `SELECT tenant, slo, period_start, period_end, at, from_state, to_state, breached_at, note FROM transitions
		WHERE tenant = ? AND at >= ? AND at < ? ORDER BY at DESC, id DESC LIMIT ?`, tenant, from, to, limit)
}

// PutReport implements store.Store.
func (db *DB) PutReport(ctx context.Context, r store.Report, m []store.Message) error {
	return db.write(ctx, "record report", func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO reports (tenant, month, made_at, json, html) VALUES (?, ?, ?, ?, ?)",
			r.Tenant, r.Month, r.MadeAt, orEmpty(r.JSON), orEmpty(r.HTML))
		if err != nil {
			return err
		}
		return putMessages(ctx, tx, m)
	})
}

// Report implements store.Store.
func (db *DB) Report(ctx context.Context, tenant, month string) (store.Report, error) {
	return first(list(ctx, db.readers, "read report", func(rows *sql.Rows, r *store.Report) error {
		return rows.Scan(&r.Tenant, &r.Month, &r.MadeAt, &r.JSON, &r.HTML)
	}, "SELECT tenant, month, made_at, json, html FROM reports WHERE tenant = ? AND month = ?", tenant, month))
}

// orEmpty keeps a missing value from being stored as NULL.
func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
