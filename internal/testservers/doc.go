// Package testservers starts the real programs that tests talk to: a mail server, a browser, the tools of the Makefile.
// It promises that each is fresh, bound to loopback, ready when its function returns, and ended with the test.
// It refuses to skip: what is missing fails the test and says how to install it. Only tests import it.
package testservers

import (
	"os"
	"path/filepath"
	"testing"
)

// remedy ends every message about something that is not installed.
const remedy = `run "make test-deps"`

// Tool returns the path of a program that the Makefile builds from a pinned module below tools/, such as "mailpit".
// It looks in the folder that NINES_TOOLS names, or else in .cache/tools at the module's root.
func Tool(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("NINES_TOOLS")
	if dir == "" {
		dir = filepath.Join(Root(t), ".cache", "tools")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("testservers: tool %s: %v: %s", name, err, remedy)
	}
	return path
}

// Root returns the folder of the module that the test belongs to: the nearest parent with a go.mod.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("testservers: %v", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("testservers: no go.mod above the working folder")
		}
		dir = parent
	}
}
