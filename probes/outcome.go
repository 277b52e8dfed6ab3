// Package probes makes one measurement of one target and says what came of it.
//
// A probe promises to answer by its context's deadline, with a reason, whatever the target
// does, and to leave nothing behind: no goroutine, no socket. What went wrong on the agent's
// own host is never laid at the target's door: such an answer has a reason of status unknown.
// The package refuses everything else: no schedule, no retries, no logging, no configuration,
// no policy. It imports nothing of ours but the vocabulary of reasons in internal/wire and the
// version that an HTTP probe signs with.
package probes

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/nines-monitor/nines/internal/wire"
)

// Outcome is the answer of one probe.
type Outcome struct {
	Reason  wire.Reason   // wire.OK, or why not
	Latency time.Duration // of what was timed, >= 0; 0 when nothing was
	Detail  string        // for the technician on site; never leaves the agent; at most maxDetail bytes
}

// Prober measures one target. Probe cannot fail to answer: it returns by ctx's deadline, and
// by the check's own timeout if that comes first. When ctx is cancelled it gives up at once (an
// ICMP probe within 0.12 s) with wire.AgentFault. It is safe for concurrent use.
type Prober interface {
	Probe(ctx context.Context) Outcome
}

// New gives the prober of c. An error names the check and the key that is wrong: what
// c.Validate finds, and what only a probe of that protocol can know. No network is used.
func New(c wire.Check) (Prober, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	var (
		p   Prober
		err error
	)
	switch {
	case c.ICMP != nil:
		p, err = newICMP(c, host)
	case c.HTTP != nil:
		p, err = newHTTP(*c.HTTP)
	case c.TCP != nil:
		p, err = newTCP(*c.TCP)
	}
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", c.ID, err)
	}
	return limited{probe: p, timeout: time.Duration(c.TimeoutMS) * time.Millisecond}, nil
}

// limited holds a probe to its check's timeout, so that every probe has a deadline.
type limited struct {
	probe   Prober
	timeout time.Duration
}

func (l limited) Probe(ctx context.Context) Outcome {
	if err := ctx.Err(); err != nil {
		return Outcome{Reason: wire.AgentFault, Detail: "not started: " + err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	return l.probe.Probe(ctx)
}

const maxDetail = 256

// detail makes text that a target may have had a hand in fit for a log line or a terminal.
func detail(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxDetail {
		text = strings.ToValidUTF8(text[:maxDetail], "")
	}
	return text
}
