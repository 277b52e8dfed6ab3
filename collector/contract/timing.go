package contract

import "time"

// timing is how often a check is made, and how many probes make a state.
type timing struct {
	interval, timeout, retry, stale time.Duration // stale 0: twice the interval
	downAfter, upAfter              int
}

// timing lays what the table at place says over what holds otherwise.
func (p *parser) timing(place string, t timing, in timingKeys) timing {
	set(&t.interval, in.Interval)
	set(&t.timeout, in.Timeout)
	set(&t.retry, in.RetryInterval)
	set(&t.stale, in.StaleAfter)
	if in.DownAfter != nil {
		t.downAfter = *in.DownAfter
		p.within(place+".down_after", t.downAfter, 1, maxAfter)
	}
	if in.UpAfter != nil {
		t.upAfter = *in.UpAfter
		p.within(place+".up_after", t.upAfter, 1, maxAfter)
	}
	// A check that is made often waits no longer than to the next probe, unless it says so.
	if in.Timeout == nil {
		t.timeout = min(t.timeout, t.interval)
	}
	if in.StaleAfter == nil && t.stale < t.interval {
		t.stale = 0
	}
	p.checkTiming(place, t)
	return t
}

func (p *parser) checkTiming(place string, t timing) {
	if t.interval < minInterval || t.interval > maxInterval || t.interval%tick != 0 {
		// The others are measured by it. A wrong default is wrong once, not in every check.
		if p.doc.Has(place + ".interval") {
			p.doc.Add(place+".interval", "%s: want 1s to 24h, a multiple of %s (the agents' tick)", spoken(t.interval), spoken(tick))
		}
		return
	}
	if p.doc.Has(place+".timeout") && (t.timeout < time.Millisecond || t.timeout > t.interval) {
		p.doc.Add(place+".timeout", "%s: want 1ms to the interval, %s", spoken(t.timeout), spoken(t.interval))
	}
	if p.doc.Has(place+".retry_interval") && (t.retry < 0 || t.retry > maxInterval) {
		p.doc.Add(place+".retry_interval", "%s: want 0s (no quick second probe) to 24h", spoken(t.retry))
	}
	if p.doc.Has(place+".stale_after") && (t.stale < t.interval || t.stale > maxStale) {
		p.doc.Add(place+".stale_after", "%s: want the interval, %s, to 7d", spoken(t.stale), spoken(t.interval))
	}
}

// within refuses a number outside low to high.
func (p *parser) within(key string, n, low, high int) {
	if n < low || n > high {
		p.doc.Add(key, "%d: want %d to %d", n, low, high)
	}
}

func set(to *time.Duration, given *duration) {
	if given != nil {
		*to = time.Duration(*given)
	}
}
