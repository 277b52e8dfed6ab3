package casefile

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/nines-monitor/nines/slo"
)

// decodeSeries reads and folds every series.
func decodeSeries(v value) (map[string][]slo.Span, error) {
	if err := v.want(object); err != nil {
		return nil, err
	}
	series := map[string][]slo.Span{}
	for _, f := range v.fields {
		spans, err := decodeOneSeries(f.value)
		if err != nil {
			return nil, err
		}
		series[f.name] = spans
	}
	return series, nil
}

func decodeOneSeries(v value) ([]slo.Span, error) {
	fields, err := v.object([]string{"interval", "observations"}, []string{"stale_after", "down_after", "up_after"})
	if err != nil {
		return nil, err
	}
	p, err := decodeParams(fields)
	if err != nil {
		return nil, err
	}
	observations := fields["observations"]
	runs, err := decodeList(observations, func(v value) (run, error) { return decodeRun(v, p.Interval) })
	if err != nil {
		return nil, err
	}
	spans, err := foldRuns(p, runs)
	if err != nil {
		return nil, observations.wrap(err)
	}
	return spans, nil
}

func decodeParams(fields map[string]value) (slo.Params, error) {
	var p slo.Params
	interval, err := fields["interval"].positiveDuration()
	if err != nil {
		return p, err
	}
	p.Interval = interval.Milliseconds()
	if f, given := fields["stale_after"]; given {
		stale, err := f.duration()
		if err != nil {
			return p, err
		}
		if stale < interval {
			return p, f.errorf("shorter than the interval")
		}
		p.StaleAfter = stale.Milliseconds()
	}
	if f, given := fields["down_after"]; given {
		if p.DownAfter, err = f.length(); err != nil {
			return p, err
		}
	}
	if f, given := fields["up_after"]; given {
		if p.UpAfter, err = f.length(); err != nil {
			return p, err
		}
	}
	return p, nil
}

// length is a number of observations, at least 1.
func (v value) length() (int, error) {
	n, err := v.integer()
	if err != nil {
		return 0, err
	}
	if n < 1 || n > math.MaxInt32 {
		return 0, v.errorf("%d: must be at least 1 and at most %d", n, math.MaxInt32)
	}
	return int(n), nil
}

// run is one entry of observations: count of them, step apart.
type run struct {
	first slo.Observation
	count int64
	step  int64
	order int // in the array
}

// lastInstant is the end of the years that RFC 3339 can write.
var lastInstant = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() - 1

func decodeRun(v value, interval int64) (run, error) {
	if err := v.want(array); err != nil {
		return run{}, err
	}
	if len(v.items) != 2 && len(v.items) != 3 {
		return run{}, v.errorf("want [time, status] or [time, status, count]")
	}
	t, err := v.items[0].instant()
	if err != nil {
		return run{}, err
	}
	state, err := oneOf(v.items[1], map[string]slo.State{"up": slo.Up, "down": slo.Down, "unknown": slo.Unknown})
	if err != nil {
		return run{}, err
	}
	r := run{first: slo.Observation{T: t, State: state}, count: 1, step: interval}
	if len(v.items) == 3 {
		if r.count, err = v.items[2].integer(); err != nil {
			return run{}, err
		}
		if r.count < 1 {
			return run{}, v.items[2].errorf("count %d: must be at least 1", r.count)
		}
		if r.count-1 > (lastInstant-t)/interval {
			return run{}, v.items[2].errorf("count %d: runs past the year 9999", r.count)
		}
	}
	return r, nil
}

// mostWork bounds the steps of one series' fold: a step is a run, or a piece of one that
// overlaps another, times the runs that overlap there.
const mostWork = 20_000_000

// foldRuns folds the observations that the runs stand for, in order of time and, at one
// instant, in order of the array, without laying them all out.
func foldRuns(p slo.Params, runs []run) ([]slo.Span, error) {
	for i := range runs {
		runs[i].order = i
	}
	slices.SortStableFunc(runs, byInstant)
	folder := slo.NewFolder(p)
	var open []run // begun and not yet used up
	for work := 0; len(runs) > 0 || len(open) > 0; {
		if len(open) == 0 || len(runs) > 0 && runs[0].first.T <= slices.MinFunc(open, byInstant).first.T {
			open, runs = append(open, runs[0]), runs[1:]
			continue
		}
		if work += 1 + len(open); work > mostWork {
			return nil, errors.New("too many runs that overlap")
		}
		open = addSoonest(folder, open, runs)
	}
	return append(folder.Settled(), folder.Provisional()...), nil
}

// addSoonest folds the soonest of the open runs as far as no other comes between.
func addSoonest(folder *slo.Folder, open, later []run) []run {
	slices.SortFunc(open, byInstant)
	r := &open[0]
	n := r.count
	for _, next := range [][]run{open[1:], later} {
		if len(next) > 0 {
			n = min(n, 1+max(0, next[0].first.T-1-r.first.T)/r.step)
		}
	}
	folder.AddRun(r.first, r.step, n)
	r.first.T += n * r.step
	r.count -= n
	if r.count == 0 {
		return open[1:]
	}
	return open
}

func byInstant(a, b run) int {
	return cmp.Or(cmp.Compare(a.first.T, b.first.T), cmp.Compare(a.order, b.order))
}
