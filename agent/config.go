package agent

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nines-monitor/nines/internal/strict"
)

// Config is what agent.toml says. The zero value is not usable: see LoadConfig, which fills in
// what a file leaves out.
type Config struct {
	Collector string     // base URL: https://host[:port][/path]; http only to loopback
	CAFile    string     // PEM; the only roots trusted for the collector; empty: the system's
	StateDir  string     // holds the key, the last configuration and the spool
	Metrics   string     // loopback host:port of /metrics and /healthz; empty: none
	SpoolMax  int64      // bytes on disk that the spool may take, >= MinSpool
	LogLevel  slog.Level // least level that is logged
}

// MinSpool is the least size of a spool, in bytes.
const MinSpool = 1 << 20

// The values of keys that agent.toml leaves out.
const (
	DefaultMetrics  = "127.0.0.1:8998"
	DefaultSpoolMax = 256 << 20
)

// DefaultStateDir is where systemd says ($STATE_DIRECTORY), else /var/lib/nines-agent.
func DefaultStateDir() string {
	first, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":")
	if first != "" {
		return first
	}
	return "/var/lib/nines-agent"
}

// file is agent.toml, key by key.
type file struct {
	Collector string  `toml:"collector"`
	CAFile    string  `toml:"ca_file"`
	State     string  `toml:"state"`
	Metrics   *string `toml:"metrics"`
	SpoolMax  string  `toml:"spool_max"`
	LogLevel  string  `toml:"log_level"`
}

// LoadConfig reads the agent.toml at path. Its error names every problem at once, each with
// file, line, key and what to do. Relative paths in it start at the directory of the file.
func LoadConfig(path string) (Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w: give the path of an agent.toml with --config", err)
	}
	var f file
	doc := strict.Read(path, data, &f)
	c := Config{Collector: f.Collector, CAFile: f.CAFile, StateDir: f.State, Metrics: DefaultMetrics, SpoolMax: DefaultSpoolMax}
	if c.StateDir == "" {
		c.StateDir = DefaultStateDir()
	}
	for _, named := range []*string{&c.CAFile, &c.StateDir} {
		if *named != "" && !filepath.IsAbs(*named) {
			*named = filepath.Join(filepath.Dir(path), *named)
		}
	}
	if f.Metrics != nil {
		c.Metrics = *f.Metrics
	}
	if f.SpoolMax != "" {
		if c.SpoolMax, err = parseSize(f.SpoolMax); err != nil {
			doc.Add("spool_max", "%v", err)
			c.SpoolMax = DefaultSpoolMax
		}
	}
	if f.LogLevel != "" {
		if err := c.LogLevel.UnmarshalText([]byte(f.LogLevel)); err != nil {
			doc.Add("log_level", "%q is no level: want debug, info, warn or error", f.LogLevel)
		}
	}
	for _, p := range c.problems() {
		if doc.Readable() && !doc.Faulty(p.key) {
			doc.Add(p.key, "%s", p.text)
		}
	}
	return c, doc.Err()
}

// Validate names everything in c that an agent could not run with.
func (c Config) Validate() error {
	var errs []error
	for _, p := range c.problems() {
		errs = append(errs, fmt.Errorf("%s: %s", p.key, p.text))
	}
	return errors.Join(errs...)
}

type problem struct{ key, text string }

func (c Config) problems() []problem {
	var all []problem
	add := func(key, text string) {
		if text != "" {
			all = append(all, problem{key, text})
		}
	}
	add("collector", collectorProblem(c.Collector))
	add("metrics", metricsProblem(c.Metrics))
	if c.StateDir == "" {
		add("state", "want the directory that holds the agent's key and spool")
	}
	if c.SpoolMax < MinSpool {
		add("spool_max", fmt.Sprintf("%d bytes: want at least 1MiB", c.SpoolMax))
	}
	return all
}

func collectorProblem(s string) string {
	if s == "" {
		return "missing: want the collector's address, such as https://nines.example.net"
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return fmt.Sprintf("%q is no address: want https://host[:port]", s)
	case u.User != nil:
		return "holds a user or password: an agent is known by its key; take it out"
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Sprintf("%q: want no ? and no #", s)
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return ""
	case u.Scheme == "http":
		return fmt.Sprintf("%q: results would travel readable: want https:// (http:// only to loopback)", s)
	}
	return fmt.Sprintf("%q: want https://", s)
}

func metricsProblem(s string) string {
	if s == "" {
		return ""
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Sprintf("%q is no address: want host:port, such as %s, or \"\" for none", s, DefaultMetrics)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Sprintf("%q: port %q: want 0 to 65535", s, port)
	}
	if !isLoopback(host) {
		return fmt.Sprintf("%q is not loopback: the agent listens to its own machine alone; want 127.0.0.1 or [::1]", s)
	}
	return ""
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// sizeUnits are tried in order: the longer name before the one that it ends with.
var sizeUnits = []struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}}

// parseSize reads a whole number of B, KiB, MiB or GiB.
func parseSize(s string) (int64, error) {
	for _, unit := range sizeUnits {
		digits, ok := strings.CutSuffix(s, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err == nil && n >= 0 && n <= math.MaxInt64/unit.bytes {
			return n * unit.bytes, nil
		}
	}
	return 0, fmt.Errorf("%q is no size: want a number of KiB, MiB or GiB, such as 256MiB", s)
}
