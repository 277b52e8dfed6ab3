// Package sqlite keeps journal and store in one SQLite database file. It is the embedded
// engine: one process, one machine.
//
// It promises that what a method has returned from survives kill -9 and a power cut, that one
// process at a time has a state directory, and that a database from a newer version is left
// alone. It holds all the SQL there is for SQLite, and refuses to know HTTP and pages.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/statedir"
)

// FileName is the database's name in the state directory. Beside it lie, while it is open, its
// write-ahead log (-wal) and the index of that (-shm).
const FileName = "nines.db"

// Every statement and transaction ends within these, whatever the caller's context allows.
const (
	readTimeout  = 30 * time.Second
	writeTimeout = 60 * time.Second
)

// DB implements journal.Journal and store.Store. All methods are safe for concurrent use.
type DB struct {
	path      string
	claim     *statedir.Claim
	writer    *sql.DB // one connection: SQLite has one writer, and database/sql queues for it
	readers   *sql.DB // query_only
	committer *committer
	metrics   *metrics.Set
}

var (
	_ journal.Journal = (*DB)(nil)
	_ store.Store     = (*DB)(nil)
)

// Open claims the state directory dir, made if missing, opens the database in it and brings
// it up to date. Its errors are sentences for the operator.
func Open(ctx context.Context, dir string) (*DB, error) {
	claim, err := statedir.Take(dir)
	if err != nil {
		return nil, err
	}
	db := &DB{path: filepath.Join(dir, FileName), claim: claim, metrics: metrics.NewSet()}
	if err := db.open(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.committer = startCommitter(db.writer, db.metrics)
	return db, nil
}

func (db *DB) open(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	var err error
	if db.writer, err = sql.Open("sqlite", dsn(db.path, "journal_mode(WAL)", "synchronous(FULL)", "journal_size_limit(67108864)")+"&_txlock=immediate"); err != nil {
		return fmt.Errorf("open database %s: %w", db.path, err)
	}
	db.writer.SetMaxOpenConns(1)
	if err := migrate(ctx, db.writer, db.path); err != nil {
		return err
	}
	if db.readers, err = sql.Open("sqlite", dsn(db.path, "query_only(1)")); err != nil {
		return fmt.Errorf("open database %s for reading: %w", db.path, err)
	}
	db.readers.SetMaxOpenConns(max(4, runtime.GOMAXPROCS(0)))
	return nil
}

// dsn carries every setting, so that each connection of a pool has them all.
func dsn(path string, pragmas ...string) string {
	s := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)"
	for _, p := range pragmas {
		s += "&_pragma=" + p
	}
	return s
}

// Close ends what is under way, closes the database and gives the directory up. Once is enough;
// again does nothing.
func (db *DB) Close() error {
	if db.committer != nil {
		db.committer.stop()
	}
	var errs []error
	for _, pool := range []*sql.DB{db.readers, db.writer} { // the writer last: it folds the log into the file
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if db.claim != nil { // a snapshot has none
		errs = append(errs, db.claim.Release())
	}
	return errors.Join(errs...)
}

// Metrics are nines_journal_...
func (db *DB) Metrics() *metrics.Set { return db.metrics }

// write runs fn in the one transaction that may write.
func (db *DB) write(ctx context.Context, what string, fn func(context.Context, *sql.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := inTransaction(ctx, db.writer, fn); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func inTransaction(ctx context.Context, pool *sql.DB, fn func(context.Context, *sql.Tx) error) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return named(err)
	}
	defer tx.Rollback()
	if err := fn(ctx, tx); err != nil {
		return named(err)
	}
	return named(tx.Commit())
}

// named gives an error of SQLite's the name under which callers know it.
func named(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_FULL {
		return fmt.Errorf("%w: %w", journal.ErrFull, err)
	}
	return err
}

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// list runs a query and scans every row. Its errors say what was asked for.
func list[T any](ctx context.Context, q querier, what string, scan func(*sql.Rows, *T) error, query string, args ...any) ([]T, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var one T
		if err := scan(rows, &one); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return all, nil
}

// first is the only row that a query gives, or store.ErrNotFound.
func first[T any](rows []T, err error) (T, error) {
	var none T
	switch {
	case err != nil:
		return none, err
	case len(rows) == 0:
		return none, store.ErrNotFound
	}
	return rows[0], nil
}
