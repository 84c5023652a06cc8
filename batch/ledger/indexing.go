package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"math"

	"bulkinvite/batch"
)

// indexPortion bounds the people who are indexed at once after a run that died,
// by the memory that sorting them takes: some 11 MB.
const indexPortion = 1 << 20

// indexPeople brings the index up to date after a run that died: it adds the
// people of all requests behind the last one that it has. No run may be
// writing.
func (s *Store) indexPeople(ctx context.Context) error {
	for {
		t, last, err := s.unindexed(ctx)
		if err != nil {
			return fmt.Errorf("index: %w", err)
		}
		if last == t.base {
			return nil
		}
		if err := s.addSegment(ctx, t, last); err != nil {
			return fmt.Errorf("index: %w", err)
		}
	}
}

// unindexed returns the people of the first requests that the index lacks, and
// the last of these requests.
func (s *Store) unindexed(ctx context.Context) (t *tail, last int64, err error) {
	segments, err := readSegments(ctx, s.read)
	if err != nil {
		return nil, 0, err
	}
	return readBehind(ctx, s.write, indexed(segments), indexPortion)
}

// readBehind returns the people of the requests behind base until there are so
// many, and the last of these requests.
func readBehind(ctx context.Context, db querier, base int64, people int) (t *tail, last int64, err error) {
	t = &tail{base: base}
	newest, err := lastRequest(ctx, db)
	if err != nil {
		return nil, 0, err
	}
	if newest < t.base {
		return nil, 0, damagedIndex("request %d is known, but the newest one is %d", t.base, newest)
	}
	if newest-t.base > math.MaxUint32 || newest > maxRequest {
		return nil, 0, fmt.Errorf("%w: request %d cannot follow request %d", errDamaged, newest, t.base)
	}
	last, err = readPeople(ctx, db, t, people)
	return t, last, err
}

// readPeople adds the people of the requests behind the tail's base until there
// are so many, and returns the last of these requests.
func readPeople(ctx context.Context, db querier, t *tail, most int) (last int64, err error) {
	rows, err := db.QueryContext(ctx, `select r.id, u.base_url, r.interview_id, r.people
		from requests r join runs u on u.id = r.run_id where r.id > ? order by r.id`, t.base)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var h *hasher
	var hashed string // the base URL of h
	last = t.base
	for people := 0; people < most && rows.Next(); {
		var baseURL, interviewID, texts string
		if err := rows.Scan(&last, &baseURL, &interviewID, &texts); err != nil {
			return 0, err
		}
		if h == nil || baseURL != hashed {
			h, hashed = newHasher(baseURL), baseURL
		}
		emails, err := parseTexts(texts)
		if err != nil {
			return 0, fmt.Errorf("request %d: %w", last, err)
		}
		for _, email := range emails {
			t.add(h.short(batch.Key{InterviewID: interviewID, Email: email}), last)
		}
		people += len(emails)
	}
	return last, rows.Err()
}

// addSegment adds a segment with the tail's people, who are those of the
// requests behind its base, to last, and empties the tail. Segments that are
// not much larger than what comes behind them are merged with it, so that
// there are few of them, each at least twice as large as the next, and nobody
// is written again often. It is one transaction: what was there stays until
// all is written.
func (s *Store) addSegment(ctx context.Context, t *tail, last int64) error {
	segments, err := readSegments(ctx, s.read)
	if err != nil {
		return err
	}
	size, kept := int64(t.len()), len(segments)
	for ; kept > 0 && segments[kept-1].entries <= 2*size; kept-- {
		size += segments[kept-1].entries
	}
	merged := segments[kept:]
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to do
	w, err := newBlockWriter(ctx, tx)
	if err != nil {
		return err
	}
	if err := s.merge(ctx, w, t.drain(), merged); err != nil {
		return err
	}
	if err := replaceSegments(ctx, tx, merged, w.segment(indexed(segments[:kept]), last)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return s.checkpoint(ctx)
}

// merge writes the newest entries and those of older segments, sorted.
func (s *Store) merge(ctx context.Context, w *blockWriter, newest iter.Seq[entry], older []segment) error {
	blocks, err := newBlockReader(ctx, s.read)
	if err != nil {
		return err
	}
	defer blocks.close()
	cursors := make([]*cursor, len(older))
	for i := range older {
		cursors[i] = &cursor{blocks: blocks, next: older[i].firstBlock, end: older[i].endBlock()}
	}
	for e := range newest {
		if err := copyBelow(w, cursors, e); err != nil {
			return err
		}
		if err := w.add(e); err != nil {
			return err
		}
	}
	if err := copyBelow(w, cursors, entry{hash: math.MaxUint64}); err != nil {
		return err
	}
	return w.flush()
}

// copyBelow writes the cursors' entries that are less than limit, sorted.
func copyBelow(w *blockWriter, cursors []*cursor, limit entry) error {
	for {
		var least *cursor
		below := limit
		for _, c := range cursors {
			e, ok, err := c.head()
			if err != nil {
				return err
			}
			if ok && e.less(below) {
				least, below = c, e
			}
		}
		if least == nil {
			return nil
		}
		if err := w.add(below); err != nil {
			return err
		}
		least.block = least.block[entrySize:]
	}
}

// replaceSegments writes a segment, whose blocks are written, and takes out
// those that were merged into it.
func replaceSegments(ctx context.Context, tx *sql.Tx, merged []segment, s segment) error {
	for i := range merged {
		m := &merged[i]
		if _, err := tx.ExecContext(ctx, "delete from people_blocks where id >= ? and id < ?", m.firstBlock, m.endBlock()); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "delete from people_segments where last_request = ?", m.last); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `insert into people_segments (after_request, last_request, first_block, block_count, entry_count)
		values (?, ?, ?, ?, ?)`, s.after, s.last, s.firstBlock, s.blocks, s.entries)
	return err
}
