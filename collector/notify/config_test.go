package notify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestValidateSaysEverythingAtOnce(t *testing.T) {
	dir := t.TempDir()
	open := write(t, dir, "open", "secret-1\n")
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	empty := write(t, dir, "empty", "\n")
	good := write(t, dir, "good", "secret-2\n")
	missing := filepath.Join(dir, "missing")
	for name, tc := range map[string]struct {
		config MailConfig
		want   []string
	}{
		"nothing set up":     {MailConfig{}, nil},
		"all that is needed": {MailConfig{Host: "mail.msp.example", From: "nines@msp.example"}, nil},
		"all there is":       {MailConfig{Host: "::1", Port: 25, From: "MSP <nines@msp.example>", Username: "nines", PasswordFile: good, TLS: NoTLS}, nil},
		"many mistakes": {
			MailConfig{Host: "mail.msp.example:587", Port: 70000, From: "nobody", Username: "nines", TLS: "ssl"},
			[]string{
				`mail.host "mail.msp.example:587": not a host`,
				"mail.port 70000: not a port",
				`mail.from "nobody": not an address`,
				"mail.password_file: missing, but mail.username is given",
				`mail.tls "ssl": unknown: give starttls, implicit or none`,
			},
		},
		"no sender":                         {MailConfig{Host: "h"}, []string{"mail.from: missing"}},
		"no host":                           {MailConfig{From: "a@b.example"}, []string{"mail.host: missing"}},
		"mail in the clear":                 {MailConfig{Host: "mail.msp.example", From: "a@b.example", TLS: NoTLS}, []string{"mail to mail.msp.example would cross the network readable by anyone"}},
		"mail in the clear, wanted":         {MailConfig{Host: "mail.msp.example", From: "a@b.example", TLS: NoTLS, AllowPlaintext: true}, nil},
		"a password in the clear, ever":     {MailConfig{Host: "mail.msp.example", From: "a@b.example", TLS: NoTLS, AllowPlaintext: true, Username: "n", PasswordFile: good}, []string{"a password is never sent without TLS"}},
		"a password file that is not there": {MailConfig{Host: "h", From: "a@b.example", Username: "n", PasswordFile: missing}, []string{"mail.password_file: stat " + missing}},
		"a password file for everybody":     {MailConfig{Host: "h", From: "a@b.example", Username: "n", PasswordFile: open}, []string{"every user of this machine can read it: chmod o= " + open}},
		"an empty password file":            {MailConfig{Host: "h", From: "a@b.example", Username: "n", PasswordFile: empty}, []string{"empty"}},
		"a password without a user":         {MailConfig{Host: "h", From: "a@b.example", PasswordFile: good}, []string{"mail.username: missing"}},
		"certificates that are none":        {MailConfig{Host: "h", From: "a@b.example", CAFile: good}, []string{"no certificate in it"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.config.Validate()
			if (err == nil) != (tc.want == nil) {
				t.Fatalf("Validate = %v, want %q", err, tc.want)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("Validate = %v, want it to say %q", err, want)
				}
			}
			if err != nil && strings.Contains(err.Error(), "secret-") {
				t.Errorf("Validate = %v: it says a password", err)
			}
		})
	}
	if _, err := NewSMTP(MailConfig{}); err == nil {
		t.Error("NewSMTP without a configuration = nil, want an error")
	}
}
