package agent

import (
	"context"
	"errors"
	"log/slog"
)

// Run measures with cfg until ctx ends.
func Run(ctx context.Context, cfg Config, log *slog.Logger) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	lock, err := openState(cfg.StateDir)
	if err != nil {
		return err
	}
	defer lock.Close()
	return errors.New("not built yet")
}
