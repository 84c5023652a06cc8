package ledger

import (
	"context"
	"database/sql"
	"errors"
)

// A segment is a row of people_segments.
type segment struct {
	after, last int64 // it has the people of the requests behind after, to last
	firstBlock  int64
	blocks      int64
	entries     int64
}

func (s *segment) endBlock() int64 { return s.firstBlock + s.blocks }

// readSegments returns the segments, the oldest first, and refuses them if a
// request between them is left out.
func readSegments(ctx context.Context, db querier) (segments []segment, err error) {
	rows, err := db.QueryContext(ctx, `select after_request, last_request, first_block, block_count, entry_count
		from people_segments order by last_request`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	before := segment{}
	for rows.Next() {
		var s segment
		if err := rows.Scan(&s.after, &s.last, &s.firstBlock, &s.blocks, &s.entries); err != nil {
			return nil, err
		}
		if s.after != before.last || s.firstBlock < before.endBlock() || s.blocks < 0 {
			return nil, damagedIndex("the segment to request %d does not follow the one to request %d", s.last, before.last)
		}
		segments = append(segments, s)
		before = s
	}
	return segments, rows.Err()
}

// indexed returns the last request that the segments have.
func indexed(segments []segment) int64 {
	if len(segments) == 0 {
		return 0
	}
	return segments[len(segments)-1].last
}

// A blockReader reads single blocks.
type blockReader struct{ stmt *sql.Stmt }

func newBlockReader(ctx context.Context, db querier) (*blockReader, error) {
	stmt, err := db.PrepareContext(ctx, "select checksum, entries from people_blocks where id = ?")
	return &blockReader{stmt}, err
}

func (r *blockReader) read(id int64) (block, error) {
	var checksum int64
	var b []byte
	// Without the caller's context, which would cost more than the reading.
	err := r.stmt.QueryRowContext(context.Background(), id).Scan(&checksum, &b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, damagedIndex("block %d is missing", id)
	}
	if err != nil {
		return nil, err
	}
	return b, block(b).check(id, checksum)
}

func (r *blockReader) close() error { return r.stmt.Close() }

// A cursor reads a segment from one end to the other.
type cursor struct {
	blocks    *blockReader
	next, end int64 // the blocks that are still to be read
	block     block // what is left of the one before
}

// head returns the entry that the cursor is at; false at the end.
func (c *cursor) head() (e entry, ok bool, err error) {
	if len(c.block) == 0 && c.next < c.end {
		if c.block, err = c.blocks.read(c.next); err != nil {
			return entry{}, false, err
		}
		c.next++
	}
	if len(c.block) == 0 {
		return entry{}, false, nil
	}
	return c.block.at(0), true, nil
}

// A blockWriter writes the blocks of a new segment, behind all others.
type blockWriter struct {
	ctx     context.Context
	insert  *sql.Stmt
	first   int64
	next    int64
	entries int64
	block   block
}

func newBlockWriter(ctx context.Context, tx *sql.Tx) (*blockWriter, error) {
	w := &blockWriter{ctx: ctx, block: make(block, 0, blockEntries*entrySize)}
	if err := tx.QueryRowContext(ctx, "select coalesce(max(id), 0) + 1 from people_blocks").Scan(&w.first); err != nil {
		return nil, err
	}
	w.next = w.first
	var err error
	w.insert, err = tx.PrepareContext(ctx, "insert into people_blocks (id, checksum, entries) values (?, ?, ?)")
	return w, err
}

func (w *blockWriter) add(e entry) error {
	w.block = w.block.add(e)
	w.entries++
	if w.block.len() < blockEntries {
		return nil
	}
	return w.flush()
}

func (w *blockWriter) flush() error {
	if len(w.block) == 0 {
		return nil
	}
	_, err := w.insert.ExecContext(w.ctx, w.next, w.block.checksum(w.next), []byte(w.block))
	w.next++
	w.block = w.block[:0]
	return err
}

func (w *blockWriter) segment(after, last int64) segment {
	return segment{after: after, last: last, firstBlock: w.first, blocks: w.next - w.first, entries: w.entries}
}
