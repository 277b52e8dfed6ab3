// Package systemd tells the service manager how a daemon fares (sd_notify(3)). Where no service
// manager listens, it does nothing.
package systemd

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Notifier speaks for one daemon. It is safe for concurrent use.
type Notifier struct {
	log     *slog.Logger
	end     context.CancelFunc
	running sync.WaitGroup
}

// Start says READY=1, and from then on WATCHDOG=1 at half the interval that the manager asks
// for, as long as healthy says so: a daemon that hangs is killed and started again.
func Start(log *slog.Logger, healthy func() bool) *Notifier {
	ctx, end := context.WithCancel(context.Background())
	n := &Notifier{log: log, end: end}
	n.say(daemon.SdNotifyReady)
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("the service manager's watchdog is set in a way that cannot be read", "err", err)
	}
	if err == nil && interval > 0 {
		n.running.Go(func() { n.watch(ctx, interval/2, healthy) })
	}
	return n
}

func (n *Notifier) watch(ctx context.Context, every time.Duration, healthy func() bool) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		if healthy() {
			n.say(daemon.SdNotifyWatchdog)
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// Stopping says STOPPING=1: the daemon was asked to end, and is about to. The watchdog is
// still served, for an orderly end may take its time.
func (n *Notifier) Stopping() { n.say(daemon.SdNotifyStopping) }

// Stop ends the watchdog's messages and waits for the last.
func (n *Notifier) Stop() {
	n.end()
	n.running.Wait()
}

func (n *Notifier) say(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		n.log.Warn("tell the service manager", "state", state, "err", err)
	}
}
