package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/internal/statedir"
)

// opened opens the database file without us, to see or change what is in it.
func opened(t *testing.T, dir string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("sqlite", filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, pool) })
	return pool
}

func open(t *testing.T, dir string) *DB {
	t.Helper()
	db, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatalf("Open(%q) = %v, want a database", dir, err)
	}
	t.Cleanup(func() { shut(t, db) })
	return db
}

func shut(t *testing.T, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Errorf("Close() = %v, want nil", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		prepare func(t *testing.T, dir string)
		says    []string
	}{
		"a database from a newer version": {func(t *testing.T, dir string) {
			shut(t, open(t, dir))
			pool := opened(t, dir)
			if _, err := pool.Exec("PRAGMA user_version = 7; CREATE TABLE from_the_future (x)"); err != nil {
				t.Fatal(err)
			}
			shut(t, pool)
		}, []string{FileName, "was made by a newer nines (schema 7, this one knows 2): start that version or restore a backup"}},
		"a file that is no database": {func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, FileName), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{FileName, "not a database", "restore a backup"}},
		"a second process": {func(t *testing.T, dir string) {
			open(t, dir)
		}, []string{"in use by another process", "stop that one, or name another directory"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			tc.prepare(t, dir)
			_, err := Open(t.Context(), dir)
			if err == nil {
				t.Fatalf("Open(%q) = nil, want a refusal", dir)
			}
			for _, says := range append(tc.says, dir) {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("Open = %q, want it to say %q", err, says)
				}
			}
		})
	}
}

func TestARefusedDirectoryIsGivenUp(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir); err == nil || errors.Is(err, statedir.ErrClaimed) {
		t.Fatalf("Open of no database = %v, want a refusal", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

// TestSettings asks every connection of both pools, as a setting that one of them lacks would
// show only under load.
func TestSettings(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "with space, 100% & ?#"))
	for name, tc := range map[string]struct {
		pool *sql.DB
		want map[string]string
	}{
		"the writer":  {db.writer, map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000", "query_only": "0"}},
		"the readers": {db.readers, map[string]string{"journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "10000", "query_only": "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			for range tc.pool.Stats().MaxOpenConnections {
				conn, err := tc.pool.Conn(t.Context()) // held, so that the next is another
				if err != nil {
					t.Fatal(err)
				}
				defer shut(t, conn)
				for pragma, want := range tc.want {
					var got string
					if err := conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
						t.Errorf("PRAGMA %s = %q, %v, want %q", pragma, got, err, want)
					}
				}
			}
		})
	}
}

func TestEveryTableIsStrictAndBeginsWithTheTenant(t *testing.T) {
	db := open(t, t.TempDir())
	rows, err := list(t.Context(), db.readers, "list tables", func(rows *sql.Rows, text *string) error { return rows.Scan(text) },
		"SELECT sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
	if err != nil || len(rows) < 10 {
		t.Fatalf("list tables = %d, %v, want ten or more", len(rows), err)
	}
	for _, text := range rows {
		name := strings.Fields(text)[2]
		if !strings.Contains(text, ") STRICT") {
			t.Errorf("table %s is not STRICT", name)
		}
		if name != "progress" && !strings.Contains(text, "PRIMARY KEY (tenant, ") && !strings.Contains(text, "UNIQUE (tenant, ") && name != "transitions" {
			t.Errorf("table %s has no key that begins with the tenant", name)
		}
	}
}

// TestDiskFull fills the database up to the size that it may have, and lets it grow again.
func TestDiskFull(t *testing.T) {
	db := open(t, t.TempDir())
	limit := func(pages int) {
		t.Helper()
		if _, err := db.writer.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(100)
	record := journal.Record{Tenant: "acme", Agent: "hq-1", Epoch: 1, Body: make([]byte, 20_000)}
	var err error
	for err == nil && record.Seq < 100 {
		record.Seq++
		_, err = db.Append(t.Context(), record)
	}
	if !errors.Is(err, journal.ErrFull) {
		t.Fatalf("Append #%d = %v, want ErrFull", record.Seq, err)
	}
	if mark, err := db.Watermark(t.Context(), "acme", "hq-1", 1); err != nil || mark != record.Seq-1 {
		t.Errorf("Watermark() on a full disk = %d, %v, want %d", mark, err, record.Seq-1)
	}
	limit(1 << 30)
	if got, err := db.Append(t.Context(), record); err != nil || got.Verdict != journal.Accepted || got.Position != journal.Position(record.Seq) {
		t.Errorf("Append with room again = %+v, %v, want accepted at %d", got, err, record.Seq)
	}
}
