package statedir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOneClaimAtATime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "on", "the", "way")
	first, err := Take(dir)
	if err != nil {
		t.Fatalf("Take(%q) = %v, want a claim", dir, err)
	}
	if _, err := Take(dir); !errors.Is(err, ErrClaimed) || !strings.Contains(err.Error(), dir) {
		t.Errorf("second Take(%q) = %v, want ErrClaimed with the directory named", dir, err)
	}
	if err := first.Release(); err != nil {
		t.Fatalf("Release() = %v, want nil", err)
	}
	again, err := Take(dir)
	if err != nil {
		t.Fatalf("Take(%q) after Release = %v, want a claim", dir, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("directory holds %v (%v), want the lock alone", entries, err)
	}
	if err := again.Release(); err != nil {
		t.Errorf("second Release() = %v, want nil", err)
	}
}

func TestRefusalsNameTheDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{
		"a file in the place of the directory": file,
		"a directory below a file":             filepath.Join(file, "state"),
		"a directory that takes no files":      "/proc/self",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Take(dir); err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "name another") {
				t.Errorf("Take(%q) = %v, want an error that names it and the remedy", dir, err)
			}
		})
	}
}
