// Package secret reads secrets from the files that operators keep them in. What is in such a
// file never gets into an error.
package secret

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// MaxBytes bounds the size of a secret's file.
const MaxBytes = 4096

// Read gives the one line of a file that not everyone on this machine can read. Its errors name
// the file and the remedy. On Windows, where a file's mode does not say who can read it, anyone
// may.
func Read(file string) (string, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return "", err
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0:
		return "", fmt.Errorf("%s: every user of this machine can read it: chmod o= %s", file, file)
	case info.Size() > MaxBytes:
		return "", fmt.Errorf("%s: %d bytes are too many: it holds the secret and nothing else", file, info.Size())
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	line := strings.TrimRight(string(data), "\r\n")
	switch {
	case line == "":
		return "", fmt.Errorf("%s: empty", file)
	case strings.ContainsAny(line, "\r\n\x00"):
		return "", errors.New(file + ": want one line of text")
	}
	return line, nil
}
