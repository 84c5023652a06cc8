package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bulkinvite/batch"
)

// indexPortion bounds the people who are indexed in one transaction, by the
// memory that sorting them takes: 16 bytes each.
const indexPortion = 1 << 19

// insertRows is the number of rows in one insert into the index.
const insertRows = 128

// An entry is a row of the index.
type entry struct {
	hash    int64
	request int64
}

// indexPeople brings the index up to date: it adds the people of all requests
// behind the last one that it has. They are sorted first, so that each page of
// the index is written once. No run may be writing.
func (s *Store) indexPeople(ctx context.Context) error {
	for {
		entries, last, err := s.unindexed(ctx)
		if err != nil {
			return fmt.Errorf("index: %w", err)
		}
		if len(entries) == 0 {
			return nil
		}
		slices.SortFunc(entries, func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.request, b.request))
		})
		if err := s.addEntries(ctx, entries, last); err != nil {
			return fmt.Errorf("index: %w", err)
		}
	}
}

// unindexed returns the entries of the first requests that the index lacks, and
// the last of these requests.
func (s *Store) unindexed(ctx context.Context) (entries []entry, last int64, err error) {
	rows, err := s.write.QueryContext(ctx, `select r.id, u.base_url, r.interview_id, r.people
		from requests r join runs u on u.id = r.run_id
		where r.id > (select request_id from people_upto) order by r.id`)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var h *hasher
	var hashed string // the base URL of h
	for rows.Next() && len(entries) < indexPortion {
		var baseURL, interviewID, people string
		if err := rows.Scan(&last, &baseURL, &interviewID, &people); err != nil {
			return nil, 0, err
		}
		if h == nil || baseURL != hashed {
			h, hashed = newHasher(baseURL), baseURL
		}
		emails, err := parseTexts(people)
		if err != nil {
			return nil, 0, err
		}
		for _, email := range emails {
			hash := h.hash(batch.Key{InterviewID: interviewID, Email: email})
			entries = append(entries, entry{int64(hash), last})
		}
	}
	return entries, last, rows.Err()
}

// addEntries writes entries, and that the index has all requests to last.
func (s *Store) addEntries(ctx context.Context, entries []entry, last int64) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to do
	for size := insertRows; len(entries) > 0; size = 1 {
		if entries, err = insertEntries(ctx, tx, entries, size); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "update people_upto set request_id = ?", last); err != nil {
		return err
	}
	return tx.Commit()
}

// insertEntries writes entries by size rows at a time, and returns those that
// are left over. Two people with one hash in a request are one entry.
func insertEntries(ctx context.Context, tx *sql.Tx, entries []entry, size int) ([]entry, error) {
	insert, err := tx.PrepareContext(ctx, "insert or ignore into people (hash, request_id) values "+
		strings.TrimSuffix(strings.Repeat("(?, ?),", size), ","))
	if err != nil {
		return nil, err
	}
	defer insert.Close()
	args := make([]any, 2*size)
	for ; len(entries) >= size; entries = entries[size:] {
		for i, e := range entries[:size] {
			args[2*i], args[2*i+1] = e.hash, e.request
		}
		if _, err := insert.ExecContext(ctx, args...); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// An indexReader asks the index, which does not change while it is used.
type indexReader struct {
	empty bool
	small *sql.Stmt // of smallBlock hashes: a chunk
	large *sql.Stmt // of largeBlock hashes
}

const (
	smallBlock = 64
	largeBlock = 1024
)

func newIndexReader(ctx context.Context, db *sql.DB) (*indexReader, error) {
	x := &indexReader{}
	if err := db.QueryRowContext(ctx, "select not exists (select * from people)").Scan(&x.empty); err != nil {
		return nil, err
	}
	var err, err2 error
	x.small, err = prepareFind(ctx, db, smallBlock)
	x.large, err2 = prepareFind(ctx, db, largeBlock)
	return x, errors.Join(err, err2)
}

func prepareFind(ctx context.Context, db *sql.DB, size int) (*sql.Stmt, error) {
	return db.PrepareContext(ctx, "select hash, request_id from people where hash in ("+
		strings.TrimSuffix(strings.Repeat("?,", size), ",")+")")
}

// find returns the requests that may name the keys with these hashes, which it
// sorts: neighbours in the index are then asked for together, and most pages
// are read once.
func (x *indexReader) find(ctx context.Context, hashes []keyHash) (found []match, err error) {
	slices.SortFunc(hashes, func(a, b keyHash) int { return cmp.Compare(a.hash, b.hash) })
	for len(hashes) > 0 {
		stmt, size := x.large, largeBlock
		if len(hashes) <= 4*smallBlock {
			stmt, size = x.small, smallBlock
		}
		block := hashes[:min(size, len(hashes))]
		if found, err = findBlock(ctx, stmt, size, block, found); err != nil {
			return nil, err
		}
		hashes = hashes[len(block):]
	}
	return found, nil
}

// A keyHash is the hash of the key at a position.
type keyHash struct {
	hash int64
	at   int
}

// findBlock asks for at most size hashes; the last one fills up the rest.
func findBlock(ctx context.Context, stmt *sql.Stmt, size int, block []keyHash, found []match) ([]match, error) {
	args := make([]any, size)
	for i := range args {
		args[i] = block[min(i, len(block)-1)].hash
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e entry
		if err := rows.Scan(&e.hash, &e.request); err != nil {
			return nil, err
		}
		i, _ := slices.BinarySearchFunc(block, e.hash, func(k keyHash, hash int64) int { return cmp.Compare(k.hash, hash) })
		for ; i < len(block) && block[i].hash == e.hash; i++ {
			found = append(found, match{block[i].at, e.request})
		}
	}
	return found, rows.Err()
}
