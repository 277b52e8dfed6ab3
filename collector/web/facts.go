package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/slo"
)

const (
	recentShown = 10                  // transitions on the page
	recentRead  = 50                  // transitions read of each client, to find those worth showing
	recentSpan  = 90 * 24 * time.Hour // how far back they are looked for
	recentEvery = 5 * time.Second     // how often
	stripEvery  = time.Minute         // how often a strip is drawn anew when nothing but time has changed
	oldContact  = 2 * time.Minute     // an agent that was silent for longer is marked
)

// facts is all that the page and the list of services show, as of one instant.
type facts struct {
	at          int64 // ms
	clients     []clientFacts
	agents      []store.Agent
	recent      []store.Transition
	problems    []string
	unsent      int
	givenUp     []store.Message // the newest
	faults      []string        // what could not be read, in words
	contractDir string
}

type clientFacts struct {
	*contract.Contract
	services []serviceFacts
}

type serviceFacts struct {
	contract.Service
	present ledger.Present
	slos    []sloFacts
}

type sloFacts struct {
	ledger.Answer
	days []day
}

// reader gathers facts. It is not safe for concurrent use: the board reads one at a time.
type reader struct {
	opts Options

	strips   map[stripKey]strip
	recent   []store.Transition
	recentAt int64
}

type stripKey struct{ client, slo string }

// read gathers all facts as of at (ms). What cannot be read is named in faults; the rest is there.
func (r *reader) read(ctx context.Context, at int64) facts {
	f := facts{at: at, contractDir: r.opts.ContractDir}
	fault := func(what string, err error) {
		if err != nil {
			f.faults = append(f.faults, fmt.Sprintf("%s: %v", what, err))
		}
	}
	strips := map[stripKey]strip{}
	for _, c := range r.opts.Source.Contracts() {
		client := clientFacts{Contract: c}
		for _, service := range c.Services {
			facts, err := r.service(ctx, c, service, at, strips)
			fault(c.Client.ID+"."+service.ID, err)
			client.services = append(client.services, facts)
		}
		f.clients = append(f.clients, client)
	}
	r.strips = strips
	slices.SortStableFunc(f.clients, func(a, b clientFacts) int {
		return strings.Compare(strings.ToLower(a.Client.Name), strings.ToLower(b.Client.Name))
	})

	f.agents = r.opts.Agents()
	var err error
	f.recent, err = r.transitions(ctx, f.clients, at)
	fault("transitions", err)
	if r.opts.Unsent != nil {
		f.unsent, err = r.opts.Unsent(ctx)
		fault("outbox", err)
	}
	if r.opts.GivenUp != nil {
		f.givenUp, err = r.opts.GivenUp(ctx, linesShown)
		fault("outbox", err)
	}
	if r.opts.Problems != nil {
		f.problems = r.opts.Problems()
	}
	return f
}

func (r *reader) service(ctx context.Context, c *contract.Contract, service contract.Service, at int64, strips map[stripKey]strip) (serviceFacts, error) {
	facts := serviceFacts{Service: service}
	var errs []error
	var err error
	facts.present, err = r.opts.Source.Present(ctx, c.Client.ID, service.ID, at)
	errs = append(errs, err)
	for _, promised := range c.SLOs {
		if promised.Service != service.ID {
			continue
		}
		answer, err := r.opts.Source.Answer(ctx, c.Client.ID, promised.ID, at, at)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", promised.ID, err))
			continue
		}
		key := stripKey{c.Client.ID, promised.ID}
		strips[key], err = r.strip(ctx, key, answer, at)
		errs = append(errs, err)
		facts.slos = append(facts.slos, sloFacts{answer, strips[key].days})
	}
	return facts, errors.Join(errs...)
}

// strip draws an SLO's last days, or gives the strip of the read before when it still holds.
func (r *reader) strip(ctx context.Context, key stripKey, a ledger.Answer, at int64) (strip, error) {
	if kept, ok := r.strips[key]; ok && kept.holds(a, at) {
		return kept, nil
	}
	drawn, err := drawStrip(ctx, r.opts.Source, a, at)
	if err != nil {
		return r.strips[key], fmt.Errorf("%s: last days: %w", key.slo, err)
	}
	return drawn, nil
}

// transitions gives all clients' latest, newest first.
func (r *reader) transitions(ctx context.Context, clients []clientFacts, at int64) ([]store.Transition, error) {
	if age := at - r.recentAt; r.recentAt != 0 && age >= 0 && age < recentEvery.Milliseconds() {
		return r.recent, nil
	}
	var all []store.Transition
	for _, c := range clients {
		some, err := r.opts.Transitions(ctx, c.Client.ID, at-recentSpan.Milliseconds(), at+1, recentRead)
		if err != nil {
			return r.recent, err
		}
		all = append(all, slices.DeleteFunc(some, isBeginning)...)
	}
	slices.SortStableFunc(all, func(a, b store.Transition) int { return cmp.Compare(b.At, a.At) })
	r.recent, r.recentAt = all[:min(len(all), recentShown)], at
	return r.recent, nil
}

// isBeginning reports the first measurement of a period that goes well: every period has one.
func isBeginning(t store.Transition) bool { return t.From == slo.NotMeasured && t.To == slo.Met }
