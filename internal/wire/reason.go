package wire

import "fmt"

// Status is what a result says of its target. The zero value is Unknown.
type Status uint8

// The three statuses of a result.
const (
	Unknown Status = iota
	Up
	Down
)

func (s Status) String() string {
	switch s {
	case Up:
		return "up"
	case Down:
		return "down"
	default:
		return "unknown"
	}
}

// Reason says why a result has its status. It is a closed vocabulary: the numbers are stored
// and sent, so they are never reused or renumbered; the names are shown.
type Reason uint16

// OK is the only reason of Up.
const OK Reason = 1

// Reasons of Down: the target failed.
const (
	Timeout      Reason = 16 + iota // no answer by the deadline
	Refused                         // the target's host refused the connection
	Reset                           // the connection was reset or closed before an answer
	Unreachable                     // a router or host said that there is no way
	DNSNotFound                     // the name does not exist
	DNSTimeout                      // the resolver did not answer in time
	DNSFailure                      // the resolver answered with an error
	TLSExpired                      // a certificate's dates do not hold now
	TLSName                         // the certificate is for another name
	TLSUntrusted                    // the chain ends nowhere that is trusted
	TLSHandshake                    // the handshake went wrong in another way
	HTTPStatus                      // the status is not one of those expected
	BodyMismatch                    // the body does not hold what is expected
	Redirects                       // too many redirects, or one that may not be followed
	Protocol                        // the answer is not the protocol's
	Loss                            // more packets lost than the check allows
	Slow                            // an answer, but slower than the check allows
)

// Reasons of Unknown: the agent could not tell.
const (
	NoPermission Reason = 64 + iota // the host does not let the agent send this probe
	AgentStopped                    // the agent was not running
	AgentFault                      // the agent ran out of something, or was shutting down
	BadCheck                        // the agent cannot carry out this check as it is written
	Suspended                       // the agent's host slept
	Clock                           // the agent's clock was stepped
	Link                            // the agent's own link is down
	Gateway                         // the site's gateway does not answer
	Uplink                          // nothing outside the site answers
	Resolver                        // the site's resolver does not answer
	Collector                       // the collector was not running
	Forbidden                       // the site's own policy does not allow this target
)

var reasonNames = map[Reason]string{
	OK:      "ok",
	Timeout: "timeout", Refused: "refused", Reset: "reset", Unreachable: "unreachable",
	DNSNotFound: "dns_nxdomain", DNSTimeout: "dns_timeout", DNSFailure: "dns_failure",
	TLSExpired: "tls_expired", TLSName: "tls_name", TLSUntrusted: "tls_untrusted", TLSHandshake: "tls_handshake",
	HTTPStatus: "http_status", BodyMismatch: "body_mismatch", Redirects: "redirects", Protocol: "protocol",
	Loss: "loss", Slow: "slow",
	NoPermission: "no_permission", AgentStopped: "agent_stopped", AgentFault: "agent_fault", BadCheck: "bad_check",
	Suspended: "suspended", Clock: "clock", Link: "link", Gateway: "gateway", Uplink: "uplink",
	Resolver: "resolver", Collector: "collector", Forbidden: "forbidden",
}

// Status gives the status that r explains; a number outside the vocabulary is Unknown.
func (r Reason) Status() Status {
	switch {
	case r == OK:
		return Up
	case r >= Timeout && r <= Slow:
		return Down
	default:
		return Unknown
	}
}

// Valid reports whether r is in the vocabulary.
func (r Reason) Valid() bool {
	_, ok := reasonNames[r]
	return ok
}

func (r Reason) String() string {
	if name, ok := reasonNames[r]; ok {
		return name
	}
	return fmt.Sprintf("reason_%d", uint16(r))
}

// Reasons lists the vocabulary in the order of its numbers.
func Reasons() []Reason {
	var all []Reason
	for r := OK; r <= Forbidden; r++ {
		if r.Valid() {
			all = append(all, r)
		}
	}
	return all
}
