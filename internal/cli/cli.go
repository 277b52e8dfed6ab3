// Package cli is the doorway that the commands share: streams, signals and exit codes.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Streams are what a command reads and writes, so that tests can run it without a process.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// UsageError is a command line that cannot be carried out as it is written; it exits with 2.
type UsageError struct {
	Err error
}

func (e UsageError) Error() string { return e.Err.Error() }
func (e UsageError) Unwrap() error { return e.Err }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error {
	return UsageError{fmt.Errorf(format, args...)}
}

// Main runs a command until it ends, or until SIGINT or SIGTERM cancels its context, and
// gives the exit code: 0 for success, 2 for usage, 1 for the rest. A second signal kills.
func Main(name string, run func(context.Context, []string, Streams) error) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:], Streams{os.Stdin, os.Stdout, os.Stderr})
	return Exit(name, err, os.Stderr)
}

// Exit prints err, if there is one, as the sentence "name: err" and gives its exit code.
func Exit(name string, err error, w io.Writer) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(w, "%s: %v\n", name, err)
	var usage UsageError
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}
