package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"regexp"
)

// Limits of a configuration.
const (
	MaxChecks      = 20_000
	MaxConfigBytes = 16 << 20
)

// TickMS is the scheduler's tick: phases are multiples of it, so every grid instant is a tick.
const TickMS = 50

// Config is what a collector tells one agent to probe.
type Config struct {
	Client   string  `json:"client"`
	Site     string  `json:"site"`
	Revision string  `json:"revision"` // changes whenever anything in Checks does
	Checks   []Check `json:"checks"`
}

// Check is one probe, to be made every IntervalMS. Exactly one of ICMP, HTTP and TCP is set.
type Check struct {
	ID         string `json:"id"`
	IntervalMS int64  `json:"interval_ms"` // >= 1000, a multiple of TickMS
	TimeoutMS  int64  `json:"timeout_ms"`  // 1..IntervalMS
	RetryMS    int64  `json:"retry_ms"`    // after a first failure; 0: no quick re-probe
	DownAfter  int    `json:"down_after"`  // >= 1
	UpAfter    int    `json:"up_after"`    // >= 1

	ICMP *ICMP `json:"icmp,omitempty"`
	HTTP *HTTP `json:"http,omitempty"`
	TCP  *TCP  `json:"tcp,omitempty"`
}

// ICMP sends echo requests to Host, a name or an address of either family.
type ICMP struct {
	Host           string `json:"host"`
	Packets        int    `json:"packets"`          // 1..20
	MaxLossPercent int    `json:"max_loss_percent"` // 0..99; more lost than this is down
}

// HTTP makes one GET or HEAD request, over a fresh connection.
type HTTP struct {
	URL          string   `json:"url"` // http or https
	Method       string   `json:"method,omitempty"`
	Status       []string `json:"status"`                   // "2xx" or "204"; any of them
	Body         string   `json:"body,omitempty"`           // must occur in the first MiB of the body
	MaxLatencyMS int64    `json:"max_latency_ms,omitempty"` // slower is down; 0: no bound
	SkipVerify   bool     `json:"skip_verify,omitempty"`    // accept any certificate
}

// TCP connects to Address, host:port, and hangs up.
type TCP struct {
	Address string `json:"address"`
}

var idPattern = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$`)

// ValidID reports whether s can name a client, site, agent, check, service or SLO:
// 1 to 64 of a-z, 0-9 and -, with no - at either end.
func ValidID(s string) bool { return idPattern.MatchString(s) }

// Kind names the protocol of c, or is empty when none is set.
func (c Check) Kind() string {
	switch {
	case c.ICMP != nil:
		return "icmp"
	case c.HTTP != nil:
		return "http"
	case c.TCP != nil:
		return "tcp"
	}
	return ""
}

// PhaseMS spreads checks over their interval: it depends on the id alone, so that every
// start of every agent probes on the same UTC grid, t = k*IntervalMS + PhaseMS.
func (c Check) PhaseMS() int64 {
	h := fnv.New64a()
	h.Write([]byte(c.ID))
	ticks := uint64(c.IntervalMS / TickMS)
	if ticks == 0 {
		return 0
	}
	return int64(h.Sum64()%ticks) * TickMS
}

// Validate names the first thing in c that no agent could carry out.
func (c Check) Validate() error {
	kinds := 0
	for _, set := range []bool{c.ICMP != nil, c.HTTP != nil, c.TCP != nil} {
		if set {
			kinds++
		}
	}
	switch {
	case !ValidID(c.ID):
		return fmt.Errorf("check id %q: want 1 to 64 of a-z, 0-9 and -", c.ID)
	case kinds != 1:
		return fmt.Errorf("check %s: want exactly one of icmp, http and tcp, got %d", c.ID, kinds)
	case c.IntervalMS < 1000 || c.IntervalMS%TickMS != 0 || c.IntervalMS > 24*3600*1000:
		return fmt.Errorf("check %s: interval_ms %d: want 1000 to 86400000, a multiple of %d", c.ID, c.IntervalMS, TickMS)
	case c.TimeoutMS < 1 || c.TimeoutMS > c.IntervalMS:
		return fmt.Errorf("check %s: timeout_ms %d: want 1 to the interval, %d", c.ID, c.TimeoutMS, c.IntervalMS)
	case c.RetryMS < 0:
		return fmt.Errorf("check %s: retry_ms %d: want 0 or more", c.ID, c.RetryMS)
	case c.DownAfter < 1 || c.UpAfter < 1:
		return fmt.Errorf("check %s: down_after %d, up_after %d: want 1 or more", c.ID, c.DownAfter, c.UpAfter)
	case c.ICMP != nil && (c.ICMP.Host == "" || c.ICMP.Packets < 1 || c.ICMP.Packets > 20 || c.ICMP.MaxLossPercent < 0 || c.ICMP.MaxLossPercent > 99):
		return fmt.Errorf("check %s: icmp: want a host, 1 to 20 packets and a loss of 0 to 99 percent", c.ID)
	case c.HTTP != nil && (c.HTTP.URL == "" || len(c.HTTP.Status) == 0 || c.HTTP.MaxLatencyMS < 0):
		return fmt.Errorf("check %s: http: want a url and at least one status", c.ID)
	case c.TCP != nil && c.TCP.Address == "":
		return fmt.Errorf("check %s: tcp: want an address", c.ID)
	}
	return nil
}

// DecodeConfig reads a configuration as EncodeConfig wrote it, strictly: unknown fields, bad
// checks, repeated ids and trailing data are errors.
func DecodeConfig(data []byte) (Config, error) {
	if len(data) > MaxConfigBytes {
		return Config{}, fmt.Errorf("configuration of %d bytes: at most %d", len(data), MaxConfigBytes)
	}
	var c Config
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return Config{}, fmt.Errorf("decode configuration: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Config{}, errors.New("decode configuration: data after its end")
	}
	return c, c.Validate()
}

// EncodeConfig gives the bytes that DecodeConfig reads.
func EncodeConfig(c Config) ([]byte, error) { return json.Marshal(c) }

// Validate checks the whole configuration.
func (c Config) Validate() error {
	if !ValidID(c.Client) || !ValidID(c.Site) {
		return fmt.Errorf("configuration for client %q, site %q: not valid ids", c.Client, c.Site)
	}
	if len(c.Checks) > MaxChecks {
		return fmt.Errorf("configuration of %d checks: at most %d", len(c.Checks), MaxChecks)
	}
	seen := make(map[string]bool, len(c.Checks))
	for _, ch := range c.Checks {
		if err := ch.Validate(); err != nil {
			return err
		}
		if seen[ch.ID] {
			return fmt.Errorf("check %s: listed twice", ch.ID)
		}
		seen[ch.ID] = true
	}
	return nil
}
