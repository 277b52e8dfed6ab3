package ingest

import (
	"context"
	"errors"

	"github.com/nines-monitor/nines/collector/journal"
)

// NotTaking says why batches are refused at the moment, in a sentence for the operator; it is
// empty while they are taken. It is safe for concurrent use.
func (h *Handler) NotTaking() string {
	if why := h.untaken.Load(); why != nil {
		return *why
	}
	return ""
}

// Probe finds out by a write whether a collector that took no batches the last time can take
// them again: where nobody sends any while NotTaking has something to say, nothing else would.
// While batches are taken it does nothing.
func (h *Handler) Probe(ctx context.Context) {
	agents := h.registry.Agents()
	if h.NotTaking() == "" || len(agents) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	h.noteJournal(h.store.TouchAgents(ctx, agents[:1])) // its last contact as it is
}

// noteJournal logs when the journal stops taking batches, and when it takes them again.
func (h *Handler) noteJournal(err error) {
	if err == nil {
		if h.untaken.Load() != nil && h.untaken.Swap(nil) != nil {
			h.log.Info("batches can be stored again")
		}
		return
	}
	why := "batches cannot be stored and are not acknowledged; agents keep them: the log says why"
	if errors.Is(err, journal.ErrFull) {
		why = "the disk is full and batches are not acknowledged; agents keep them: make room where the state directory is"
	}
	if h.untaken.Swap(&why) == nil {
		h.log.Error("batches cannot be stored and are not acknowledged; agents keep them", "error", err)
	}
}
