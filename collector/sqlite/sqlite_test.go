package sqlite

import (
	"context"
	"testing"

	"github.com/nines-monitor/nines/collector/journal/journaltest"
)

func TestJournal(t *testing.T) {
	journaltest.Run(t, func(ctx context.Context, dir string) (journaltest.Engine, error) { return Open(ctx, dir) })
}
