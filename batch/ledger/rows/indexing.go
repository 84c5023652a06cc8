package rows

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"math"
)

// ReadIndex reads the index, and refuses one that is incomplete or not as it was
// written: the people in the missing part would be invited again. It takes a fifth
// of a second for ten million people.
func ReadIndex(ctx context.Context, db Querier) (*Index, error) {
	var size int
	if err := db.QueryRowContext(ctx, "select coalesce(sum(length(entries)), 0) from people").Scan(&size); err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `select after_request, last_request, part, parts, checksum, entries
		from people order by last_request, part`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var segments []segment
	all, next, of := make(people, 0, size), 0, 0
	for rows.Next() {
		var s segment
		var part, parts int
		var checksum int64
		var entries sql.RawBytes
		if err := rows.Scan(&s.after, &s.last, &part, &parts, &checksum, &entries); err != nil {
			return nil, err
		}
		if next == of && s.after == lastOf(segments) {
			segments, next, of = append(segments, s), 0, parts
		}
		if part != next || parts != of || s.last != lastOf(segments) || checksum != s.checksum(part, parts, entries) {
			return nil, damagedIndex("part %d of the people to request %d is not as it was written", part, s.last)
		}
		segments[len(segments)-1].entries += len(entries) / entrySize
		all = append(all, entries...)
		next++
	}
	if next < of {
		return nil, damagedIndex("part %d of the people to request %d is missing", next, lastOf(segments))
	}
	return newIndex(all, segments), rows.Err()
}

func damagedIndex(format string, args ...any) error {
	return fmt.Errorf("%w: in its index of people, %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// ReadBehind returns the people of the requests that the index lacks, and the
// last of these requests.
func ReadBehind(ctx context.Context, db Querier) (t *Tail, last int64, err error) {
	t = &Tail{}
	if err = db.QueryRowContext(ctx, "select coalesce(max(last_request), 0) from people").Scan(&t.Base); err != nil {
		return nil, 0, err
	}
	newest, err := LastRequest(ctx, db)
	if err != nil {
		return nil, 0, err
	}
	if newest < t.Base {
		return nil, 0, damagedIndex("request %d is known, but the newest one is %d", t.Base, newest)
	}
	if newest-t.Base > math.MaxUint32 || newest > maxRequest {
		return nil, 0, fmt.Errorf("%w: request %d cannot follow request %d", ErrDamaged, newest, t.Base)
	}
	for r, err := range States(ctx, db, "where r.id > ?", t.Base) {
		if err != nil {
			return nil, 0, err
		}
		h := NewHasher(r.BaseURL)
		for i := range r.Emails {
			t.Add(h.Short(r.Key(i)), r.ID)
		}
	}
	return t, newest, nil
}

// Repeated returns the hashes, see Hasher.Short, that several requests may have.
// Those of requests that the index lacks are among them in any case.
func Repeated(ctx context.Context, db Querier) (map[uint64]bool, error) {
	x, err := ReadIndex(ctx, db)
	if err != nil {
		return nil, err
	}
	behind, _, err := ReadBehind(ctx, db)
	if err != nil {
		return nil, err
	}
	repeated := map[uint64]bool{}
	for i := 1; i < x.Len(); i++ {
		if x.hash(i) == x.hash(i-1) {
			repeated[x.hash(i)] = true
		}
	}
	for e := range behind.drain() {
		repeated[e.hash] = true
	}
	return repeated, nil
}

// AddSegment adds to the ledger a segment with the tail's people, who are those
// of the requests behind the index, to last, and empties the tail. Segments that
// are not much larger than what comes behind them become a part of it, so that
// there are few, each more than twice as large as the next, and nobody is
// written again often. It is one transaction: what was there stays until all is
// written.
func AddSegment(ctx context.Context, db *sql.DB, x *Index, t *Tail, last int64) error {
	size, kept := t.len(), len(x.segments)
	for ; kept > 0 && x.segments[kept-1].entries <= 2*size; kept-- {
		size += x.segments[kept-1].entries
	}
	added := segment{after: lastOf(x.segments[:kept]), last: last, entries: size}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to do
	if _, err := tx.ExecContext(ctx, "delete from people where last_request > ?", added.after); err != nil {
		return err
	}
	if err := added.write(ctx, tx, x.joined(added.after, t)); err != nil {
		return err
	}
	return tx.Commit()
}

// joined yields those of the index whose requests are behind after, and the
// tail's, sorted, and empties the tail on the way.
func (x *Index) joined(after int64, t *Tail) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		next := 0
		if after == x.last() {
			next = x.Len()
		}
		older := func(to uint64) bool {
			for ; next < x.Len() && x.hash(next) <= to; next++ {
				if e := (entry{x.hash(next), x.request(next)}); e.request > after && !yield(e) {
					return false
				}
			}
			return true
		}
		for e := range t.drain() {
			if !older(e.hash) || !yield(e) {
				return
			}
		}
		older(math.MaxUint64)
	}
}

// partEntries is how many entries a row of the table has: some 64 KB.
const partEntries = 6400

// write writes a segment with its entries, in parts.
func (s *segment) write(ctx context.Context, tx *sql.Tx, entries iter.Seq[entry]) error {
	insert, err := tx.PrepareContext(ctx, `insert into people (after_request, last_request, part, parts, checksum, entries)
		values (?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	part, parts := 0, max((s.entries+partEntries-1)/partEntries, 1)
	room := make(people, 0, partEntries*entrySize)
	flush := func() error {
		_, err := insert.ExecContext(ctx, s.after, s.last, part, parts, s.checksum(part, parts, room), []byte(room))
		part, room = part+1, room[:0]
		return err
	}
	for e := range entries {
		if room = room.add(e); room.Len() == partEntries {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if part < parts {
		return flush()
	}
	return nil
}

// LastRequest returns the number of the last request, 0 if there is none.
func LastRequest(ctx context.Context, db Querier) (last int64, err error) {
	err = db.QueryRowContext(ctx, "select coalesce(max(id), 0) from requests").Scan(&last)
	return last, err
}
