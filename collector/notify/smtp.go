package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/nines-monitor/nines/collector/store"
)

// SendTimeout bounds one message's way to the mail server, from dialling to the last reply.
const SendTimeout = 45 * time.Second

// RefusedError is a mail server's answer about one message or its recipient; the server
// itself works.
type RefusedError struct {
	Permanent bool // a 5xx reply: trying again is of no use
	Err       error
}

func (e *RefusedError) Error() string { return e.Err.Error() }
func (e *RefusedError) Unwrap() error { return e.Err }

// SMTP sends mail through one server. It is safe for concurrent use; each message has a
// connection of its own.
type SMTP struct {
	config  MailConfig
	from    *mail.Address
	timeout time.Duration
}

// NewSMTP makes a Mailer of a configuration that must be Configured and valid. It does not
// connect.
func NewSMTP(c MailConfig) (*SMTP, error) {
	if !c.Configured() {
		return nil, errors.New("mail: not set up: give mail.host and mail.from")
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return nil, fmt.Errorf("mail.from: %w", err)
	}
	return &SMTP{config: c, from: from, timeout: SendTimeout}, nil
}

// Send hands one message over, and returns nil when the server has taken responsibility for
// it. A *RefusedError is about this message; every other error is about the server or the way
// to it. After an error that is not a refusal the server may still have taken the message.
func (s *SMTP) Send(ctx context.Context, m store.Message) error {
	msg, err := s.compose(m)
	if err != nil {
		return &RefusedError{Permanent: true, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err = s.deliver(ctx, msg)
	if err == nil || msg.IsDelivered() {
		return nil // what fails after the server took it is not worth a duplicate
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return s.explain(err)
}

func (s *SMTP) deliver(ctx context.Context, msg *gomail.Msg) error {
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // the reply to DATA is what counts
	// The library looks at its own deadlines only: an end of ctx closes the connection under it.
	defer context.AfterFunc(ctx, func() { conn.Close() })() //nolint:errcheck // it is only meant to wake the reader
	client, err := s.client(conn)
	if err != nil {
		return err
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	if err := client.SendWithSMTPClient(session, msg); err != nil {
		return err
	}
	return client.CloseWithSMTPClient(session)
}

func (s *SMTP) dial(ctx context.Context) (net.Conn, error) {
	address := net.JoinHostPort(s.config.Host, strconv.Itoa(s.config.port()))
	var dialer net.Dialer
	if s.config.TLS != ImplicitTLS {
		return dialer.DialContext(ctx, "tcp", address)
	}
	config, err := s.tlsConfig()
	if err != nil {
		return nil, err
	}
	return (&tls.Dialer{NetDialer: &dialer, Config: config}).DialContext(ctx, "tcp", address)
}

func (s *SMTP) tlsConfig() (*tls.Config, error) {
	roots, err := s.config.roots()
	if err != nil {
		return nil, err
	}
	return &tls.Config{ServerName: s.config.Host, RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// client sets the library up to speak over conn.
func (s *SMTP) client(conn net.Conn) (*gomail.Client, error) {
	config, err := s.tlsConfig()
	if err != nil {
		return nil, err
	}
	policy := gomail.TLSMandatory
	if s.config.TLS == NoTLS || s.config.TLS == ImplicitTLS {
		policy = gomail.NoTLS // with ImplicitTLS, conn is a TLS connection already
	}
	options := []gomail.Option{
		gomail.WithPort(s.config.port()),
		gomail.WithTimeout(s.timeout),
		gomail.WithTLSPolicy(policy),
		gomail.WithTLSConfig(config),
		gomail.WithoutNoop(),
		gomail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return conn, nil }),
	}
	if s.config.Username != "" {
		password, err := s.config.password()
		if err != nil {
			return nil, err
		}
		options = append(options, gomail.WithUsername(s.config.Username), gomail.WithPassword(password), s.login())
	}
	return gomail.NewClient(s.config.Host, options...)
}

// login chooses how the password is given. Without TLS, which Validate allows to this machine
// only, PLAIN is what servers there speak.
func (s *SMTP) login() gomail.Option {
	if s.config.TLS == NoTLS {
		return gomail.WithSMTPAuth(gomail.SMTPAuthPlainNoEnc)
	}
	return gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin)
}

// explain tells a refusal from a failure, names the server, and keeps it to one line.
func (s *SMTP) explain(err error) error {
	named := fmt.Errorf("mail server %s:%d: %w", s.config.Host, s.config.port(), err)
	var sent *gomail.SendError
	if !errors.As(err, &sent) || sent.ErrorCode() < 400 {
		return named
	}
	switch sent.Reason {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		return &RefusedError{Permanent: sent.ErrorCode() >= 500, Err: named}
	}
	return named
}

// domain is the part of an address after its last @.
func domain(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}
