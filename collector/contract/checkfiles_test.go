package contract_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
)

const examples = "../../configs/clients/*.toml"

func TestExamplesAreRightAndDeserveNoWarning(t *testing.T) {
	paths, err := filepath.Glob(examples)
	if err != nil || len(paths) == 0 {
		t.Fatalf("Glob(%q): got %d files, %v", examples, len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		c, err := contract.Parse(path, text)
		if err != nil {
			t.Fatalf("Parse(%s):\n%v", path, err)
		}
		if len(c.Warnings) > 0 {
			t.Errorf("Parse(%s): got warnings\n%v", path, c.Warnings)
		}
	}
}

func TestCheckFilesSummarises(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var out strings.Builder
	if err := contract.CheckFiles([]string{"../../configs/clients/acme.toml"}, now, &out); err != nil {
		t.Fatalf("CheckFiles: %v\n%s", err, &out)
	}
	want := `../../configs/clients/acme.toml: ok
  client acme, "Acme Dental Group", from 2026-10-01 in Europe/Berlin
  5 checks at 1 site, 2 services, 2 SLOs
  maintenance patch-sunday:
    Sun 2026-12-06 02:00 CET to 06:00 CET
    Sun 2027-02-07 02:00 CET to 06:00 CET
    Sun 2027-03-07 02:00 CET to 06:00 CET
  maintenance core-switch:
    Sat 2026-11-21 18:00 CET to 22:00 CET
`
	if out.String() != want {
		t.Errorf("CheckFiles\n got:\n%swant:\n%s", &out, want)
	}
}

func TestCheckFilesSaysWhatTheClockDoes(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "a.toml", minimal("a")+`
[[maintenance]]
id = "night"
start = 2027-03-27T23:00:00
duration = "4h"
rrule = "FREQ=DAILY;COUNT=2"
[[maintenance]]
id = "skipped"
start = 2027-03-28T02:30:00
duration = "30m"
[[maintenance]]
id = "twice"
start = 2026-10-25T02:30:00
duration = "2h"
[[maintenance]]
id = "past"
start = 2026-10-01T00:00:00Z
end = 2026-10-01T01:00:00Z
`)
	var out strings.Builder
	if err := contract.CheckFiles([]string{path}, time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC), &out); err != nil {
		t.Fatalf("CheckFiles: %v\n%s", err, &out)
	}
	for _, want := range []string{
		"night:\n    Sat 2027-03-27 23:00 CET to Sun 2027-03-28 04:00 CEST: the clock changes during it, it lasts 4h all the same\n    Sun 2027-03-28 23:00 CEST",
		"skipped:\n    Sun 2027-03-28 03:30 CEST to 04:00 CEST: the clock skips 02:30 on that day\n",
		"twice:\n    Sun 2026-10-25 02:30 CEST to 03:30 CET: the clock shows 02:30 twice on that day, this is the first; the clock changes during it, it lasts 2h all the same\n",
		"maintenance past: over, no occurrence is to come\n",
		"  warning: line 13: service[0]: s is watched, but no slo promises anything about it\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("CheckFiles\n got:\n%swant in it:\n%s", &out, want)
		}
	}
}

func TestCheckFilesListsEveryProblemOfEveryFile(t *testing.T) {
	dir := t.TempDir()
	good := write(t, dir, "good.toml", minimal("a"))
	again := write(t, dir, "again.toml", minimal("a"))
	bad := write(t, dir, "bad.toml", strings.NewReplacer(`site = "hq"`, `site = "x"`, `"UTC"`, `"Mars"`, `"Europe/Berlin"`, `"Mars"`).Replace(minimal("b")))
	missing := filepath.Join(dir, "missing.toml")
	var out strings.Builder
	err := contract.CheckFiles([]string{good, again, bad, missing}, time.Now(), &out)
	if err == nil || err.Error() != "3 contracts of 4 wrong" {
		t.Errorf("CheckFiles: got %v, want 3 contracts of 4 wrong", err)
	}
	for _, want := range []string{
		good + ": ok\n",
		again + `: client.id: "a" has a contract in ` + good + " as well: a client has one\n",
		bad + `:5: client.time_zone: "Mars": no such time zone`,
		bad + `:11: check[0].site: "x": no such site in this contract`,
		missing + ": cannot be read: no such file or directory\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("CheckFiles\n got:\n%swant in it:\n%s", &out, want)
		}
	}
}

func TestCheckFilesTakesADirectory(t *testing.T) {
	dir, empty := t.TempDir(), t.TempDir()
	good := write(t, dir, "good.toml", minimal("a"))
	bad := write(t, dir, "bad.toml", strings.Replace(minimal("b"), `site = "hq"`, `site = "x"`, 1))
	write(t, dir, "good.toml~", "what an editor leaves behind")
	write(t, dir, ".#good.toml", "and another")
	if err := os.Mkdir(filepath.Join(dir, "old.toml"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		paths     []string
		err       string
		want, not []string
	}{
		"a directory":              {[]string{dir}, "1 contract of 2 wrong", []string{good + ": ok\n", bad + ":11: check[0].site"}, []string{"editor", "old.toml", "line 0"}},
		"a directory and its file": {[]string{dir + "/", good}, "1 contract of 2 wrong", []string{good + ": ok\n"}, []string{"as well"}},
		"a directory without one":  {[]string{good, empty}, empty + ": there is no *.toml in it: name a contract, or the directory that contracts are in", nil, []string{"ok"}},
		"a file without a contact": {[]string{write(t, t.TempDir(), "a.toml", minimal("a")+"[[slo]]\nid = \"o\"\nservice = \"s\"\nobjective = \"90%\"\n")}, "",
			[]string{"  warning: contact: nobody is told of a breach"}, []string{"line 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			said := ""
			if err := contract.CheckFiles(tc.paths, time.Now(), &out); err != nil {
				said = err.Error()
			}
			if said != tc.err {
				t.Errorf("CheckFiles(%q) = %q, want %q", tc.paths, said, tc.err)
			}
			for _, want := range tc.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("CheckFiles(%q)\n got:\n%swant in it:\n%s", tc.paths, &out, want)
				}
			}
			for _, not := range tc.not {
				if strings.Contains(out.String(), not) {
					t.Errorf("CheckFiles(%q)\n got:\n%swant it without %q", tc.paths, &out, not)
				}
			}
		})
	}
}

// minimal is a contract for a client, on 16 lines.
func minimal(client string) string {
	return `effective = 2026-10-01
[client]
id = "` + client + `"
name = "Client"
time_zone = "Europe/Berlin"
[[site]]
id = "hq"
name = "Headquarters"
[[check]]
id = "c"
site = "hq"
tcp = { address = "erp.example:443" }
[[service]]
id = "s"
name = "S"
up_when = "c"
`
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
