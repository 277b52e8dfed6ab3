package report

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/nines-monitor/nines/internal/durable"
)

// file is the name of the report in a form: "acme-2026-10.html".
func (r *Report) file(extension string) string {
	return r.Client.ID + "-" + r.Month + extension
}

// WriteFiles writes the report as HTML and as JSON into a directory, which it makes if it is
// missing, and returns the two paths. An earlier report of the same month is replaced; there
// is never half a file.
func (r *Report) WriteFiles(dir string) ([]string, error) {
	html, err := r.HTML()
	if err != nil {
		return nil, err
	}
	data, err := r.JSON()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the directory for reports: %w: give another one", err)
	}
	var paths []string
	for _, f := range []struct {
		name string
		data []byte
	}{{r.file(".html"), html}, {r.file(".json"), data}} {
		if filepath.Base(f.name) != f.name {
			return paths, fmt.Errorf("client id %q cannot be a file name", r.Client.ID)
		}
		path := filepath.Join(dir, f.name)
		if err := durable.WriteFile(path, f.data, 0o644); err != nil {
			return paths, fmt.Errorf("write the report: %w: make the directory writable or give another one", err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}
