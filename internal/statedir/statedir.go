// Package statedir claims the directory in which a program keeps its state.
//
// It promises that one process at a time holds a directory, that the directory can be written
// to, and that every refusal says what is wrong, where, and what to do. It knows nothing of
// what is kept there.
package statedir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrClaimed is returned when another process holds the directory.
var ErrClaimed = errors.New("in use by another process")

// lockName is the file that is locked. It stays when the claim ends: removing it would let two
// processes hold locks on two files of the same name.
const lockName = "lock"

// Claim is a held directory. It ends with Release, or with the process, however that ends.
type Claim struct {
	Dir  string
	file *os.File
}

// Take makes the directory if it is missing (mode 0700), proves that it can be written to and
// locks it. ErrClaimed when another process holds it.
func Take(dir string) (*Claim, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make state directory %s: %w; name another one, or make it and give it to this user", dir, err)
	}
	if err := probe(dir); err != nil {
		return nil, fmt.Errorf("state directory %s cannot be written to: %w; name another one, or give it to this user", dir, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock of state directory: %w; name another directory, or give its files to this user", err)
	}
	switch err := lock(f); {
	case errors.Is(err, ErrClaimed):
		f.Close()
		return nil, fmt.Errorf("state directory %s is %w: stop that one, or name another directory", dir, ErrClaimed)
	case err != nil:
		f.Close()
		return nil, fmt.Errorf("lock state directory %s: %w; keep the state on a local file system", dir, err)
	}
	return &Claim{Dir: dir, file: f}, nil
}

// Release gives the directory up. Once is enough; again does nothing.
func (c *Claim) Release() error {
	if err := c.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// probe writes and removes a file, because permission bits do not tell of read-only mounts.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // an empty file left behind does no harm
	return f.Close()
}
