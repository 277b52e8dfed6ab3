package up

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/nines-monitor/nines/internal/durable"
)

// Client, site and agent of the starter contract.
const (
	starterClient = "home"
	starterSite   = "here"
	starterAgent  = "this-machine"
)

//go:embed starter.toml.tmpl
var starterText string

var starterTemplate = template.Must(template.New("starter").Parse(starterText))

// starter gives the starter contract for what was found; own is the URL of the collector's own
// HTTPS port.
func starter(found surroundings, own string, now time.Time) ([]byte, error) {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "this machine"
	}
	var b bytes.Buffer
	err = starterTemplate.Execute(&b, struct {
		surroundings
		Client, Site, Name, Since, Zone, Own, ResolverAddress string
	}{
		found, starterClient, starterSite, strconv.Quote("Home of " + printable(host)),
		now.Format(time.DateOnly), localZone(), own, net.JoinHostPort(found.Resolver, "53"),
	})
	return b.Bytes(), err
}

// writeOnce writes a file that is the user's from then on: one that is there stays as it is.
func writeOnce(path string, text []byte) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := durable.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}

var zonePattern = regexp.MustCompile(`^[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+)*$`)

// localZone names the machine's time zone, or UTC where it has no name that a contract can hold.
func localZone() string {
	names := []string{os.Getenv("TZ"), time.Local.String()}
	if link, err := os.Readlink("/etc/localtime"); err == nil {
		if _, name, ok := strings.Cut(link, "/zoneinfo/"); ok {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if name == "" || name == "Local" || !zonePattern.MatchString(name) {
			continue
		}
		if _, err := time.LoadLocation(name); err == nil && name != "Etc/UTC" {
			return name
		}
	}
	return "UTC"
}

// printable drops what a TOML string could not hold as it is.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}
