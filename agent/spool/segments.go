package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/nines-monitor/nines/internal/durable"
)

// segments is an append-only log in files of a bounded size. It is not safe for concurrent use.
type segments struct {
	dir, name string
	limit     int64           // a segment that has reached it is closed
	head      func() [][]byte // payloads that every new segment starts with
	list      []*segment      // oldest first
	active    *os.File        // of the last in list; nil: the next append makes a new one
	written   uint64          // frames that were ever written
	synced    uint64          // of them, those that are synced
	nextID    uint64          // never used before
}

type segment struct {
	id      uint64
	size    int64  // bytes that were appended whole
	newest  uint64 // serial of the newest batch in it, in the batch log
	madeMS  uint64 // of that batch
	waiting int    // results in it that no batch holds, in the results log
}

// openSegments finds the segments in dir. None of them is ever appended to again.
func openSegments(dir, name string, limit int64) (*segments, error) {
	l := &segments{dir: dir, name: name, limit: limit, nextID: 1}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	for _, e := range entries {
		digits, ok := strings.CutPrefix(strings.TrimSuffix(e.Name(), ".log"), name+"-")
		id, err := strconv.ParseUint(digits, 16, 64)
		if !ok || err != nil || !e.Type().IsRegular() || e.Name() != filepath.Base(l.path(id)) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, fmt.Errorf("open spool: %w", err)
		}
		l.list = append(l.list, &segment{id: id, size: info.Size()})
		l.nextID = max(l.nextID, id+1)
	}
	slices.SortFunc(l.list, func(a, b *segment) int {
		if a.id < b.id {
			return -1
		}
		return 1
	})
	return l, nil
}

func (l *segments) path(id uint64) string {
	return filepath.Join(l.dir, fmt.Sprintf("%s-%016x.log", l.name, id))
}

func (l *segments) bytes() int64 {
	var n int64
	for _, seg := range l.list {
		n += seg.size
	}
	return n
}

// last gives the segment that is appended to, or nil.
func (l *segments) last() *segment {
	if l.active == nil {
		return nil
	}
	return l.list[len(l.list)-1]
}

// append writes payload as one frame and gives the segment and the offset of its start. After
// an error nothing of it is in the log.
func (l *segments) append(payload []byte) (*segment, int64, error) {
	if seg := l.last(); seg != nil && seg.size >= l.limit {
		if err := l.rotate(); err != nil {
			return nil, 0, err
		}
	}
	if l.active == nil {
		if err := l.create(); err != nil {
			return nil, 0, err
		}
	}
	seg := l.last()
	at := seg.size
	if err := l.write(appendFrame(nil, payload)); err != nil {
		return nil, 0, err
	}
	return seg, at, nil
}

// write puts whole frames at the end of the active segment, or nothing.
func (l *segments) write(frames []byte) error {
	seg := l.last()
	if _, err := l.active.Write(frames); err != nil {
		if undo := l.truncate(seg.size); undo != nil {
			l.abandon() // the half frame stays as damage at the end of a closed segment
		}
		return err
	}
	seg.size += int64(len(frames))
	l.written++
	return nil
}

func (l *segments) truncate(size int64) error {
	if err := l.active.Truncate(size); err != nil {
		return err
	}
	_, err := l.active.Seek(size, io.SeekStart)
	return err
}

func (l *segments) create() error {
	id := l.nextID
	f, err := os.OpenFile(l.path(id), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	l.nextID++
	l.active, l.list = f, append(l.list, &segment{id: id})
	var frames []byte
	if l.head != nil {
		for _, payload := range l.head() {
			frames = appendFrame(frames, payload)
		}
	}
	err = l.write(frames)
	if err == nil {
		err = durable.SyncDir(l.dir)
	}
	if err != nil {
		l.abandon()
		l.remove(len(l.list) - 1)
	}
	return err
}

// sync makes what was appended durable.
func (l *segments) sync() error {
	if l.active == nil || l.synced == l.written {
		return nil
	}
	if err := l.active.Sync(); err != nil {
		l.abandon() // the kernel may have dropped the pages: trust nothing more to this file
		return err
	}
	l.synced = l.written
	return nil
}

// rotate syncs and closes the active segment; the next append starts a new one.
func (l *segments) rotate() error {
	err := l.sync()
	l.abandon()
	return err
}

func (l *segments) abandon() {
	if l.active != nil {
		l.active.Close()
	}
	l.active, l.synced = nil, l.written
}

// remove deletes the i-th segment.
func (l *segments) remove(i int) {
	seg := l.list[i]
	if i == len(l.list)-1 {
		l.abandon()
	}
	if err := os.Remove(l.path(seg.id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return // counted in bytes still, and tried again
	}
	l.list = slices.Delete(l.list, i, i+1)
}

// read gives what seg holds from one offset to another.
func (l *segments) read(seg *segment, from, to int64) ([]byte, error) {
	if from >= to {
		return nil, nil
	}
	f, err := os.Open(l.path(seg.id))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.NewSectionReader(f, from, to-from))
}
