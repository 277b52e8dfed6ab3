package ship

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	firstPause    = 500 * time.Millisecond
	longestPause  = 30 * time.Second
	longestWanted = 5 * time.Minute // that a collector may ask for
)

// backoff gives the pause before the next attempt: anything up to a bound that doubles, so
// that a thousand agents do not come back at once after an outage; or at least what the
// collector asks for.
func backoff(first, longest time.Duration, attempt int, resp *http.Response) time.Duration {
	bound := longest
	if attempt < 16 {
		bound = min(longest, first<<attempt)
	}
	pause := rand.N(bound) + 1
	if resp != nil {
		pause += min(retryAfter(resp.Header.Get("Retry-After"), time.Now()), longestWanted)
	}
	return pause
}

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3); 0: neither.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
