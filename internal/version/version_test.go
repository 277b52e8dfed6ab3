package version

import (
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

func TestUnstampedBuild(t *testing.T) {
	for name, tc := range map[string]struct {
		settings []debug.BuildSetting
		want     string
	}{
		"nothing recorded":      {nil, "dev"},
		"commit recorded":       {[]debug.BuildSetting{{Key: "vcs.revision", Value: "07c63703559a1b2c3d4e"}}, "dev+g07c63703559a"},
		"commit name cut short": {[]debug.BuildSetting{{Key: "vcs.revision", Value: "07c6"}}, "dev"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := unstamped(tc.settings); got != tc.want {
				t.Errorf("unstamped(%v) = %q, want %q", tc.settings, got, tc.want)
			}
		})
	}
}

// The linker silently ignores -X for a name that does not exist, so a real build is asked.
func TestStampReachesABuiltProgram(t *testing.T) {
	probe := filepath.Join(t.TempDir(), "probe")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags",
		"-X github.com/nines-monitor/nines/internal/version.stamp=9.8.7", "-o", probe, "./testdata/probe")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build probe: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), probe).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(out)); got != "9.8.7" {
		t.Errorf("stamped program says %q, want %q", got, "9.8.7")
	}
}
