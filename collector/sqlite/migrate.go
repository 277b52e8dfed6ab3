package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// migrations are applied in the order of their numbers, 1, 2, ... without a gap. A file that
// was released is never edited.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the database from its version to the newest one, each step in a transaction
// of its own. The version is in PRAGMA user_version.
func migrate(ctx context.Context, pool *sql.DB, file string) error {
	version, newest, err := versions(ctx, pool)
	if err != nil {
		return fmt.Errorf("open database %s: %w; if it is damaged, restore a backup", file, err)
	}
	if version > newest {
		return tooNew(file, version, newest)
	}
	for _, step := range steps()[version:] {
		if err := apply(ctx, pool, step); err != nil {
			return fmt.Errorf("bring database %s up to date: %s: %w", file, path.Base(step), err)
		}
	}
	return nil
}

// versions are the database's, and the newest that this build knows.
func versions(ctx context.Context, pool *sql.DB) (version, newest int, err error) {
	err = pool.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, len(steps()), err
}

// steps are the files of the migrations, in order.
func steps() []string {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is constant
	}
	return names
}

func tooNew(file string, version, newest int) error {
	return fmt.Errorf("database %s was made by a newer nines (schema %d, this one knows %d): start that version or restore a backup", file, version, newest)
}

func apply(ctx context.Context, pool *sql.DB, step string) error {
	number, _, _ := strings.Cut(path.Base(step), "_")
	version, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	text, err := migrations.ReadFile(step)
	if err != nil {
		return err
	}
	return inTransaction(ctx, pool, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, string(text)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
		return err
	})
}
