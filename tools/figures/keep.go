package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	begin = "<!-- figures: begin -->\n"
	end   = "<!-- figures: end -->\n"
)

// keep replaces what stands between the two markers of the Markdown file at path by r. The file must have both.
func keep(path string, r run, now time.Time) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("keep figures: %w", err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("keep figures: %s has no lines %q and %q", path, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	section := fmt.Sprintf("%s\n%s, on %s.\n\n```\n%s\n```\n\n%s",
		begin, now.Format("2 January 2006"), r.platform, strings.Join(r.figures, "\n"), end)
	return replace(path, before+section+after)
}

// replace writes text beside path and renames it there, so that an interrupted run loses nothing.
func replace(path, text string) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".figures-*")
	if err != nil {
		return fmt.Errorf("keep figures: %w", err)
	}
	defer os.Remove(tmp.Name()) // gone already, when all went well
	_, err = tmp.WriteString(text)
	if closing := tmp.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Chmod(tmp.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("keep figures: %w", err)
	}
	return nil
}
