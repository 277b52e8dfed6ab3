// Command nines-agent probes what a site depends on and ships every result to its collector.
package main

import (
	"os"

	"github.com/nines-monitor/nines/internal/cli"
)

func main() { os.Exit(cli.Main("nines-agent", Run)) }
