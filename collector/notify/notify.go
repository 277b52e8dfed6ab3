package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/nines-monitor/nines/collector/store"
)

// Patience is how long a message is tried before it is given up.
const Patience = 72 * time.Hour

const (
	batch       = 50 // messages a tick
	firstPause  = 30 * time.Second
	longestWait = 2 * time.Hour
	minAttempts = 12 // what waited long for a mail set-up is still tried this often
	recordLimit = 10 * time.Second
)

// Outbox is the part of store.Store that holds messages.
type Outbox interface {
	DueMessages(ctx context.Context, now int64, limit int) ([]store.Message, error)
	MessageSent(ctx context.Context, id, at int64) error
	MessageFailed(ctx context.Context, id int64, next int64, reason string) error
	MessageGivenUp(ctx context.Context, id, at int64, reason string) error
	UnsentMessages(ctx context.Context) (int, error)
}

// Mailer hands messages to a mail server, as SMTP does.
type Mailer interface {
	// Send returns nil once the server has taken responsibility for the message, a
	// *RefusedError when it does not want this one, and any other error when it could not be
	// asked.
	Send(ctx context.Context, m store.Message) error
}

// Options are what a Worker needs.
type Options struct {
	Store  Outbox
	Mailer Mailer // nil: no mail is set up, messages wait
	Log    *slog.Logger
}

// Worker empties the outbox. One worker serves an outbox; Tick is not to be called concurrently.
type Worker struct {
	outbox Outbox
	mailer Mailer
	log    *slog.Logger

	set                   *metrics.Set
	sent, failed, givenUp *metrics.Counter
	waiting               *metrics.Gauge
}

// New makes a worker. It does nothing before its first Tick.
func New(o Options) *Worker {
	set := metrics.NewSet()
	return &Worker{
		outbox: o.Store, mailer: o.Mailer, log: o.Log, set: set,
		sent:    set.NewCounter("nines_notify_messages_sent_total"),
		failed:  set.NewCounter("nines_notify_attempts_failed_total"),
		givenUp: set.NewCounter("nines_notify_messages_given_up_total"),
		waiting: set.NewGauge("nines_notify_messages_waiting", nil),
	}
}

// Metrics are the worker's own.
func (w *Worker) Metrics() *metrics.Set { return w.set }

// Tick sends what is due at now, oldest first, until nothing is due or the server cannot be
// reached. Its error is about the outbox alone: what goes wrong with mail is recorded there.
func (w *Worker) Tick(ctx context.Context, now time.Time) error {
	if w.mailer != nil {
		if err := w.sendDue(ctx, now); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return nil // shutting down
	}
	n, err := w.outbox.UnsentMessages(ctx)
	if err != nil {
		return fmt.Errorf("count the outbox: %w", err)
	}
	w.waiting.Set(float64(n))
	return nil
}

func (w *Worker) sendDue(ctx context.Context, now time.Time) error {
	due, err := w.outbox.DueMessages(ctx, now.UnixMilli(), batch)
	if err != nil {
		return fmt.Errorf("read the outbox: %w", err)
	}
	for _, m := range due {
		if ctx.Err() != nil {
			return nil // shutting down is no failure of the message
		}
		sending := w.mailer.Send(ctx, m)
		if sending != nil && ctx.Err() != nil {
			return nil
		}
		if err := w.record(ctx, m, sending, now); err != nil {
			return fmt.Errorf("record message %d: %w", m.ID, err)
		}
		var refused *RefusedError
		if sending != nil && !errors.As(sending, &refused) {
			return nil // the server is the trouble: the others would fare no better
		}
	}
	return nil
}

// record keeps the end of an attempt. It finishes even while ctx ends: what was sent must not
// be sent again.
func (w *Worker) record(ctx context.Context, m store.Message, sending error, now time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordLimit)
	defer cancel()
	log := w.log.With("kind", m.Kind, "tenant", m.Tenant, "key", m.Key)
	if sending == nil {
		w.sent.Inc()
		log.Info("mail sent", "attempts", m.Attempts+1)
		return w.outbox.MessageSent(ctx, m.ID, now.UnixMilli())
	}
	w.failed.Inc()
	var refused *RefusedError
	permanent := errors.As(sending, &refused) && refused.Permanent
	age := now.Sub(time.UnixMilli(m.CreatedAt))
	if permanent || age >= Patience && m.Attempts+1 >= minAttempts {
		w.givenUp.Inc()
		log.Error("mail given up", "attempts", m.Attempts+1, "error", sending)
		return w.outbox.MessageGivenUp(ctx, m.ID, now.UnixMilli(), sending.Error())
	}
	if m.Attempts == 0 {
		log.Warn("mail not sent, will be tried again", "error", sending)
	}
	next := now.Add(pause(m.Attempts)).UnixMilli()
	return w.outbox.MessageFailed(ctx, m.ID, next, sending.Error())
}

// pause is how long to wait after a message has failed for the n-th time (from 0): twice as
// long each time, with jitter over its upper half.
func pause(n int) time.Duration {
	full := longestWait
	if n < 10 {
		full = min(firstPause<<n, longestWait)
	}
	return full/2 + rand.N(full/2)
}
