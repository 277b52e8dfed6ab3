package web

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	refreshEvery = 5 * time.Second // the page's own pace, when nothing changes
	refreshAfter = time.Second     // changes closer together are shown together
	readDeadline = 20 * time.Second
	maxViewers   = 500
)

var errTooManyViewers = refusal{503, "too many live pages are open; this one can be reloaded by hand"}

// board holds the overview that all viewers share: it is read and rendered once, however many look.
type board struct {
	log    *slog.Logger
	meters meters
	boot   string // tells this run's snapshots from an earlier one's

	building sync.Mutex // held by the one who reads and renders
	read     *reader
	faults   string // as last logged

	mu      sync.Mutex
	latest  *snapshot     // nil before the first
	renewed chan struct{} // closed when latest is replaced
	viewers int
	closed  bool
}

func newBoard(read *reader, log *slog.Logger, m meters) *board {
	return &board{
		log: log, meters: m, read: read,
		boot:    strconv.FormatInt(time.Now().UnixNano(), 36),
		renewed: make(chan struct{}),
	}
}

// run renews the overview while somebody looks at it: soon after a change, and on a timer, so
// that ages and budgets move. When ctx is done every viewer is let go.
func (b *board) run(ctx context.Context, changes func() (<-chan struct{}, func()), now func() time.Time) {
	defer b.close()
	var changed <-chan struct{}
	if changes != nil {
		var cancel func()
		changed, cancel = changes()
		defer cancel()
	}
	pace := time.NewTicker(refreshEvery)
	defer pace.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case _, more := <-changed:
			if !more {
				changed = nil
			}
		case <-pace.C:
		}
		if b.watched() {
			b.renew(ctx, now())
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(refreshAfter):
		}
	}
}

// fresh gives an overview that is at most refreshAfter old.
func (b *board) fresh(ctx context.Context, now time.Time) (*snapshot, error) {
	if s := b.current(now); s != nil {
		return s, nil
	}
	b.building.Lock()
	defer b.building.Unlock()
	if s := b.current(now); s != nil {
		return s, nil // somebody else was faster
	}
	// The reader who happens to come first does not take the others' overview away by leaving.
	return b.build(context.WithoutCancel(ctx), now)
}

func (b *board) current(now time.Time) *snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.latest == nil {
		return nil
	}
	if age := now.UnixMilli() - b.latest.at; age < 0 || age >= refreshAfter.Milliseconds() {
		return nil
	}
	return b.latest
}

// renew makes an overview whatever the age of the latest: something has changed since.
func (b *board) renew(ctx context.Context, now time.Time) {
	b.building.Lock()
	defer b.building.Unlock()
	if _, err := b.build(ctx, now); err != nil {
		b.log.Error("overview not rendered", "error", err)
	}
}

// build reads and renders the overview as of now, and wakes the viewers. The caller holds building.
func (b *board) build(ctx context.Context, now time.Time) (*snapshot, error) {
	started := time.Now()
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	read := b.read.read(ctx, now.UnixMilli())
	b.note(read.faults)
	next, err := newSnapshot(b.boot, b.latest, read)
	if err != nil {
		return nil, err
	}
	b.meters.builds.Update(time.Since(started).Seconds())

	b.mu.Lock()
	defer b.mu.Unlock()
	b.latest = next
	if !b.closed {
		close(b.renewed)
		b.renewed = make(chan struct{})
	}
	return next, nil
}

// note logs faults when they are others than before.
func (b *board) note(faults []string) {
	if len(faults) > 0 {
		b.meters.faults.Inc()
	}
	all := strings.Join(faults[:min(len(faults), linesShown)], "; ")
	if all != b.faults && all != "" {
		b.log.Warn("overview incomplete", "faults", len(faults), "first", all)
	}
	b.faults = all
}

// next gives the latest overview and a channel that is closed once there is another.
func (b *board) next() (*snapshot, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.latest, b.renewed
}

var errClosed = errors.New("the collector is stopping")

// enter and leave count viewers.
func (b *board) enter() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return refusal{503, errClosed.Error()}
	case b.viewers >= maxViewers:
		return errTooManyViewers
	}
	b.viewers++
	b.meters.viewers.Set(float64(b.viewers))
	return nil
}

func (b *board) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.viewers--
	b.meters.viewers.Set(float64(b.viewers))
}

func (b *board) watched() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.viewers > 0
}

func (b *board) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		close(b.renewed)
	}
}

func (b *board) isClosed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed
}
