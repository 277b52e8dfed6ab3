package sqlite

import (
	"context"
	"testing"

	"github.com/nines-monitor/nines/collector/journal/journaltest"
	"github.com/nines-monitor/nines/collector/store/storetest"
)

func TestJournal(t *testing.T) {
	journaltest.Run(t, func(ctx context.Context, dir string) (journaltest.Engine, error) { return Open(ctx, dir) })
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(ctx context.Context, dir string) (storetest.Engine, error) { return Open(ctx, dir) })
}
