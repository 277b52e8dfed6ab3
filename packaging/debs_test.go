package packaging

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/nines-monitor/nines/internal/testservers"
)

func TestPackagesHoldWhatTheyShould(t *testing.T) {
	version := strings.TrimSpace(run(t, filepath.Join(testservers.Root(t), "tools", "version")))
	for name, tc := range map[string]struct {
		config string
		more   []string
	}{
		"nines":       {"collector.toml", []string{"-rw-r--r-- root/root ./usr/share/doc/nines/examples/acme.toml"}},
		"nines-agent": {"agent.toml", nil},
	} {
		t.Run(name, func(t *testing.T) {
			deb := buildDeb(t, name)
			want := append([]string{
				"-rw-r----- root/root ./etc/nines/" + tc.config,
				"-rwxr-xr-x root/root ./usr/bin/" + name,
				"-rw-r--r-- root/root ./usr/lib/systemd/system/" + name + ".service",
				"-rw-r--r-- root/root ./usr/share/doc/" + name + "/copyright",
			}, tc.more...)
			if got := files(run(t, "dpkg-deb", "--contents", deb)); !slices.Equal(got, want) {
				t.Errorf("%s holds\n%s\nwant\n%s", deb, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if got := run(t, "dpkg-deb", "--field", deb, "Package"); strings.TrimSpace(got) != name {
				t.Errorf("Package: %s, want %s", got, name)
			}
			root := filepath.Join(t.TempDir(), "root")
			run(t, "dpkg-deb", "--extract", deb, root)
			if got := run(t, filepath.Join(root, "usr", "bin", name), "version"); !strings.Contains(got, version) {
				t.Errorf("%s version says %q, want %q", name, got, version)
			}
			control := filepath.Join(t.TempDir(), "control")
			run(t, "dpkg-deb", "--control", deb, control)
			if got := strings.TrimSpace(read(t, filepath.Join(control, "conffiles"))); got != "/etc/nines/"+tc.config {
				t.Errorf("conffiles: %s, want /etc/nines/%s alone", got, tc.config)
			}
			for _, script := range []string{"postinst", "prerm", "postrm"} {
				if got := read(t, filepath.Join(control, script)); got != read(t, filepath.Join("scripts", script)) {
					t.Errorf("%s is not scripts/%s:\n%s", script, script, got)
				}
			}
		})
	}
}

func TestTheSameTreeGivesTheSamePackage(t *testing.T) {
	for _, name := range packages {
		t.Run(name, func(t *testing.T) {
			one, other := sum(t, buildDeb(t, name)), sum(t, buildDeb(t, name))
			if one != other {
				t.Errorf("two builds of %s differ: %x and %x", name, one, other)
			}
		})
	}
}

// The maintainer scripts run under the plain POSIX shell of any Debian.
func TestMaintainerScriptsParse(t *testing.T) {
	scripts, err := filepath.Glob("scripts/*")
	if err != nil || len(scripts) != 3 {
		t.Fatalf("scripts: %q, %v, want three", scripts, err)
	}
	for _, script := range scripts {
		run(t, "sh", "-n", script)
	}
}

// buildDeb builds the package for this machine in a folder of its own, and returns its path.
func buildDeb(t *testing.T, name string) string {
	t.Helper()
	t.Setenv("NINES_TOOLS", filepath.Dir(testservers.Tool(t, "nfpm")))
	t.Setenv("SOURCE_DATE_EPOCH", "1790000000")
	dir := t.TempDir()
	run(t, "./deb", name, runtime.GOARCH, dir)
	debs, err := filepath.Glob(filepath.Join(dir, name+"_*.deb"))
	if err != nil || len(debs) != 1 {
		t.Fatalf("deb %s made %q, %v, want one package", name, debs, err)
	}
	return debs[0]
}

// files returns mode, owner and path of each file that dpkg-deb --contents lists, folders left out.
func files(listing string) []string {
	var list []string
	for line := range strings.Lines(listing) {
		field := strings.Fields(line)
		if len(field) == 6 && !strings.HasPrefix(field[0], "d") {
			list = append(list, field[0]+" "+field[1]+" "+field[5])
		}
	}
	return list
}

func sum(t *testing.T, path string) [sha256.Size]byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(content)
}
