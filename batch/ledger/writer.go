package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"runtime"

	"bulkinvite/batch"
)

// An operation is a claim or a settlement on its way through the writer.
type operation interface {
	// conflicts reports whether what an earlier operation of the batch writes
	// decides about this one, and marks what this one writes.
	conflicts(b *touched) bool
	// prepare decides what is to be written, if anything. An error is this
	// operation's alone.
	prepare(r *Run) (write bool, err error)
	write(ctx context.Context, tx *sql.Tx, r *Run) error
	// committed tells the book.
	committed(b *book) error
	// finish lets the caller go on.
	finish(err error)
	finished() <-chan error
}

// touched is what the operations of a batch write.
type touched struct {
	hashes   map[uint64]struct{} // of people who may be claimed
	requests map[int64]struct{}  // that are settled
}

// submit hands an operation to the writer and waits for the outcome. Once it
// is handed over it is awaited whatever ctx says: whether it was written must
// be known.
func (r *Run) submit(ctx context.Context, op operation) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case r.ops <- op:
	case <-ctx.Done():
		return ctx.Err()
	case <-r.stopping:
		return errEnded
	case <-r.ended:
		return r.gone()
	}
	select {
	case err := <-op.finished():
		return err
	case <-r.ended:
	}
	select {
	case err := <-op.finished(): // the writer had come to it before it went
		return err
	default:
		return r.gone()
	}
}

// gone is why there is no writer any more.
func (r *Run) gone() error { return cmp.Or(r.broken, errEnded) }

// writeUntilStopped is the writer's goroutine. A bug in it is told to all who
// wait: whether something of theirs was written is not known.
func (r *Run) writeUntilStopped() error {
	defer close(r.ended)
	if err := batch.Guard(r.writeAll)(); err != nil {
		r.broken = fmt.Errorf("ledger: nothing more is written: %w", err)
	}
	return nil
}

// writeAll is the only writer. It commits for all that wait at once: a commit
// costs one wait for the disk, however many operations are in it.
func (r *Run) writeAll() error {
	var waiting []operation
	for {
		if len(waiting) == 0 {
			select {
			case op := <-r.ops:
				waiting = append(waiting, op)
			case <-r.stopping:
				return nil
			}
		}
		waiting = r.commit(r.drain(waiting))
	}
}

// drain adds the operations that are queued. Whoever is about to hand one over
// goes first: a commit costs about the same for many operations as for one, and
// those who come a moment later would wait for the next.
func (r *Run) drain(waiting []operation) []operation {
	for range 2 { // one that wakes another is not enough, and more is no better
		runtime.Gosched()
	}
	for {
		select {
		case op := <-r.ops:
			waiting = append(waiting, op)
		default:
			return waiting
		}
	}
}

// commit deals with a batch, and returns the operations that must wait for the
// next one.
func (r *Run) commit(ops []operation) (later []operation) {
	ready, later := r.prepare(ops)
	if len(ready) == 0 {
		return later
	}
	err := r.writeBatch(ready)
	if err == nil {
		err = r.store.seen.note(r.lastRequest)
	}
	if err == nil {
		err = r.store.checkPlace()
	}
	if err == nil {
		err = r.tell(ready)
	}
	if err != nil {
		r.broken = fmt.Errorf("ledger: nothing more is written after a failed commit: %w", err)
	}
	for _, op := range ready {
		op.finish(r.broken)
	}
	return later
}

func (r *Run) prepare(ops []operation) (ready, later []operation) {
	r.book.mu.Lock()
	defer r.book.mu.Unlock()
	clear(r.touched.hashes)
	clear(r.touched.requests)
	for _, op := range ops {
		if r.broken != nil {
			op.finish(r.broken)
			continue
		}
		if op.conflicts(&r.touched) {
			later = append(later, op)
			continue
		}
		write, err := op.prepare(r)
		if err != nil || !write {
			op.finish(err)
			continue
		}
		ready = append(ready, op)
	}
	return ready, later
}

func (r *Run) writeBatch(ready []operation) error {
	ctx := context.Background() // some of those who wait may have left
	tx, err := r.store.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // the first error is the one to tell, and after Commit it has nothing to do
	for _, op := range ready {
		if err := op.write(ctx, tx, r); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return r.store.checkpoint(ctx)
}

func (r *Run) tell(ready []operation) error {
	r.book.mu.Lock()
	defer r.book.mu.Unlock()
	for _, op := range ready {
		if err := op.committed(r.book); err != nil {
			return err
		}
	}
	return nil
}
