// Figures reads the output of go test -bench on standard input and prints one line a figure:
//
//	figure NAME VALUE UNIT [vs PEER RATIO]...
//
// NAME is the package below the module's root and the benchmark, as in slo.Ledger/thousand_services. A benchmark says what it
// measured with b.ReportMetric, and holds it against something by a second metric whose unit names the peer:
//
//	b.ReportMetric(16.2, "us/echo")            // the figure
//	b.ReportMetric(6.1, "peer:fping-us/echo")  // what a peer reaches
//	b.ReportMetric(5.9, "limit-us/echo")       // what the machine allows
//	b.ReportMetric(7.9, "goal-us/echo")        // what nines must reach
//
// RATIO is VALUE divided by the peer's value. A benchmark that reports no unit of its own has its ns/op printed; B/op,
// allocs/op and MB/s are printed only when something is held against them.
//
// What a good run does not say (a benchmark's log, a failure) is passed to standard error, and a run without a figure, or
// with a failed package, exits 1. With -record FILE the figures also replace the last run kept in that Markdown file.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	record := flag.String("record", "", "keep this run in the Markdown `FILE`")
	flag.Parse()

	run, err := read(os.Stdin, os.Stdout, os.Stderr)
	if err == nil && *record != "" {
		err = keep(*record, run, time.Now().UTC())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}
