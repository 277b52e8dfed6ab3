// Package e2e runs the real programs against real targets and holds what they say against what
// the targets did. It has tests only.
//
// Everything runs in a network namespace of the tests' own, whose gateway is another one:
// nothing that is started here reaches a network.
package e2e

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// insideVar tells the tests that they run in their namespace already.
const insideVar = "NINES_E2E_INSIDE"

var update = flag.Bool("update", false, "write docs/screenshot.png")

// bin is the folder of the programs under test, built once for all tests.
var bin string

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	if os.Getenv(insideVar) == "" {
		return enter()
	}
	if err := syscall.Sethostname([]byte("office")); err != nil { // the starter contract is named after it
		return 0, err
	}
	leave, err := layNetwork()
	if err != nil {
		return 0, err
	}
	defer leave()
	dir, err := os.MkdirTemp("", "nines-e2e-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	bin = dir
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "github.com/nines-monitor/nines/cmd/...")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// enter runs these tests again in a network namespace of their own, as root of a user
// namespace where we are not root.
func enter() (int, error) {
	args := []string{"--net", "--uts"}
	if os.Geteuid() != 0 {
		args = append(args, "--map-root-user")
	}
	again := exec.Command("unshare", append(append(args, os.Args[0]), os.Args[1:]...)...)
	again.Env = append(os.Environ(), insideVar+"=yes")
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := again.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
