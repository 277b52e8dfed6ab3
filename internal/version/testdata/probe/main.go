// Probe prints the version that was stamped into it.
package main

import (
	"fmt"

	"github.com/nines-monitor/nines/internal/version"
)

func main() { fmt.Println(version.String()) }
