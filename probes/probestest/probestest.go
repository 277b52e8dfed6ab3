// Package probestest is the suite that every probe must pass: it answers by its deadline, with
// the right reason, at once when it is cancelled, from many goroutines at a time, and leaves
// neither a goroutine nor a file descriptor behind.
package probestest

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/probes"
)

const (
	// slack is how far past its deadline a probe may answer on a busy machine.
	slack = 500 * time.Millisecond

	// patience is the deadline of a probe whose target keeps it waiting.
	patience = 400 * time.Millisecond

	timeout  = 5 * time.Second // of a probe whose target does not
	at       = 16              // probes at a time
	settling = 5 * time.Second // until goroutines and descriptors must be gone
)

// Case is one target and what a probe of it must say.
type Case struct {
	// Target starts the target, to be stopped by t.Cleanup, and gives the check's protocol: of
	// the rest of the check, Run sets what is zero.
	Target func(t *testing.T) wire.Check

	Want wire.Reason

	// Waits says that the target keeps the probe waiting until its deadline.
	Waits bool
}

// Run holds the probe to all it promises, for each of cases, which are keyed by a sentence.
// Among them must be a target that is up and one that keeps the probe waiting.
func Run(t *testing.T, cases map[string]Case) {
	t.Helper()
	up, waits := false, false
	for name, c := range cases {
		up, waits = up || c.Want == wire.OK, waits || c.Waits
		t.Run(name, func(t *testing.T) { c.run(t) })
	}
	if !up || !waits {
		t.Errorf("the cases have a target that is up: %t, one that keeps the probe waiting: %t; want both", up, waits)
	}
}

func (c Case) run(t *testing.T) {
	check := complete(c.Target(t))
	running, open := goleak.IgnoreCurrent(), descriptors(t)

	if c.Waits {
		c.answers(t, "within the context's deadline", check, patience)
		short := check
		short.TimeoutMS = patience.Milliseconds()
		c.answers(t, "within the check's timeout", short, 0)
		givesUp(t, check)
	} else {
		c.answers(t, "alone", check, 0)
	}
	c.together(t, check)
	refusesToStart(t, check)

	if err := goleak.Find(running); err != nil {
		t.Errorf("goroutines left behind: %v", err)
	}
	closes(t, open)
}

// closes waits until no more than open file descriptors are left.
func closes(t *testing.T, open int) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(settling); descriptors(t) > open; <-ticker.C {
		if time.Now().After(end) {
			t.Errorf("file descriptors after the probes: %d, want %d as before", descriptors(t), open)
			return
		}
	}
}

// answers probes once, with a deadline of the context's own unless that is 0.
func (c Case) answers(t *testing.T, how string, check wire.Check, deadline time.Duration) {
	t.Helper()
	ctx, allowed := t.Context(), time.Duration(check.TimeoutMS)*time.Millisecond
	if deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, deadline)
		defer cancel()
		allowed = deadline
	}
	p, start := prober(t, check), time.Now()
	got := p.Probe(ctx)
	took := time.Since(start)
	if got.Reason != c.Want {
		t.Errorf("Probe, %s = %s (%s), want %s", how, got.Reason, got.Detail, c.Want)
	}
	if took > allowed+slack {
		t.Errorf("Probe, %s, took %v, want at most %v", how, took, allowed)
	}
	if got.Latency < 0 || got.Latency > took || got.Latency == 0 && got.Reason == wire.OK {
		t.Errorf("Probe, %s: latency %v of a probe that took %v", how, got.Latency, took)
	}
	if got.Reason != wire.OK && got.Detail == "" {
		t.Errorf("Probe, %s = %s without a detail", how, got.Reason)
	}
}

// together probes from many goroutines through one prober.
func (c Case) together(t *testing.T, check wire.Check) {
	t.Helper()
	if c.Waits {
		check.TimeoutMS = patience.Milliseconds()
	}
	p := prober(t, check)
	outcomes := make([]probes.Outcome, at)
	var wg sync.WaitGroup
	for i := range outcomes {
		wg.Go(func() { outcomes[i] = p.Probe(t.Context()) })
	}
	wg.Wait()
	for i, got := range outcomes {
		if got.Reason != c.Want {
			t.Errorf("Probe %d of %d together = %s (%s), want %s", i+1, at, got.Reason, got.Detail, c.Want)
		}
	}
}

// givesUp cancels a probe that is waiting.
func givesUp(t *testing.T, check wire.Check) {
	t.Helper()
	const after = 50 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p, start := prober(t, check), time.Now()
	defer time.AfterFunc(after, cancel).Stop()
	got := p.Probe(ctx)
	if took := time.Since(start); got.Reason != wire.AgentFault || took > after+slack {
		t.Errorf("Probe, cancelled after %v = %s (%s) after %v, want %s at once", after, got.Reason, got.Detail, took, wire.AgentFault)
	}
}

func refusesToStart(t *testing.T, check wire.Check) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p, start := prober(t, check), time.Now()
	got := p.Probe(ctx)
	if took := time.Since(start); got.Reason != wire.AgentFault || took > slack {
		t.Errorf("Probe with a cancelled context = %s (%s) after %v, want %s at once", got.Reason, got.Detail, took, wire.AgentFault)
	}
}

// complete sets what a target's check leaves open.
func complete(c wire.Check) wire.Check {
	if c.ID == "" {
		c.ID = "case"
	}
	if c.IntervalMS == 0 {
		c.IntervalMS = time.Minute.Milliseconds()
	}
	if c.TimeoutMS == 0 {
		c.TimeoutMS = timeout.Milliseconds()
	}
	c.DownAfter, c.UpAfter = max(c.DownAfter, 1), max(c.UpAfter, 1)
	return c
}

func prober(t *testing.T, c wire.Check) probes.Prober {
	t.Helper()
	p, err := probes.New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return p
}

// descriptors counts the file descriptors that this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatalf("count open files: %v", err)
	}
	return len(all)
}
