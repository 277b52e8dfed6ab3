package contract

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nines-monitor/nines/internal/strict"
)

// retireAfter is how long a contract's file must have been gone before its client is
// retired: some editors take a file away before they put the new one there.
const retireAfter = 5 * time.Second

// Options are what a Book works with.
type Options struct {
	Dir string // whose files named *.toml are the contracts

	// Accepted are the contracts that were accepted last, one a client, as they were stored.
	// They take the place of files that are broken when the collector starts.
	Accepted []Source

	// OnChange is told of every change before it comes into force, and can keep it from
	// doing so: after an error it is told again at the next tick. It may be nil.
	OnChange func(context.Context, Change) error
}

// Change is a contract that comes into force, or a client who is retired.
type Change struct {
	Client   string
	Contract *Contract // nil: the client is retired
	At       time.Time
}

// Book holds the contracts in force. It follows a directory: a file that is right comes into
// force, a file that is wrong leaves the last accepted contract of its client in force and its
// problems visible.
//
// A client whose file is deleted is retired: its agents have nothing to probe and its pages
// and alarms end, while everything measured and promised until then stays where it is stored.
// Nobody is retired by a directory that is empty or cannot be read, which is more often a
// mistake than a wish, nor while a file cannot be told to be whose it is.
//
// Contracts, Contract and Problems are safe for concurrent use; Tick is called by one
// goroutine.
type Book struct {
	options  Options
	folder   folder
	accepted map[string]*Contract // by client, as the store had them
	owners   map[string]string    // file name to the client whose contract it last had
	missing  map[string]time.Time // client in force to when its file was first not there
	outdated map[string]string    // file name of a stored contract that is not right any more to why

	mu       sync.Mutex
	inForce  map[string]*Contract
	problems strict.Problems
}

// OpenBook opens a directory of contracts. Nothing is in force before the first Tick.
func OpenBook(o Options) (*Book, error) {
	info, err := os.Stat(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the directory of contracts: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("open the directory of contracts: %s is a file: name the directory that it is in", o.Dir)
	}
	b := &Book{
		options:  o,
		folder:   folder{dir: o.Dir},
		accepted: map[string]*Contract{},
		owners:   map[string]string{},
		missing:  map[string]time.Time{},
		outdated: map[string]string{},
		inForce:  map[string]*Contract{},
	}
	for _, s := range o.Accepted {
		b.recall(s)
	}
	return b, nil
}

// recall takes a stored contract as what was last accepted.
func (b *Book) recall(s Source) {
	c, err := Parse(s.File, s.Text)
	if err != nil {
		b.outdated[filepath.Base(s.File)] = err.Error()
		return
	}
	b.accepted[c.Client.ID] = c
	b.owners[filepath.Base(s.File)] = c.Client.ID
}

// Contracts are the contracts in force, by client id. They must not be changed.
func (b *Book) Contracts() []*Contract {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.SortedFunc(maps.Values(b.inForce), func(x, y *Contract) int {
		return strings.Compare(x.Client.ID, y.Client.ID)
	})
}

// Contract is the contract in force of one client.
func (b *Book) Contract(client string) (*Contract, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.inForce[client]
	return c, ok
}

// Problems are what keeps files from being in force, by file and line.
func (b *Book) Problems() strict.Problems {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.problems)
}

// Tick reads what has changed in the directory and puts it in force. It reports whether the
// contracts in force or the problems have changed, so that its caller can say so.
func (b *Book) Tick(ctx context.Context, now time.Time) bool {
	t := turn{Book: b, now: now}
	first := b.folder.files == nil
	if err := b.folder.refresh(now); err != nil {
		t.problem(b.options.Dir, "the contracts in force stay so: %s", unwrapPath(err))
		if first {
			t.keepAll(ctx)
		}
		return t.end()
	}
	t.attribute()
	for _, client := range slices.Sorted(maps.Keys(t.claims)) {
		t.client(ctx, client)
	}
	if len(b.folder.files) == 0 && (len(b.inForce) > 0 || len(b.accepted) > 0) {
		t.problem(b.options.Dir, "there is no *.toml in it: the contracts in force stay so until there is one")
		t.keepAll(ctx)
		return t.end()
	}
	t.retire(ctx)
	return t.end()
}

// turn is one Tick.
type turn struct {
	*Book
	now      time.Time
	claims   map[string][]*file // by client
	unknown  bool               // a wrong file could be anyone's
	found    strict.Problems
	hasMoved bool
}

func (t *turn) problem(file, format string, args ...any) {
	t.found = append(t.found, strict.Problem{File: file, Text: fmt.Sprintf(format, args...)})
}

// refuse lists what is wrong with a file, and says once, after the first of it, what follows:
// as many problems as there are mistakes.
func (t *turn) refuse(f *file, consequence string) {
	first := len(t.found)
	t.found = append(t.found, f.problems...)
	t.found[first].Text += " (not accepted: " + consequence + ")"
}

// attribute says whose each file is.
func (t *turn) attribute() {
	t.claims = map[string][]*file{}
	for _, name := range slices.Sorted(maps.Keys(t.folder.files)) {
		f := t.folder.files[name]
		owner := f.client
		if last := t.owners[name]; f.contract == nil && last != "" {
			owner = last // whatever a wrong file says
		}
		if owner == "" {
			t.unknown = true
			t.refuse(f, "it cannot be told whose contract it is")
			continue
		}
		t.claims[owner] = append(t.claims[owner], f)
	}
}

// client puts the contract of a client in force if exactly one file has it and it is right.
func (t *turn) client(ctx context.Context, client string) {
	delete(t.missing, client)
	files := t.claims[client]
	f := files[0]
	switch {
	case len(files) > 1:
		paths := make([]string, len(files))
		for i, f := range files {
			paths[i] = f.path
			t.found = append(t.found, f.problems...)
		}
		t.keep(ctx, client)
		t.problem(f.path, "client %q has more than one contract, in %s: remove all but one; %s", client, strings.Join(paths, " and "), t.standing(client))
	case f.contract == nil:
		t.keep(ctx, client)
		t.refuse(f, t.standing(client))
	default:
		t.owners[filepath.Base(f.path)] = client
		delete(t.outdated, filepath.Base(f.path))
		t.enforce(ctx, client, f.contract)
	}
}

func (t *turn) standing(client string) string {
	if t.inForce[client] == nil {
		return fmt.Sprintf("no contract of %q is in force", client)
	}
	return fmt.Sprintf("the contract of %q that was accepted before stays in force", client)
}

// keep leaves what is in force; after a start, that is what was accepted before it.
func (t *turn) keep(ctx context.Context, client string) {
	if c := t.accepted[client]; c != nil && t.inForce[client] == nil {
		t.enforce(ctx, client, c)
	}
}

func (t *turn) keepAll(ctx context.Context) {
	for _, client := range slices.Sorted(maps.Keys(t.accepted)) {
		t.keep(ctx, client)
	}
}

// retire ends the contracts whose files are gone.
func (t *turn) retire(ctx context.Context) {
	for _, client := range slices.Sorted(maps.Keys(t.inForce)) {
		if len(t.claims[client]) > 0 {
			continue
		}
		since, known := t.missing[client]
		switch {
		case !known:
			t.missing[client] = t.now
		case !t.unknown && t.now.Sub(since) >= retireAfter:
			t.enforce(ctx, client, nil)
		}
	}
}

// enforce puts a contract in force, or ends it if it is nil, once OnChange agrees.
func (t *turn) enforce(ctx context.Context, client string, c *Contract) {
	if t.inForce[client] == c {
		return
	}
	if t.options.OnChange != nil {
		if err := t.options.OnChange(ctx, Change{client, c, t.now}); err != nil {
			t.problem(t.options.Dir, "the change of %q is not in force yet: %v", client, err)
			return
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hasMoved = true
	if c == nil {
		delete(t.inForce, client)
		delete(t.accepted, client)
		delete(t.missing, client)
		return
	}
	t.inForce[client] = c
}

// end publishes the problems.
func (t *turn) end() bool {
	for name, why := range t.outdated {
		t.problem(name, "the contract that was stored for this file is not right by the rules of this version: %s", why)
	}
	t.found.Sort()
	t.mu.Lock()
	defer t.mu.Unlock()
	changed := t.hasMoved || !slices.Equal(t.problems, t.found)
	t.problems = t.found
	return changed
}
