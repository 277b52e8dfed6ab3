// Package packaging tests what is shipped: the units, the packages, and how the real programs behave under a service manager.
package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var packages = []string{"nines", "nines-agent"}

// maxExposure is what systemd-analyze security may find, in tenths: 0 is locked away, 100 is a plain root service.
const maxExposure = "18"

func TestUnitsAreValid(t *testing.T) {
	for _, name := range packages {
		t.Run(name, func(t *testing.T) {
			// Verified where it is not installed: the program it starts only has to be some program.
			text := regexp.MustCompile(`(?m)^ExecStart=\S+`).ReplaceAllString(read(t, name+".service"), "ExecStart=/bin/true")
			copied := filepath.Join(t.TempDir(), name+".service")
			if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			out := run(t, "systemd-analyze", "verify", "--man=no", copied)
			if complaint := regexp.MustCompile(`(?m)^.*` + name + `\.service.*$`).FindString(out); complaint != "" {
				t.Errorf("systemd-analyze verify: %s", complaint)
			}
		})
	}
}

func TestUnitsAreHardened(t *testing.T) {
	for _, name := range packages {
		t.Run(name, func(t *testing.T) {
			run(t, "systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold="+maxExposure, name+".service")
		})
	}
}

// What each unit promises, line by line: the agent may open raw sockets and nothing else, the collector may do nothing.
func TestUnitsSayWhatTheyPromise(t *testing.T) {
	for name, want := range map[string][]string{
		"nines-agent": {
			"Type=notify", "Restart=always", "StartLimitIntervalSec=0", "StateDirectory=nines-agent", "NoNewPrivileges=yes",
			"ProtectSystem=strict", "MemoryDenyWriteExecute=yes", "SystemCallFilter=@system-service",
			"CapabilityBoundingSet=CAP_NET_RAW", "AmbientCapabilities=CAP_NET_RAW",
			"ExecStart=/usr/bin/nines-agent run --config /etc/nines/agent.toml",
		},
		"nines": {
			"Type=notify", "Restart=always", "StartLimitIntervalSec=0", "StateDirectory=nines", "NoNewPrivileges=yes",
			"ProtectSystem=strict", "MemoryDenyWriteExecute=yes", "SystemCallFilter=@system-service",
			"CapabilityBoundingSet=", "AmbientCapabilities=",
			"ExecStart=/usr/bin/nines collector --config /etc/nines/collector.toml",
		},
	} {
		lines := strings.Split(read(t, name+".service"), "\n")
		for _, line := range want {
			if count(lines, line) != 1 {
				t.Errorf("%s.service has the line %q %d times, want once", name, line, count(lines, line))
			}
		}
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "WatchdogSec=") }) {
			t.Errorf("%s.service has no WatchdogSec", name)
		}
	}
}

func count(lines []string, line string) int {
	n := 0
	for _, l := range lines {
		if l == line {
			n++
		}
	}
	return n
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// run returns what a program said, and fails the test when it exits with anything but 0.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v (missing programs are installed by \"make test-deps\")\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
