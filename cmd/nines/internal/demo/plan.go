package demo

import (
	"math/rand/v2"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

const day = 24 * time.Hour

// plan is how one target behaves: healthy with a latency around base, but for some episodes of
// trouble a day.
type plan struct {
	check   string
	trouble wire.Reason   // what a probe meets in an episode
	base    time.Duration // latency when healthy
	perDay  int           // episodes, on average
	length  time.Duration // of an episode, on average
	seed    uint64
}

// The demonstration's targets, by check. Their objectives are in the contract below.
var (
	shopPlan  = plan{check: "shop-web", trouble: wire.HTTPStatus, base: 38 * time.Millisecond, perDay: 1, length: 40 * time.Second, seed: 1}
	erpPlan   = plan{check: "erp-web", trouble: wire.Slow, base: 120 * time.Millisecond, perDay: 6, length: 150 * time.Second, seed: 2}
	filesPlan = plan{check: "files-port", trouble: wire.Refused, base: 900 * time.Microsecond, perDay: 9, length: 4 * time.Minute, seed: 3}
	vpnPlan   = plan{check: "vpn-port", trouble: wire.Timeout, base: 1400 * time.Microsecond, perDay: 7, length: 75 * time.Second, seed: 4}
	plans     = []plan{shopPlan, erpPlan, filesPlan, vpnPlan}
)

// maxEpisode bounds how far back an episode that is still on may have begun.
const maxEpisode = day

// inTrouble reports whether an episode is on at t.
func (p plan) inTrouble(t time.Time) bool {
	for _, start := range []time.Time{t.Add(-maxEpisode), t} {
		if p.inTroubleOf(start.UTC().Truncate(day), t) {
			return true
		}
	}
	return false
}

// inTroubleOf looks at the episodes that begin on one UTC day. They depend on the day and the
// target alone, so that every start of the demonstration has the same past.
func (p plan) inTroubleOf(date, t time.Time) bool {
	rng := rand.New(rand.NewPCG(p.seed, uint64(date.Unix())))
	for range rng.IntN(2*p.perDay + 1) {
		start := date.Add(time.Duration(rng.Int64N(int64(day))))
		length := p.length/2 + time.Duration(rng.Int64N(int64(p.length)))
		if !t.Before(start) && t.Before(start.Add(length)) {
			return true
		}
	}
	return false
}

// observe gives what a probe at t would find. The latency follows the hour: offices are busy
// by day.
func (p plan) observe(t time.Time) wire.Result {
	r := wire.Result{T: t.UnixMilli(), Reason: wire.OK}
	rng := rand.New(rand.NewPCG(p.seed, uint64(r.T)))
	busy := 1 + 0.4*float64(max(0, 6-abs(t.UTC().Hour()-12)))/6
	latency := float64(p.base) * busy * (0.9 + 0.2*rng.Float64())
	if rng.IntN(200) == 0 {
		latency *= 3
	}
	if p.inTrouble(t) {
		r.Reason = p.trouble
		if p.trouble != wire.Slow {
			return r
		}
		latency = float64(slowAnswer)
	}
	r.LatencyUS = time.Duration(latency).Microseconds()
	return r
}

// agentWasOff is when the demonstration's agent was switched off: what nobody saw is unknown.
func agentWasOff(t, now time.Time) bool {
	night := now.UTC().Truncate(day).Add(-9 * day).Add(2*time.Hour + 10*time.Minute)
	return !t.Before(night) && t.Before(night.Add(50*time.Minute))
}

func abs(n int) int { return max(n, -n) }
