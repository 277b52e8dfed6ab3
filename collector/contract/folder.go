package contract

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nines-monitor/nines/internal/strict"
	"github.com/nines-monitor/nines/internal/wire"
)

// settle is how long a file must have been left alone before it is read, so that one that is
// being written is not taken for what it will become.
const settle = 500 * time.Millisecond

// maxFiles bounds a directory of contracts.
const maxFiles = 10_000

// folder is a directory of contracts, as it was last read.
type folder struct {
	dir   string
	files map[string]*file // by name
}

// file is one document of a folder.
type file struct {
	path     string
	modified time.Time
	size     int64
	certain  bool // read so long after its last change that a later change would show
	sum      [sha256.Size]byte

	client   string    // whose it says it is; empty: it does not
	contract *Contract // nil: it is not right
	problems strict.Problems
}

// refresh reads what has changed since the last time. A new or changed file that has not
// settled is left for the next time, unless nothing was read before.
func (f *folder) refresh(now time.Time) error {
	names, err := contractNames(f.dir)
	if err != nil {
		return err
	}
	first := f.files == nil
	files := make(map[string]*file, len(names))
	for _, name := range names {
		path := filepath.Join(f.dir, name)
		known := f.files[name]
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // gone since it was listed
		case err == nil && !info.Mode().IsRegular():
			continue // a directory, or something that must not be opened
		case err == nil && known != nil && known.certain && info.ModTime().Equal(known.modified) && info.Size() == known.size:
			files[name] = known
			continue
		}
		age := settle
		if err == nil {
			age = now.Sub(info.ModTime())
		}
		settled := age < 0 || age >= settle
		if !settled && !first {
			if known != nil {
				files[name] = known
			}
			continue
		}
		files[name] = load(path, known)
		if err == nil {
			files[name].modified, files[name].size, files[name].certain = info.ModTime(), info.Size(), settled
		}
	}
	f.files = files
	return nil
}

// contractNames lists the contracts of a directory. What editors leave beside a file ends
// differently, or starts with a dot.
func contractNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".toml") && !strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(e.Name(), "#") {
			names = append(names, e.Name())
		}
	}
	if len(names) > maxFiles {
		return nil, fmt.Errorf("%d contracts in %s: at most %d", len(names), dir, maxFiles)
	}
	return names, nil
}

// load reads and parses a file, or keeps what is known of it if its content is the same.
func load(path string, known *file) *file {
	text, err := readBounded(path)
	if err != nil {
		return &file{path: path, problems: strict.Problems{{File: path, Text: unwrapPath(err)}}}
	}
	sum := sha256.Sum256(text)
	if known != nil && known.sum == sum {
		same := *known
		return &same
	}
	loaded := &file{path: path, sum: sum}
	loaded.contract, err = Parse(path, text)
	if err == nil {
		loaded.client = loaded.contract.Client.ID
		return loaded
	}
	if !errors.As(err, &loaded.problems) {
		loaded.problems = strict.Problems{{File: path, Text: err.Error()}}
	}
	loaded.client = statedClient(text)
	return loaded
}

// readBounded reads one byte more than a contract may have, so that Parse can refuse it. What is
// no plain file is not opened: a pipe would keep its reader waiting for ever.
func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a plain file: name the contract itself")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, strict.MaxBytes+1))
}

// statedClient is the client that a wrong contract names, if it can be read that far.
func statedClient(text []byte) string {
	var stated struct {
		Client map[string]any `toml:"client"`
	}
	if !strict.Read("", text, &stated).Readable() {
		return ""
	}
	if id, _ := stated.Client["id"].(string); wire.ValidID(id) {
		return id
	}
	return ""
}

// unwrapPath says why a file cannot be read, without its path.
func unwrapPath(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return fmt.Sprintf("cannot be read: %v", at.Err)
	}
	return fmt.Sprintf("cannot be read: %v", err)
}
