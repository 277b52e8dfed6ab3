package slo

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ResponseTerms are how fast an incident is to be acknowledged and resolved, in service
// hours. A zero duration promises nothing.
type ResponseTerms struct {
	Acknowledge, Resolve time.Duration
}

// Incident is the life of one incident, as far as it has come.
type Incident struct {
	Opened       int64    // ms
	Acknowledged int64    // ms; 0: not yet
	Resolved     int64    // ms; 0: not yet
	Awaited      []Period // when the client was awaited, in any order; one that still lasts ends at now
}

// ResponseClock is how one promise of ResponseTerms stands.
type ResponseClock struct {
	Promised bool
	Elapsed  time.Duration // in service hours, less what the client was awaited
	Stopped  bool          // the promise was answered, in time or late
	Late     bool          // Elapsed is more than was promised
	Due      int64         // ms, the last instant that is in time, if nothing more is awaited; 0: never comes
}

// Response is how both promises stand.
type Response struct {
	Acknowledge, Resolve ResponseClock
}

// clockHorizon is how far into the future a due moment is looked for.
const clockHorizon = 400 * msPerDay

// Clocks reads the response clocks of an incident at now (ms). The calendar may be nil:
// always in service. Both clocks start when the incident opens.
func (t ResponseTerms) Clocks(c *Calendar, i Incident, now int64) (Response, error) {
	if err := c.Validate(); err != nil {
		return Response{}, err
	}
	for _, at := range []int64{i.Opened, now} {
		if at < firstInstant || at > lastInstant-clockHorizon {
			return Response{}, errors.New("incident: outside the years 1 to 9999")
		}
	}
	open, err := c.bounded(Period{i.Opened, max(i.Opened, now) + clockHorizon})
	if err != nil {
		return Response{}, fmt.Errorf("service_hours.%w", err)
	}
	running := without(open, i.Awaited)
	return Response{
		Acknowledge: clock(running, t.Acknowledge, i.Acknowledged, now),
		Resolve:     clock(running, t.Resolve, i.Resolved, now),
	}, nil
}

// clock reads one clock, given the time in which it runs.
func clock(running []Period, promise time.Duration, answered, now int64) ResponseClock {
	r := ResponseClock{Promised: promise > 0, Stopped: answered != 0}
	until := now
	if r.Stopped {
		until = min(answered, now)
	}
	var elapsed int64
	left := promise.Milliseconds()
	for _, p := range running {
		elapsed += max(0, min(p.End, until)-p.Start)
		length := p.End - p.Start
		if left >= 0 && left <= length && r.Due == 0 && r.Promised {
			r.Due = p.Start + left
		}
		left -= length
	}
	r.Elapsed = time.Duration(elapsed) * time.Millisecond
	r.Late = r.Promised && r.Elapsed > promise
	return r
}

// without is what is open less what is awaited, in order and apart.
func without(open, awaited []Period) []Period {
	waits := joinPeriods(slices.Clone(awaited))
	var running []Period
	for _, o := range open {
		for len(waits) > 0 && waits[0].End <= o.Start {
			waits = waits[1:]
		}
		at := o.Start
		for _, w := range waits {
			if w.Start >= o.End {
				break
			}
			if w.Start > at {
				running = append(running, Period{at, w.Start})
			}
			at = max(at, w.End)
		}
		if at < o.End {
			running = append(running, Period{at, o.End})
		}
	}
	return running
}
