package packaging

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nines-monitor/nines/internal/testservers"
)

// The platforms on which no test runs: another kind of system, another kind of Unix, and 32 bits. linux/arm64 differs from
// what runs here in nothing that the compiler would find.
func TestProgramsBuildForPlatformsWithoutTests(t *testing.T) {
	for platform, magic := range map[string]string{ // how an executable of its kind begins
		"windows/amd64": "MZ",
		"darwin/arm64":  "\xcf\xfa\xed\xfe",
		"linux/arm":     "\x7fELF\x01", // 32 bits
	} {
		t.Run(platform, func(t *testing.T) {
			goos, goarch, _ := strings.Cut(platform, "/")
			for _, name := range packages {
				program := filepath.Join(t.TempDir(), name)
				cmd := exec.CommandContext(t.Context(), filepath.Join(testservers.Root(t), "tools", "build"), program, "../cmd/"+name)
				cmd.Env = append(cmd.Environ(), "GOOS="+goos, "GOARCH="+goarch)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("build %s for %s: %v\n%s", name, platform, err, out)
					continue
				}
				if begins := read(t, program)[:8]; !strings.HasPrefix(begins, magic) {
					t.Errorf("%s for %s begins with %q, want %q", name, platform, begins, magic)
				}
			}
		})
	}
}
