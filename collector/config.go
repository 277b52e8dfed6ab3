package collector

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/nines-monitor/nines/collector/notify"
	"github.com/nines-monitor/nines/internal/secret"
	"github.com/nines-monitor/nines/internal/strict"
)

// Where a collector listens when nothing says otherwise.
const (
	DefaultListen       = "127.0.0.1:8999"
	DefaultAgentsListen = "127.0.0.1:8997"
)

// Config is collector.toml, with what the command line has overridden.
type Config struct {
	Listen       string            `toml:"listen"`        // pages and API
	AgentsListen string            `toml:"agents_listen"` // agents; always HTTPS
	State        string            `toml:"state"`         // directory of the database
	Clients      string            `toml:"clients"`       // directory of contracts, watched
	LogLevel     string            `toml:"log_level"`     // debug, info, warn or error
	TLS          TLS               `toml:"tls"`
	Admin        Admin             `toml:"admin"`
	Mail         notify.MailConfig `toml:"mail"`

	InsecureListen bool `toml:"-"` // pages on any address, without a token
}

// TLS is the certificate of the agents' port. Left empty, the collector makes one for itself
// and keeps it in its state directory.
type TLS struct {
	Cert string `toml:"cert"` // PEM file, leaf first
	Key  string `toml:"key"`  // PEM file
}

// Admin guards the pages and the API.
type Admin struct {
	TokenFile string `toml:"token_file"`
}

// Flags are what the command line says over the file; empty fields say nothing.
type Flags struct {
	Listen, AgentsListen string
	InsecureListen       bool
}

// LoadConfig reads the collector.toml at path. Its error names every problem at once, each
// with file, line, key and what to do. Relative paths are taken from the file's directory.
func LoadConfig(path string, f Flags) (Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read the collector's configuration: %w: configs/collector.toml is an example", err)
	}
	var c Config
	doc := strict.Read(path, data, &c)
	if !doc.Readable() {
		return Config{}, doc.Err()
	}
	c.complete(filepath.Dir(path), f)
	c.validate(doc)
	return c, doc.Err()
}

func (c *Config) complete(dir string, f Flags) {
	c.Listen = cmp.Or(f.Listen, c.Listen, DefaultListen)
	c.AgentsListen = cmp.Or(f.AgentsListen, c.AgentsListen, DefaultAgentsListen)
	c.InsecureListen = f.InsecureListen
	systemd, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":")
	c.State = cmp.Or(c.State, systemd, "/var/lib/nines")
	c.Clients = cmp.Or(c.Clients, "clients")
	c.LogLevel = cmp.Or(c.LogLevel, "info")
	for _, p := range []*string{&c.State, &c.Clients, &c.TLS.Cert, &c.TLS.Key, &c.Admin.TokenFile, &c.Mail.PasswordFile, &c.Mail.CAFile} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
}

func (c *Config) validate(doc *strict.Document) {
	for _, l := range []struct{ key, addr string }{{"listen", c.Listen}, {"agents_listen", c.AgentsListen}} {
		if _, _, err := net.SplitHostPort(l.addr); err != nil {
			doc.Add(l.key, "%q is no address to listen on: want host:port, such as %s", l.addr, DefaultListen)
		}
	}
	if !isLoopback(c.Listen) && c.Admin.TokenFile == "" && !c.InsecureListen && !doc.Faulty("listen") {
		doc.Add("listen", "%s would show pages and API to the network: set admin.token_file, or start with --insecure-listen", c.Listen)
	}
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		doc.Add("tls", "cert and key go together: set both, or neither to let the collector make its own")
	}
	switch c.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		doc.Add("log_level", "%q: want debug, info, warn or error", c.LogLevel)
	}
	if err := c.Mail.Validate(); err != nil {
		doc.Add("mail", "%v", err)
	}
}

// minTokenLength keeps out tokens that can be guessed.
const minTokenLength = 16

// AdminToken reads the token that guards pages and API; empty when none is configured.
func (c *Config) AdminToken() (string, error) {
	if c.Admin.TokenFile == "" {
		return "", nil
	}
	token, err := secret.Read(c.Admin.TokenFile)
	if err != nil {
		return "", fmt.Errorf("admin.token_file: %w", err)
	}
	if len(token) < minTokenLength || strings.ContainsAny(token, " \t") {
		return "", fmt.Errorf("admin.token_file %s: want at least %d characters without spaces", c.Admin.TokenFile, minTokenLength)
	}
	return token, nil
}

// isLoopback reports whether an address to listen on can be reached from this machine alone.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// addressFile is where a running collector leaves the URL of its pages, for commands on the same
// machine: flags may have put it elsewhere than the configuration says.
const addressFile = "pages.url"

// RunningAt is where the collector with this configuration serves its pages, as seen from its
// own machine: where it says so itself, or else where it would.
func (c *Config) RunningAt() (string, error) {
	if said, err := os.ReadFile(filepath.Join(c.State, addressFile)); err == nil {
		if u, err := url.Parse(strings.TrimSpace(string(said))); err == nil && u.Host != "" {
			return u.String(), nil
		}
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return (&url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}).String(), nil
}
