package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/VictoriaMetrics/metrics"
)

// OpenSnapshot opens the database in the state directory dir as it is at this moment, for
// reading beside a collector that goes on: what it writes later is not seen, and every method
// that writes fails. It claims nothing.
func OpenSnapshot(ctx context.Context, dir string) (*DB, error) {
	db := &DB{path: filepath.Join(dir, FileName), metrics: metrics.NewSet()}
	if _, err := os.Stat(db.path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open database: %s is not there: has a collector run with this state?", db.path)
	}
	var err error
	if db.readers, err = sql.Open("sqlite", dsn(db.path, "query_only(1)")+"&mode=rw"); err != nil {
		return nil, fmt.Errorf("open database %s: %w", db.path, err)
	}
	// One connection, in one transaction that begins here, sees one moment. Nothing holds a
	// connection while it asks for another: every query is read to its end.
	db.readers.SetMaxOpenConns(1)
	db.writer = db.readers
	if err := db.freeze(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.committer = startCommitter(db.writer, db.metrics)
	return db, nil
}

func (db *DB) freeze(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	if _, err := db.readers.ExecContext(ctx, "BEGIN"); err != nil {
		return fmt.Errorf("open database %s: %w", db.path, err)
	}
	version, newest, err := versions(ctx, db.readers)
	switch {
	case err != nil:
		return fmt.Errorf("open database %s: %w", db.path, err)
	case version > newest:
		return tooNew(db.path, version, newest)
	case version < newest:
		return fmt.Errorf("database %s is from an older nines (schema %d, this one knows %d): start the collector once to bring it up to date", db.path, version, newest)
	}
	return nil
}
