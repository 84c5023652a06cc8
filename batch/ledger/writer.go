package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"runtime"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// A group is what one commit writes: rows that are decided, in the order in
// which they were. Whoever has a row in it waits for done.
type group struct {
	rows []row
	done chan struct{} // closed when all of it is durable, or never will be, as err says
	err  error
}

// A row is to be inserted.
type row struct {
	insert  *sql.Stmt
	values  []any
	request int64 // that the cache has as it will be with this row; 0: none
}

// write calls decide, one call at a time, which says what is to be written for
// the caller, if anything, and takes it into the cache: the next one builds on
// it. What is decided is awaited whatever ctx says: whether it was written must
// be known.
func (r *Run) write(ctx context.Context, decide func() ([]row, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g, err := r.add(decide)
	if g == nil {
		return err
	}
	<-g.done
	return g.err
}

// add adds what is decided to the group that is written next, which it returns.
func (r *Run) add(decide func() ([]row, error)) (*group, error) {
	r.Cache.Lock()
	defer r.Cache.Unlock()
	if r.broken != nil || r.stopping {
		return nil, cmp.Or(r.broken, rows.ErrEnded)
	}
	decided, err := decide()
	if len(decided) == 0 {
		return nil, err
	}
	if r.next == nil {
		r.next = &group{done: make(chan struct{})}
		r.wake <- struct{}{} // there is room: the writer takes a group for each
	}
	for _, w := range decided {
		r.next.rows = append(r.next.rows, w)
		r.Cache.Pin(w.request)
	}
	return r.next, nil
}

// stop ends the writer when it has written what was decided.
func (r *Run) stop() {
	r.Cache.Lock()
	if !r.stopping {
		r.stopping = true
		close(r.wake)
	}
	r.Cache.Unlock()
	_ = r.writer.Wait() // it tells its errors to those who wait for a group
}

// writeGroups is the writer's goroutine, the only one that writes during a run.
// A bug in it fails all who wait, since nobody knows what of theirs was written.
func (r *Run) writeGroups() error {
	for range r.wake {
		g := r.take()
		err := batch.Guard(func() error { return r.commit(g) })()
		r.Cache.Lock()
		if err != nil && r.broken == nil {
			r.broken = fmt.Errorf("ledger: nothing more is written after a failed commit: %w", err)
		}
		g.err = r.broken
		for _, w := range g.rows {
			r.Cache.Unpin(w.request)
		}
		r.Cache.Unlock()
		close(g.done)
	}
	return nil
}

// take returns the next group. Whoever is about to add to it goes first: a
// commit costs about the same for many rows as for one, and those who come a
// moment later would wait for the next.
func (r *Run) take() *group {
	for range 2 { // one that wakes another is not enough, and more is no better
		runtime.Gosched()
	}
	r.Cache.Lock()
	defer r.Cache.Unlock()
	g := r.next
	r.next = nil
	return g
}

// commit writes a group, for all that wait at once: it costs one wait for the
// disk, however many rows are in it. No other goroutine writes r.broken.
func (r *Run) commit(g *group) error {
	if r.broken != nil {
		return r.broken
	}
	if err := r.insert(context.Background(), g.rows); err != nil { // some of those who wait may have left
		return err
	}
	last := int64(0)
	for _, w := range g.rows {
		last = max(last, w.request)
	}
	if err := r.store.seen.Note(last); err != nil {
		return err
	}
	return r.store.checkPlace()
}

func (r *Run) insert(ctx context.Context, rows []row) error {
	tx, err := r.store.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // the first error is the one to tell, and after Commit it has nothing to do
	for _, w := range rows {
		if _, err := tx.StmtContext(ctx, w.insert).ExecContext(ctx, w.values...); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return r.store.checkpoint(ctx)
}
