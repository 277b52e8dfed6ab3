package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// errLocked is what lockFile gives when another process holds the lock.
var errLocked = errors.New("locked by another process")

// openState makes dir if need be, proves that it can be written, and takes its lock, so that no
// two agents share one spool. Closing the file gives the lock back.
func openState(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make state directory: %w: give another with --state, or make it writable", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state directory %s cannot be written: %w: give another with --state, or make it writable", dir, err)
	}
	if err := lockFile(f); err != nil {
		f.Close()
		if errors.Is(err, errLocked) {
			return nil, fmt.Errorf("state directory %s is in use by another nines-agent: stop that one, or give this one another with --state", dir)
		}
		return nil, fmt.Errorf("lock state directory %s: %w", dir, err)
	}
	return f, nil
}
