// Verdict reads the output of go test -json on standard input, prints what a person wants to see of it, and judges:
// it exits 1 when a test failed, when a test was skipped (a test that does not run proves nothing) or when no test ran.
//
// It shows one line a package, the whole output of each test that failed, and last a line "N passed, N failed, N skipped".
package main

import (
	"fmt"
	"os"
)

func main() {
	v, err := judge(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "verdict:", err)
		os.Exit(1)
	}
	if !v.good() {
		os.Exit(1)
	}
}
