package agent

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/nines-monitor/nines/internal/durable"
)

const keyFile = "agent.key"

// EnsureIdentity gives the Ed25519 key in stateDir, and makes it there if there is none:
// PKCS #8 in PEM, mode 0600. The key is made on site and never leaves it. A key file that
// others than its owner can use is refused. A key that root makes belongs to the owner of
// stateDir, who runs the agent. Of several processes that call it at once, all get the same key.
func EnsureIdentity(stateDir string) (ed25519.PrivateKey, error) {
	if err := os.MkdirAll(stateDir, 0o700); err != nil {
		return nil, fmt.Errorf("make state directory: %w: give another with --state, or make it writable", err)
	}
	path := filepath.Join(stateDir, keyFile)
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := writeKey(path); err != nil {
		return nil, fmt.Errorf("make the agent's key: %w%s", err, remedyFor(path, err))
	}
	return readKey(path)
}

func readKey(path string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the agent's key: %w%s", err, remedyFor(path, err))
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s has mode %04o, so others can use the agent's key: run chmod 600 %s, or remove it and register the agent anew if someone may have read it",
			path, mode, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the agent's key: %w%s", err, remedyFor(path, err))
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM: restore it from a backup, or remove it and register the agent anew", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s holds no Ed25519 key: restore it from a backup, or remove it and register the agent anew", path)
	}
	return key, nil
}

// writeKey makes a key at path unless another process was faster: a link, unlike a rename,
// never replaces a key that someone may have registered already.
func writeKey(path string) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(path), "."+keyFile+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name())
	err = pem.Encode(fresh, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := errors.Join(err, giveToOwner(fresh, filepath.Dir(path)), fresh.Sync(), fresh.Close()); err != nil {
		return err
	}
	if err := os.Link(fresh.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return durable.SyncDir(filepath.Dir(path))
}
