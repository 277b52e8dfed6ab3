// Package sqlite keeps journal and store in one SQLite database file. It is the embedded
// engine: one process, one machine.
//
// It promises that what a method has returned from survives kill -9 and a power cut, that one
// process at a time has a state directory, and that a database from a newer version is left
// alone. It holds all the SQL there is for SQLite, and refuses to know HTTP and pages.
package sqlite

import (
	"context"

	"github.com/VictoriaMetrics/metrics"
	"github.com/nines-monitor/nines/collector/journal"
	"github.com/nines-monitor/nines/collector/store"
)

// DB implements journal.Journal and store.Store. All methods are safe for concurrent use.
type DB struct {
	journal.Journal
	store.Store
}

// Open claims the state directory dir, made if missing, opens the database in it and brings
// it up to date.
func Open(ctx context.Context, dir string) (*DB, error) { panic("to be written") }

// Close ends what is under way, closes the database and gives the directory up.
func (db *DB) Close() error { panic("to be written") }

// Metrics are nines_journal_... and nines_store_...
func (db *DB) Metrics() *metrics.Set { panic("to be written") }
