package notify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"os"
	"strings"

	"github.com/nines-monitor/nines/internal/secret"
)

// The ways to protect a connection to the mail server.
const (
	StartTLS    = "starttls" // plain at first, then TLS or nothing (RFC 3207)
	ImplicitTLS = "implicit" // TLS from the first byte (RFC 8314)
	NoTLS       = "none"     // only to this machine, unless AllowPlaintext
)

// MailConfig is the [mail] table of collector.toml. The zero value means that no mail is set
// up: messages wait in the outbox.
type MailConfig struct {
	Host           string `toml:"host"`
	Port           int    `toml:"port"`            // 0: 587, 465 with implicit, 25 with none
	From           string `toml:"from"`            // "Name <address>" or an address alone
	Username       string `toml:"username"`        // empty: no login
	PasswordFile   string `toml:"password_file"`   // read anew for each connection
	TLS            string `toml:"tls"`             // starttls (default), implicit or none
	CAFile         string `toml:"ca_file"`         // PEM certificates to trust instead of the system's
	AllowPlaintext bool   `toml:"allow_plaintext"` // with none: also to other machines
}

// Configured reports whether mail is set up at all.
func (c MailConfig) Configured() bool { return c != MailConfig{} }

// Validate says everything that is wrong with the table, one problem a line, each with its
// key. It reads the files that the table names. A table that is not Configured is valid.
func (c MailConfig) Validate() error {
	if !c.Configured() {
		return nil
	}
	return errors.Join(c.validateServer(), c.validateFrom(), c.validateLogin(), c.validateTLS())
}

func (c MailConfig) validateServer() error {
	var problems []error
	if c.Host == "" {
		problems = append(problems, errors.New("mail.host: missing: give the name or address of a mail server"))
	} else if strings.ContainsAny(c.Host, " \t\r\n/@[]") || strings.Count(c.Host, ":") == 1 {
		problems = append(problems, fmt.Errorf("mail.host %q: not a host: give a name or address alone, the port goes to mail.port", c.Host))
	}
	if c.Port < 0 || c.Port > 65535 {
		problems = append(problems, fmt.Errorf("mail.port %d: not a port: give 1 to 65535, or leave it out", c.Port))
	}
	return errors.Join(problems...)
}

func (c MailConfig) validateFrom() error {
	if c.From == "" {
		return errors.New("mail.from: missing: give the sender's address")
	}
	if _, err := mail.ParseAddress(c.From); err != nil || strings.ContainsAny(c.From, "\r\n") {
		return fmt.Errorf("mail.from %q: not an address: write it as nines@msp.example or \"MSP <nines@msp.example>\"", c.From)
	}
	return nil
}

func (c MailConfig) validateLogin() error {
	switch {
	case c.Username == "" && c.PasswordFile == "":
		return nil
	case c.Username == "":
		return errors.New("mail.username: missing, but mail.password_file is given")
	case c.PasswordFile == "":
		return errors.New("mail.password_file: missing, but mail.username is given")
	}
	_, err := c.password()
	return err
}

func (c MailConfig) validateTLS() error {
	switch c.TLS {
	case "", StartTLS, ImplicitTLS:
	case NoTLS:
		if !c.AllowPlaintext && !isLoopback(c.Host) {
			return fmt.Errorf("mail.tls = %q: mail to %s would cross the network readable by anyone: use starttls or implicit, or set mail.allow_plaintext", NoTLS, c.Host)
		}
		if c.Username != "" && !isLoopback(c.Host) {
			return errors.New("mail.username: a password is never sent without TLS to another machine: set mail.tls to starttls or implicit")
		}
	default:
		return fmt.Errorf("mail.tls %q: unknown: give starttls, implicit or none", c.TLS)
	}
	if c.CAFile == "" {
		return nil
	}
	_, err := c.roots()
	return err
}

// roots are the certificates to trust; nil means the system's.
func (c MailConfig) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("mail.ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("mail.ca_file %s: no certificate in it: give a PEM file", c.CAFile)
	}
	return pool, nil
}

// password reads the secret; what is in the file never gets into an error.
func (c MailConfig) password() (string, error) {
	password, err := secret.Read(c.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("mail.password_file: %w", err)
	}
	return password, nil
}

func (c MailConfig) port() int {
	switch {
	case c.Port != 0:
		return c.Port
	case c.TLS == ImplicitTLS:
		return 465
	case c.TLS == NoTLS:
		return 25
	}
	return 587
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
