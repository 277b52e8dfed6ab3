//go:build unix

package agent

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// serviceUser stands for the account that an agent runs as, in tests that run as root.
const serviceUser = 65534

// serviceDir is a state directory as a package makes it: of the service's user where root runs
// the tests, else of the user who does.
func serviceDir(t *testing.T) (dir string, uid int) {
	t.Helper()
	dir, uid = t.TempDir(), os.Geteuid()
	if uid == 0 {
		uid = serviceUser
		if err := os.Chown(dir, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
	return dir, uid
}

func TestAKeyBelongsToWhoeverOwnsTheState(t *testing.T) {
	dir, uid := serviceDir(t)
	if _, err := EnsureIdentity(dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("ReadDir = %v, %v; want the key alone", entries, err)
	}
	info, err := entries[0].Info()
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := info.Sys().(*syscall.Stat_t); !ok || int(got.Uid) != uid || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: owner %d, mode %v; want %d and 0600", info.Name(), got.Uid, info.Mode(), uid)
	}
	if _, err := EnsureIdentity(dir); err != nil {
		t.Errorf("EnsureIdentity again = %v, want the key", err)
	}
}

func TestADeniedKeyComesWithTheRemedy(t *testing.T) {
	elsewhere := "/" // root's, for everyone else
	if os.Geteuid() == 0 {
		elsewhere, _ = serviceDir(t)
	}
	for name, tc := range map[string]struct {
		dir, want string
		err       error
	}{
		"another's directory": {elsewhere, ": run it as root, or with sudo -u ", syscall.EACCES},
		"one's own directory": {t.TempDir(), " and mode 0600: as root, run chown ", syscall.EACCES},
		"no directory":        {filepath.Join(t.TempDir(), "gone"), ": run it as root", syscall.EACCES},
		"another trouble":     {elsewhere, "", syscall.EIO},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(tc.dir, keyFile)
			got := remedyFor(path, &fs.PathError{Op: "open", Path: path, Err: tc.err})
			if !strings.Contains(got, tc.want) || (got == "") != (tc.want == "") {
				t.Errorf("remedyFor(%q, %v) = %q, want %q", path, tc.err, got, tc.want)
			}
		})
	}
}
