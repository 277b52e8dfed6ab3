package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/VictoriaMetrics/metrics"

	"github.com/nines-monitor/nines/collector/journal"
)

// Limits of one group: what is appended while a group commits waits for the next one.
const (
	groupRecords = 256
	groupBytes   = 16 << 20
)

var errClosed = errors.New("the database is closed")

// committer appends records in groups: whatever waits when the disk is ready becomes durable
// with one fsync. There is no delay to fill a group, as the one before it is delay enough.
type committer struct {
	pool   *sql.DB
	queue  chan *waiting
	quit   chan struct{}
	once   sync.Once
	ended  chan struct{}
	groups *metrics.Counter
	adds   [3]*metrics.Counter // by verdict
	size   *metrics.Counter
	errs   *metrics.Counter
}

// waiting is a record whose caller waits for it to be durable.
type waiting struct {
	record  journal.Record
	digest  []byte
	receipt journal.Receipt
	err     error
	done    chan struct{} // closed when receipt or err is set
}

func startCommitter(pool *sql.DB, set *metrics.Set) *committer {
	c := &committer{
		pool: pool, queue: make(chan *waiting, groupRecords), quit: make(chan struct{}), ended: make(chan struct{}),
		groups: set.NewCounter("nines_journal_commits_total"),
		size:   set.NewCounter("nines_journal_accepted_bytes_total"),
		errs:   set.NewCounter("nines_journal_commit_errors_total"),
	}
	for v, name := range [...]string{journal.Accepted: "accepted", journal.Duplicate: "duplicate", journal.Fork: "fork"} {
		c.adds[v] = set.NewCounter(fmt.Sprintf(`nines_journal_records_total{verdict=%q}`, name))
	}
	go c.run()
	return c
}

// stop lets the group under way end and refuses all others.
func (c *committer) stop() {
	c.once.Do(func() { close(c.quit) })
	<-c.ended
}

func (c *committer) append(ctx context.Context, r journal.Record) (journal.Receipt, error) {
	digest := sha256.Sum256(r.Body)
	w := &waiting{record: r, digest: digest[:], done: make(chan struct{})}
	select {
	case c.queue <- w:
	case <-c.ended:
		return journal.Receipt{}, errClosed
	case <-ctx.Done():
		return journal.Receipt{}, ctx.Err()
	}
	select {
	case <-w.done:
		return w.receipt, w.err
	case <-c.ended:
		select {
		case <-w.done: // by the last group
			return w.receipt, w.err
		default:
			return journal.Receipt{}, errClosed
		}
	case <-ctx.Done():
		return journal.Receipt{}, ctx.Err()
	}
}

func (c *committer) run() {
	defer close(c.ended)
	for {
		select {
		case <-c.quit:
			return
		case w := <-c.queue:
			c.commit(c.group(w))
		}
	}
}

// group takes what waits, up to the limits.
func (c *committer) group(w *waiting) []*waiting {
	group, size := []*waiting{w}, len(w.record.Body)
	for len(group) < groupRecords && size < groupBytes {
		select {
		case w := <-c.queue:
			group = append(group, w)
			size += len(w.record.Body)
		default:
			return group
		}
	}
	return group
}

func (c *committer) commit(group []*waiting) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	err := inTransaction(ctx, c.pool, func(ctx context.Context, tx *sql.Tx) error {
		s, err := prepare(ctx, tx)
		if err != nil {
			return err
		}
		for _, w := range group {
			if w.receipt, err = appendOne(ctx, s, w.record, w.digest); err != nil {
				return err
			}
		}
		return nil
	})
	c.groups.Inc()
	if err != nil {
		c.errs.Inc()
	}
	for _, w := range group {
		if w.err = err; err == nil {
			c.adds[w.receipt.Verdict].Inc()
			if w.receipt.Verdict == journal.Accepted {
				c.size.Add(len(w.record.Body))
			}
		}
		close(w.done)
	}
}

// statements are what appending needs, prepared once a group.
type statements struct {
	find, insert, mark, setMark, later *sql.Stmt
}

func prepare(ctx context.Context, tx *sql.Tx) (statements, error) {
	var s statements
	for _, p := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&s.find, "SELECT position, digest, aside FROM journal WHERE tenant = ? AND agent = ? AND epoch = ? AND seq = ?"},
		{&s.insert, "INSERT INTO journal (tenant, agent, epoch, seq, received_at, digest, aside, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
		{&s.mark, "SELECT watermark FROM epochs WHERE tenant = ? AND agent = ? AND epoch = ?"},
		{&s.setMark, `INSERT INTO epochs (tenant, agent, epoch, watermark) VALUES (?, ?, ?, ?)
			ON CONFLICT (tenant, agent, epoch) DO UPDATE SET watermark = excluded.watermark`},
		{&s.later, "SELECT seq FROM journal WHERE tenant = ? AND agent = ? AND epoch = ? AND seq > ? ORDER BY seq"},
	} {
		stmt, err := tx.PrepareContext(ctx, p.text) //nolint:sqlclosecheck // closed with its transaction
		if err != nil {
			return statements{}, err
		}
		*p.to = stmt
	}
	return s, nil
}
