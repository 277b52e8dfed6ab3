//go:build unix

package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// giveToOwner gives a file that root has just made in dir to the owner of dir, because the
// service that is to read it does not run as root. For others than root it does nothing.
func giveToOwner(f *os.File, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return f.Chown(int(owner.Uid), int(owner.Gid))
}

// remedyFor says how to get at a file that this user may not read; empty: err is no such thing.
func remedyFor(path string, err error) string {
	if !errors.Is(err, fs.ErrPermission) {
		return ""
	}
	dir := filepath.Dir(path)
	info, statErr := os.Stat(dir)
	if statErr != nil {
		return ": run it as root"
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	name := userName(owner.Uid)
	if int(owner.Uid) == os.Geteuid() {
		return fmt.Sprintf(": it wants the owner %[1]s and mode 0600: as root, run chown %[1]s: %[2]s && chmod 600 %[2]s", name, path)
	}
	return fmt.Sprintf(": the directory belongs to %s: run it as root, or with sudo -u %s", name, name)
}

func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
