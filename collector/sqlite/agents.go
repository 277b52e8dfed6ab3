package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/nines-monitor/nines/collector/store"
)

// PutAgent implements store.Store.
func (db *DB) PutAgent(ctx context.Context, a store.Agent, at int64) error {
	return db.write(ctx, "register agent", func(ctx context.Context, tx *sql.Tx) error {
		var tenant, id string
		err := tx.QueryRowContext(ctx, "SELECT tenant, id FROM agents WHERE key_id = ? AND NOT (tenant = ? AND id = ?)", a.KeyID, a.Tenant, a.ID).Scan(&tenant, &id)
		if err == nil {
			return fmt.Errorf("key %s is agent %s of %s already: make a key for each agent", a.KeyID, id, tenant)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err := assign(ctx, tx, a, at); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO agents
			(tenant, id, site, key_id, public_key, registered_at, last_contact, version, fault, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			a.Tenant, a.ID, a.Site, a.KeyID, a.PublicKey, a.RegisteredAt, a.LastContact, a.Version, a.Fault, a.RevokedAt)
		return err
	})
}

// assign begins an agent's assignment to its site, and ends the one to another.
func assign(ctx context.Context, tx *sql.Tx, a store.Agent, at int64) error {
	var site string
	err := tx.QueryRowContext(ctx, "SELECT site FROM assignments WHERE tenant = ? AND agent = ? AND until = 0", a.Tenant, a.ID).Scan(&site)
	if err == nil && site == a.Site {
		return nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err := unassign(ctx, tx, a.Tenant, a.ID, at); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO assignments (tenant, agent, since, site, until) VALUES (?, ?, ?, ?, 0)", a.Tenant, a.ID, at, a.Site)
	return err
}

func unassign(ctx context.Context, tx *sql.Tx, tenant, agent string, at int64) error {
	_, err := tx.ExecContext(ctx, "UPDATE assignments SET until = max(since, ?) WHERE tenant = ? AND agent = ? AND until = 0", at, tenant, agent)
	return err
}

// RevokeAgent implements store.Store.
func (db *DB) RevokeAgent(ctx context.Context, tenant, id string, at int64) error {
	return db.write(ctx, "revoke agent", func(ctx context.Context, tx *sql.Tx) error {
		err := changed(tx.ExecContext(ctx, "UPDATE agents SET revoked_at = ? WHERE tenant = ? AND id = ? AND revoked_at = 0", at, tenant, id))
		if err != nil {
			return err
		}
		return unassign(ctx, tx, tenant, id, at)
	})
}

// Assignments implements store.Store.
func (db *DB) Assignments(ctx context.Context) ([]store.Assignment, error) {
	return list(ctx, db.readers, "list assignments", func(rows *sql.Rows, a *store.Assignment) error {
		return rows.Scan(&a.Tenant, &a.Agent, &a.Site, &a.Since, &a.Until)
	}, "SELECT tenant, agent, site, since, until FROM assignments ORDER BY tenant, agent, since")
}

// Agents implements store.Store.
func (db *DB) Agents(ctx context.Context) ([]store.Agent, error) {
	return list(ctx, db.readers, "list agents", func(rows *sql.Rows, a *store.Agent) error {
		return rows.Scan(&a.Tenant, &a.ID, &a.Site, &a.KeyID, &a.PublicKey, &a.RegisteredAt, &a.LastContact, &a.Version, &a.Fault, &a.RevokedAt)
	}, "SELECT tenant, id, site, key_id, public_key, registered_at, last_contact, version, fault, revoked_at FROM agents ORDER BY tenant, id")
}

// TouchAgents implements store.Store.
func (db *DB) TouchAgents(ctx context.Context, seen []store.Agent) error {
	return db.write(ctx, "record last contacts", func(ctx context.Context, tx *sql.Tx) error {
		stmt, err := tx.PrepareContext(ctx, "UPDATE agents SET last_contact = max(last_contact, ?), version = ? WHERE key_id = ?")
		if err != nil {
			return err
		}
		defer stmt.Close()
		for _, a := range seen {
			if _, err := stmt.ExecContext(ctx, a.LastContact, a.Version, a.KeyID); err != nil {
				return err
			}
		}
		return nil
	})
}

// FlagAgent implements store.Store.
func (db *DB) FlagAgent(ctx context.Context, tenant, id, fault string) error {
	return db.write(ctx, "flag agent", func(ctx context.Context, tx *sql.Tx) error {
		return changed(tx.ExecContext(ctx, "UPDATE agents SET fault = ? WHERE tenant = ? AND id = ?", fault, tenant, id))
	})
}

// changed is store.ErrNotFound when a statement has changed no row.
func changed(done sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

// PutQuarantine implements store.Store.
func (db *DB) PutQuarantine(ctx context.Context, all []store.Quarantined) error {
	return db.write(ctx, "record quarantine", func(ctx context.Context, tx *sql.Tx) error {
		stmt, err := tx.PrepareContext(ctx, `INSERT INTO quarantine (tenant, at, agent, epoch, seq, check_id, reason, count)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
		if err != nil {
			return err
		}
		defer stmt.Close()
		for _, q := range all {
			if _, err := stmt.ExecContext(ctx, q.Tenant, q.At, q.Agent, int64(q.Epoch), int64(q.Seq), q.Check, q.Reason, q.Count); err != nil {
				return err
			}
		}
		return nil
	})
}

// Quarantine implements store.Store.
func (db *DB) Quarantine(ctx context.Context, tenant string, limit int) ([]store.Quarantined, error) {
	return list(ctx, db.readers, "list quarantine", func(rows *sql.Rows, q *store.Quarantined) error {
		var epoch, seq int64
		err := rows.Scan(&q.Tenant, &q.At, &q.Agent, &epoch, &seq, &q.Check, &q.Reason, &q.Count)
		q.Epoch, q.Seq = uint64(epoch), uint64(seq)
		return err
	}, "SELECT tenant, at, agent, epoch, seq, check_id, reason, count FROM quarantine WHERE tenant = ? ORDER BY at DESC, agent, seq DESC, check_id LIMIT ?", tenant, limit)
}
