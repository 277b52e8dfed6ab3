package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/nines-monitor/nines/collector/store"
)

// putMessages adds to the outbox within the transaction of what is to be told.
func putMessages(ctx context.Context, tx *sql.Tx, messages []store.Message) error {
	for _, m := range messages {
		if err := putMessage(ctx, tx, m); err != nil {
			return fmt.Errorf("put message %q in the outbox: %w", m.Key, err)
		}
	}
	return nil
}

func putMessage(ctx context.Context, tx *sql.Tx, m store.Message) error {
	to, err := json.Marshal(m.To)
	if err != nil {
		return err
	}
	done, err := tx.ExecContext(ctx, `INSERT INTO messages
		(tenant, key, kind, recipients, subject, text, html, created_at, attempts, next_attempt, sent_at, given_up_at, last_error)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, key) DO NOTHING`,
		m.Tenant, m.Key, m.Kind, string(to), m.Subject, m.Text, m.HTML, m.CreatedAt, m.Attempts, m.NextAttempt, m.SentAt, m.GivenUpAt, m.LastError)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	id, err := done.LastInsertId()
	if err != nil {
		return err
	}
	for i, f := range m.Files {
		_, err := tx.ExecContext(ctx, "INSERT INTO message_files (tenant, message, ordinal, name, type, data) VALUES (?, ?, ?, ?, ?, ?)",
			m.Tenant, id, i, f.Name, f.Type, orEmpty(f.Data))
		if err != nil {
			return err
		}
	}
	return nil
}

const messageColumns = "id, tenant, key, kind, recipients, subject, text, created_at, attempts, next_attempt, sent_at, given_up_at, last_error"

func scanMessage(rows *sql.Rows, m *store.Message, more ...any) error {
	var to string
	err := rows.Scan(append([]any{&m.ID, &m.Tenant, &m.Key, &m.Kind, &to, &m.Subject, &m.Text,
		&m.CreatedAt, &m.Attempts, &m.NextAttempt, &m.SentAt, &m.GivenUpAt, &m.LastError}, more...)...)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(to), &m.To)
}

// DueMessages implements store.Store.
func (db *DB) DueMessages(ctx context.Context, now int64, limit int) ([]store.Message, error) {
	due, err := list(ctx, db.readers, "list due messages", func(rows *sql.Rows, m *store.Message) error {
		return scanMessage(rows, m, &m.HTML)
	}, "SELECT "+messageColumns+", html FROM messages WHERE sent_at = 0 AND given_up_at = 0 AND next_attempt <= ? ORDER BY next_attempt, id LIMIT ?", now, limit)
	if err != nil {
		return nil, err
	}
	for i := range due {
		due[i].Files, err = list(ctx, db.readers, "read attachments", func(rows *sql.Rows, f *store.File) error {
			return rows.Scan(&f.Name, &f.Type, &f.Data)
		}, "SELECT name, type, data FROM message_files WHERE tenant = ? AND message = ? ORDER BY ordinal", due[i].Tenant, due[i].ID)
		if err != nil {
			return nil, err
		}
	}
	return due, nil
}

// MessageSent implements store.Store.
func (db *DB) MessageSent(ctx context.Context, id, at int64) error {
	return db.endAttempt(ctx, id, "sent_at = ?", at)
}

// MessageFailed implements store.Store.
func (db *DB) MessageFailed(ctx context.Context, id int64, next int64, reason string) error {
	return db.endAttempt(ctx, id, "next_attempt = ?, last_error = ?", next, reason)
}

// MessageGivenUp implements store.Store.
func (db *DB) MessageGivenUp(ctx context.Context, id, at int64, reason string) error {
	return db.endAttempt(ctx, id, "given_up_at = ?, last_error = ?", at, reason)
}

// endAttempt changes a message that still waits; one that does not is store.ErrNotFound.
func (db *DB) endAttempt(ctx context.Context, id int64, set string, args ...any) error {
	return db.write(ctx, "record attempt", func(ctx context.Context, tx *sql.Tx) error {
		return changed(tx.ExecContext(ctx, "UPDATE messages SET attempts = attempts + 1, "+set+" WHERE id = ? AND sent_at = 0 AND given_up_at = 0", append(args, id)...))
	})
}

// UnsentMessages implements store.Store.
func (db *DB) UnsentMessages(ctx context.Context) (int, error) {
	return first(list(ctx, db.readers, "count messages", func(rows *sql.Rows, n *int) error {
		return rows.Scan(n)
	}, "SELECT count(*) FROM messages WHERE sent_at = 0 AND given_up_at = 0"))
}

// GivenUpMessages implements store.Store.
func (db *DB) GivenUpMessages(ctx context.Context, limit int) ([]store.Message, error) {
	return list(ctx, db.readers, "list messages given up", func(rows *sql.Rows, m *store.Message) error {
		return scanMessage(rows, m)
	}, "SELECT "+messageColumns+" FROM messages WHERE given_up_at > 0 ORDER BY given_up_at DESC, id DESC LIMIT ?", limit)
}
