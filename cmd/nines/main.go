// Command nines is the collector and the operator's tool box.
package main

import (
	"os"

	"github.com/nines-monitor/nines/internal/cli"
)

func main() { os.Exit(cli.Main("nines", Run)) }
