package ship

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/nines-monitor/nines/agent/spool"
	"github.com/nines-monitor/nines/internal/wire"
)

// lookEvery is how often the spool is looked at when it does not call by itself.
const lookEvery = time.Second

// Shipper delivers the batches of one spool, one at a time and in order.
type Shipper struct {
	client   *Client
	spool    *spool.Spool
	revision func(string)
	log      *slog.Logger
	metrics  *instruments
	status   *status
}

// New gives a shipper from s over c. revision, if not nil, hears of the configuration's
// revision in every acknowledgement.
func New(c *Client, s *spool.Spool, revision func(string), log *slog.Logger) *Shipper {
	if revision == nil {
		revision = func(string) {}
	}
	sh := &Shipper{client: c, spool: s, revision: revision, log: log, status: &status{log: log, told: map[string]bool{}}}
	sh.metrics = newInstruments(sh)
	return sh
}

// Run ships until ctx ends: at least once a second when something waits, at once when the
// spool calls.
func (sh *Shipper) Run(ctx context.Context) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		case <-sh.spool.Wake():
		}
		sh.drain(ctx, math.MaxInt32)
	}
}

// Last makes one attempt to ship what waits, before the agent stops.
func (sh *Shipper) Last(ctx context.Context) { sh.drain(ctx, 0) }

// drain ships until nothing waits, or a batch cannot be settled.
func (sh *Shipper) drain(ctx context.Context, retries int) {
	for ctx.Err() == nil {
		b, ok, err := sh.spool.Next()
		if err != nil {
			sh.status.spoolFailed(err)
			return
		}
		if !ok {
			return
		}
		if err := sh.deliver(ctx, b, retries); err != nil {
			if ctx.Err() == nil {
				sh.status.failed(err)
			}
			return
		}
	}
}

// deliver sends b until it is settled, or the retries or ctx are at an end.
func (sh *Shipper) deliver(ctx context.Context, b spool.Batch, retries int) error {
	ack, err := sh.post(ctx, b, retries)
	if isFinal(err) {
		sh.metrics.attempt(outcomeOf(err))
		sh.log.Error("collector will never take this batch: it is kept in the spool's quarantine",
			"epoch", b.Epoch, "seq", b.Seq, "results", b.Results, "error", err)
		return sh.spool.SetAside(b)
	}
	if err != nil {
		return err
	}
	if err := sh.spool.Done(b, ack.Watermark); err != nil {
		return fmt.Errorf("settle batch %d: %w", b.Seq, err)
	}
	sh.status.succeeded()
	sh.metrics.accepted(b, ack)
	sh.status.rejected(ack.Rejected)
	sh.revision(ack.ConfigRevision)
	return nil
}

// post gives the acknowledgement of b, or a *RefusalError that is final, or why the retries
// came to an end.
func (sh *Shipper) post(ctx context.Context, b spool.Batch, retries int) (ack wire.Ack, err error) {
	var verdict error // on the last attempt
	hc := &retryablehttp.Client{
		HTTPClient:   sh.client.http,
		RetryWaitMin: firstPause,
		RetryWaitMax: longestPause,
		RetryMax:     retries,
		Backoff:      backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
		CheckRetry: func(ctx context.Context, resp *http.Response, err error) (bool, error) {
			if ctx.Err() != nil {
				return false, ctx.Err()
			}
			if ack, verdict = judge(resp, err, b); verdict == nil || isFinal(verdict) {
				return false, nil
			}
			sh.metrics.attempt(outcomeOf(verdict))
			sh.status.failed(verdict)
			return true, nil
		},
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, sh.client.base.JoinPath(wire.PathBatches).String(), b.Body)
	if err != nil {
		return ack, err
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	resp, err := hc.Do(req)
	if resp != nil {
		resp.Body.Close()
	}
	if err != nil {
		return ack, err
	}
	return ack, verdict
}

// judge says what came of one attempt: an acknowledgement of b, or an error.
func judge(resp *http.Response, err error, b spool.Batch) (wire.Ack, error) {
	switch {
	case err != nil:
		return wire.Ack{}, err
	case resp.StatusCode == http.StatusOK:
		return acknowledgement(resp, b)
	}
	return wire.Ack{}, refusal(resp)
}
