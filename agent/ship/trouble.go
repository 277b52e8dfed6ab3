package ship

import (
	"errors"
	"net/http"
	"regexp"
	"sync"
)

// Cause says in a few words who is to blame for an attempt that failed: the way to the
// collector, something in between, or the collector's own refusal.
func Cause(err error) string {
	var refused *RefusalError
	switch {
	case errors.As(err, &refused) && refused.genuine():
		return "the collector refuses"
	case errors.As(err, &refused), errors.Is(err, errForeign):
		return "something else than the collector answers"
	}
	return "the collector cannot be reached"
}

// Remedy says what a person can do about a refusal; empty: it comes right by itself, or err
// says all there is to say.
func Remedy(err error) string {
	var refused *RefusalError
	if !errors.As(err, &refused) || !refused.genuine() {
		return ""
	}
	switch refused.Status {
	case http.StatusUnauthorized:
		return "compare what nines-agent key prints with the agents that the collector knows, and this machine's clock with the collector's"
	case http.StatusConflict:
		return "another agent uses the same key, or this state directory was restored from a copy: stop this agent, " +
			"remove agent.key and spool/batches-*.log from its state directory (its results stay, in spool/results-*.log), " +
			"and register the new key that nines-agent key makes; see docs/agent.md, One state, one agent"
	case http.StatusTooManyRequests:
		return "none is needed: the agent goes on more slowly"
	case http.StatusInternalServerError:
		return "look into the collector's log"
	case http.StatusInsufficientStorage:
		return "make room on the collector's disk"
	}
	return ""
}

// maxTroubles bounds the troubles that are remembered as told.
const maxTroubles = 100

// Troubles remembers what was told, so that a trouble that lasts is told once until it is over,
// however many attempts it takes and even if it takes turns with others. The zero value is
// ready. It is safe for concurrent use.
type Troubles struct {
	mu   sync.Mutex
	told map[string]bool
}

// News reports whether err was not told yet, and takes it as told.
func (t *Troubles) News(err error) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := lasting(err)
	if t.told[text] || len(t.told) >= maxTroubles {
		return false
	}
	if t.told == nil {
		t.told = map[string]bool{}
	}
	t.told[text] = true
	return true
}

// Over forgets everything: all is well.
func (t *Troubles) Over() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.told = nil
}

var (
	// localEnd is the near end of a connection in an error: its port is another one each time.
	localEnd = regexp.MustCompile(`\S+->`)
	// numbers are ports, resolvers asked in turn, the seconds that a clock is off.
	numbers = regexp.MustCompile(`\d+`)
)

// lasting gives the text of err, after its outcome, without what differs from one attempt to the next.
func lasting(err error) string {
	return outcomeOf(err) + " " + numbers.ReplaceAllString(localEnd.ReplaceAllString(err.Error(), ""), "#")
}
