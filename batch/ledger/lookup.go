package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"bulkinvite/batch"
)

// A match says that a request may name the key at a position.
type match struct {
	at      int
	request int64
}

// Lookup implements batch.Ledger. It does not wait for the writer.
func (r *Run) Lookup(ctx context.Context, keys []batch.Key) ([]batch.Record, error) {
	hashes := hashAll(r.base, keys)
	found, err := r.findIndexed(ctx, hashes)
	if err != nil {
		return nil, fmt.Errorf("ledger: look up: %w", err)
	}
	r.book.mu.Lock()
	closed := r.book.closed
	if !closed {
		found = r.book.withTail(found, hashes)
	}
	r.book.mu.Unlock()
	if closed {
		return nil, errEnded
	}
	folds := make([]fold, len(keys))
	for len(found) > 0 { // in pieces, so that the writer gets its turn
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		piece := found[:min(len(found), 100)]
		found = found[len(piece):]
		r.book.mu.Lock()
		err := r.foldMatches(folds, keys, piece)
		r.book.mu.Unlock()
		if err != nil {
			return nil, fmt.Errorf("ledger: look up: %w", err)
		}
	}
	records := make([]batch.Record, len(keys))
	for i := range folds {
		records[i] = folds[i].rec
	}
	return records, nil
}

// findIndexed returns the matches in the index.
func (r *Run) findIndexed(ctx context.Context, hashes []uint64) ([]match, error) {
	r.book.mu.Lock()
	closed := r.book.closed
	r.book.mu.Unlock()
	if closed {
		return nil, errEnded // the index is another one now
	}
	return r.index.find(ctx, hashes)
}

// withTail adds the matches in the tail, and sorts all by request. The caller
// holds mu.
func (b *book) withTail(found []match, hashes []uint64) []match {
	for i, h := range hashes {
		for request := range b.tail.requests(h) {
			found = append(found, match{i, request})
		}
	}
	slices.SortFunc(found, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.request, b.request), cmp.Compare(a.at, b.at))
	})
	return found
}

// foldAll says what is known of each key. The caller holds the book's mu.
func (r *Run) foldAll(keys []batch.Key, found []match) ([]fold, error) {
	folds := make([]fold, len(keys))
	return folds, r.foldMatches(folds, keys, found)
}

// foldMatches adds what the matches, sorted by request, say of the keys. The
// caller holds the book's mu.
func (r *Run) foldMatches(folds []fold, keys []batch.Key, found []match) error {
	var req *request
	next := 0
	for _, m := range found {
		if req == nil || req.id != m.request {
			var err error
			if req, err = r.book.get(m.request); err != nil {
				return err
			}
			if req == nil {
				return fmt.Errorf("the index names request %d, which is missing: the ledger is damaged", m.request)
			}
			next = 0
		}
		k := &keys[m.at]
		if req.baseURL != r.base || req.interviewID != k.InterviewID {
			continue
		}
		if at := req.find(k.Email, next); at >= 0 {
			folds[m.at].add(r.id, req, &req.people[at])
			next = at + 1
		}
	}
	return nil
}
