package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// quarantine keeps what could not be used, for a person to look at, within a limit: the oldest
// goes first.
type quarantine struct {
	dir   string
	limit int64
	held  int64 // bytes of all its files
}

func openQuarantine(dir string, limit int64) (*quarantine, error) {
	q := &quarantine{dir: dir, limit: limit}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	_, err := q.files()
	return q, err
}

// keep puts data aside under name and reports whether it is new there: the same damage may be
// met again after a crash.
func (q *quarantine) keep(name string, data []byte) (bool, error) {
	path := filepath.Join(q.dir, name)
	if _, err := os.Lstat(path); err == nil {
		return false, nil
	}
	if err := os.WriteFile(path, data[:min(int64(len(data)), q.limit)], 0o600); err != nil {
		return true, errors.Join(err, os.Remove(path))
	}
	return true, q.shrink()
}

// files lists what is held, and brings held up to date.
func (q *quarantine) files() ([]fs.FileInfo, error) {
	entries, err := os.ReadDir(q.dir)
	var all []fs.FileInfo
	q.held = 0
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			all = append(all, info)
			q.held += info.Size()
		}
	}
	return all, err
}

func (q *quarantine) shrink() error {
	files, err := q.files()
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if q.held <= q.limit {
			break
		}
		err = errors.Join(err, os.Remove(filepath.Join(q.dir, f.Name())))
		q.held -= f.Size()
	}
	return err
}
