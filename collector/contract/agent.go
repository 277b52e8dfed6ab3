package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/nines-monitor/nines/internal/wire"
)

// AgentConfig is what the agent of a site is told: the site's checks, in the order of the
// contract. Its revision is a hash of them: it stays the same when other parts of the
// contract change. A site that is not in the contract has no checks.
func AgentConfig(c *Contract, site string) wire.Config {
	config := wire.Config{Client: c.Client.ID, Site: site, Checks: []wire.Check{}}
	for _, check := range c.Checks {
		if check.Site == site {
			config.Checks = append(config.Checks, check.Wire)
		}
	}
	config.Revision = revision(config.Checks)
	return config
}

func revision(checks []wire.Check) string {
	text, err := json.Marshal(checks)
	if err != nil {
		panic(fmt.Sprintf("contract: checks cannot be written as JSON: %v", err)) // plain data can
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
