package words

import (
	"strings"

	"github.com/nines-monitor/nines/internal/wire"
)

var reasonWords = map[wire.Reason]string{
	wire.Timeout: "no answer in time", wire.Refused: "connection refused", wire.Reset: "connection reset",
	wire.Unreachable: "no way to the target", wire.DNSNotFound: "name not found", wire.DNSTimeout: "resolver does not answer",
	wire.DNSFailure: "resolver reports an error", wire.TLSExpired: "certificate out of date", wire.TLSName: "certificate for another name",
	wire.TLSUntrusted: "certificate not trusted", wire.TLSHandshake: "TLS handshake failed", wire.HTTPStatus: "unexpected HTTP status",
	wire.BodyMismatch: "unexpected content", wire.Redirects: "too many redirects", wire.Protocol: "unexpected answer",
	wire.Loss: "packet loss", wire.Slow: "too slow", wire.NoPermission: "agent lacks a permission", wire.AgentStopped: "agent not running",
	wire.AgentFault: "agent overloaded or stopping", wire.BadCheck: "agent cannot run this check", wire.Suspended: "agent's host slept",
	wire.Clock: "agent's clock was stepped", wire.Link: "agent's link is down", wire.Gateway: "site's gateway does not answer",
	wire.Uplink: "site's uplink is down", wire.Resolver: "site's resolver does not answer", wire.Collector: "collector was not running",
	wire.Forbidden: "forbidden by the site's policy",
}

// byCode are the words by the code that is sent and stored.
var byCode = func() map[string]string {
	codes := make(map[string]string, len(reasonWords))
	for r, words := range reasonWords {
		codes[r.String()] = words
	}
	return codes
}()

// Reason says a code such as "dns_timeout" in words: "resolver does not answer". A code that
// has none is said without its underscores.
func Reason(code string) string {
	if words, ok := byCode[code]; ok {
		return words
	}
	return strings.ReplaceAll(code, "_", " ")
}
