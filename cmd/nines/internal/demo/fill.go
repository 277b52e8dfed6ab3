package demo

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
)

// slab is how much time one batch covers: some thousand results of a handful of checks.
const slab = 8 * time.Hour

// maxAnswer bounds what is read of a collector's answer.
const maxAnswer = 1 << 20

// Door is the collector's door for agents, and the key to it.
type Door struct {
	Client *http.Client
	URL    string
	Key    ed25519.PrivateKey
}

// Fill ships the history of the checks from one instant to another, batch by batch, as an
// agent does, and gives the number of results that became durable.
func Fill(ctx context.Context, d Door, checks []wire.Check, from, to time.Time) (int, error) {
	epoch := uint64(to.UnixMilli())
	filled, seq := 0, uint64(0)
	for start := from; start.Before(to); start = start.Add(slab) {
		b := wire.Batch{Epoch: epoch, Seq: seq + 1, Runs: history(checks, start, minTime(start.Add(slab), to), to)}
		if len(b.Runs) == 0 {
			continue
		}
		seq++
		if err := d.ship(ctx, b); err != nil {
			return filled, fmt.Errorf("fill the demonstration's history: %w", err)
		}
		filled += b.Results()
	}
	return filled, nil
}

func history(checks []wire.Check, from, to, now time.Time) []wire.Run {
	var runs []wire.Run
	for _, c := range checks {
		p, ok := planOf(c.ID)
		if !ok {
			continue
		}
		run := wire.Run{Check: c.ID, IntervalMS: c.IntervalMS, PhaseMS: c.PhaseMS()}
		k := (from.UnixMilli() - run.PhaseMS + c.IntervalMS - 1) / c.IntervalMS
		for t := k*c.IntervalMS + run.PhaseMS; t < to.UnixMilli(); t += c.IntervalMS {
			if at := time.UnixMilli(t); !agentWasOff(at, now) {
				run.Results = append(run.Results, p.observe(at))
			}
		}
		if len(run.Results) > 0 {
			runs = append(runs, run)
		}
	}
	return runs
}

func (d Door) ship(ctx context.Context, b wire.Batch) error {
	body, err := wire.EncodeBatch(b)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL+wire.PathBatches, bytes.NewReader(body))
	if err != nil {
		return err
	}
	wire.Sign(req, body, d.Key, time.Now())
	resp, err := d.Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("batch %d: %s: %s", b.Seq, resp.Status, bytes.TrimSpace(answer))
	}
	var ack wire.Ack
	if err := json.Unmarshal(answer, &ack); err != nil {
		return fmt.Errorf("batch %d: read the acknowledgement: %w", b.Seq, err)
	}
	if len(ack.Rejected) > 0 {
		return fmt.Errorf("batch %d: %w: %+v", b.Seq, errRejected, ack.Rejected)
	}
	return nil
}

var errRejected = errors.New("results were rejected")

func planOf(check string) (plan, bool) {
	for _, p := range plans {
		if p.check == check {
			return p, true
		}
	}
	return plan{}, false
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
