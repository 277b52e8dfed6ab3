package secret

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		mode os.FileMode
		want string
		err  string
	}{
		"a line":            {"s3cret word\n", 0o600, "s3cret word", ""},
		"without its end":   {"s3cret", 0o640, "s3cret", ""},
		"of a Windows file": {"s3cret\r\n", 0o600, "s3cret", ""},
		"empty":             {"\n", 0o600, "", "empty"},
		"two lines":         {"s3cret\nmore\n", 0o600, "", "one line"},
		"a NUL":             {"s3c\x00ret\n", 0o600, "", "one line"},
		"huge":              {strings.Repeat("s3cret", 1000), 0o600, "", "too many"},
		"open to everyone":  {"s3cret\n", 0o644, "", "chmod o="},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "password")
			if err := os.WriteFile(file, []byte(tc.text), tc.mode); err != nil {
				t.Fatal(err)
			}
			got, err := Read(file)
			if got != tc.want || (err == nil) != (tc.err == "") {
				t.Fatalf("Read = %q, %v; want %q, %q", got, err, tc.want, tc.err)
			}
			if err != nil && (!strings.Contains(err.Error(), tc.err) || !strings.Contains(err.Error(), file) || strings.Contains(err.Error(), "s3c")) {
				t.Errorf("Read = %v; want the file and %q in it, and nothing of the secret", err, tc.err)
			}
		})
	}
	if _, err := Read(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("Read of nothing = nil, want an error")
	}
}
