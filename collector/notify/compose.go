package notify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/mail"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/collector/words"
	"github.com/nines-monitor/nines/internal/version"
)

// compose makes a mail of a message: the same mail each time it is tried.
func (s *SMTP) compose(m store.Message) (*gomail.Msg, error) {
	if len(m.To) == 0 {
		return nil, fmt.Errorf("message %q: nobody to send it to", m.Key)
	}
	msg := gomail.NewMsg()
	msg.FromMailAddress(s.from)
	for _, to := range m.To {
		address, err := mail.ParseAddress(to)
		if err != nil {
			return nil, fmt.Errorf("recipient %q: not an address: %w", to, err)
		}
		msg.AddToMailAddress(address)
	}
	msg.Subject(words.Line(m.Subject))
	msg.SetDateWithValue(time.UnixMilli(m.CreatedAt).UTC())
	msg.SetMessageIDWithValue(messageID(m, domain(s.from.Address)))
	msg.SetUserAgent("nines/" + version.String())
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday notes, please
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	for _, f := range m.Files {
		if err := msg.AttachReader(f.Name, bytes.NewReader(f.Data), gomail.WithFileContentType(gomail.ContentType(f.Type))); err != nil {
			return nil, fmt.Errorf("attach %q: %w", f.Name, err)
		}
	}
	return msg, nil
}

// messageID depends on who is told what, and on nothing else.
func messageID(m store.Message, domain string) string {
	sum := sha256.Sum256([]byte(m.Tenant + "\x00" + m.Key))
	return hex.EncodeToString(sum[:16]) + "@" + domain
}
