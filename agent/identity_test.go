package agent

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestTheKeyIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	var all sync.WaitGroup
	keys := make([]ed25519.PrivateKey, 8)
	for i := range keys {
		all.Go(func() {
			var err error
			if keys[i], err = EnsureIdentity(dir); err != nil {
				t.Errorf("EnsureIdentity = %v, want a key", err)
			}
		})
	}
	all.Wait()
	for i, k := range keys {
		if !k.Equal(keys[0]) {
			t.Errorf("caller %d got another key than the first, want one for all", i)
		}
	}
	info, err := os.Stat(filepath.Join(dir, keyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v; want mode 0600", info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) != 0 {
		t.Errorf("left behind: %q, want nothing", left)
	}
}

func TestAKeyThatCannotBeTrustedIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(path string) error
		want  string
	}{
		"readable by its group": {func(p string) error { return os.Chmod(p, 0o640) }, "mode 0640, so others can use the agent's key: run chmod 600"},
		"readable by all":       {func(p string) error { return os.Chmod(p, 0o604) }, "mode 0604"},
		"empty":                 {func(p string) error { return os.WriteFile(p, nil, 0o600) }, "holds no PEM: restore it from a backup"},
		"cut short":             {func(p string) error { return os.Truncate(p, 60) }, "holds no PEM"},
		"of another kind": {func(p string) error {
			return os.WriteFile(p, []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), 0o600)
		}, "holds no Ed25519 key"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := EnsureIdentity(dir); err != nil {
				t.Fatal(err)
			}
			if err := tc.spoil(filepath.Join(dir, keyFile)); err != nil {
				t.Fatal(err)
			}
			if _, err := EnsureIdentity(dir); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("EnsureIdentity = %v, want %q", err, tc.want)
			}
		})
	}
}
