package schedule

import "github.com/nines-monitor/nines/internal/wire"

// confirmation follows the state of one check as the collector will fold it (section 1 of the
// measurement specification), so far as the agent needs it: to know when to look again quickly.
// The zero value knows nothing.
type confirmation struct {
	state  wire.Status // confirmed
	run    wire.Status // of the observations in a row; Unknown: none
	length int         // of the run
	last   int64       // instant of the last observation
	quick  bool        // after a first failure, until the state is confirmed either way
}

// observe takes the next observation and reports whether it changes anything that someone
// waits for: the status from the observation before, or the confirmed state.
func (c *confirmation) observe(check wire.Check, t int64, status wire.Status) bool {
	if t-c.last > 2*check.IntervalMS {
		*c = confirmation{}
	}
	before := *c
	if status != c.run {
		c.run, c.length = status, 0
	}
	c.length++
	c.last = t
	switch {
	case status == wire.Unknown:
		c.state, c.quick = wire.Unknown, false
	case status == wire.Down && c.length >= check.DownAfter, status == wire.Up && c.length >= check.UpAfter:
		c.state, c.quick = status, false
	case status == wire.Down && c.state != wire.Down:
		c.quick = true
	case status == c.state:
		c.quick = false
	}
	return before.run != c.run || before.state != c.state || before.last == 0
}
