package ledger

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"bulkinvite/batch"
)

// A match says that a request may name the key at a position.
type match struct {
	at      int
	request int64
}

// A lookup finds what the requests of a ledger say of the people of a base URL.
type lookup struct {
	id    int64 // the run that asks; 0 if none does
	base  string
	book  *book
	index *index
}

// newLookup reads what a look-up needs that goes with no run, but for a base URL.
func newLookup(ctx context.Context, db querier) (*lookup, error) {
	l := &lookup{}
	var err error
	if l.index, err = readIndex(ctx, db); err != nil {
		return nil, err
	}
	if l.book, err = newBook(ctx, db, math.MaxInt64); err != nil {
		return nil, err
	}
	l.book.tail, _, err = readBehind(ctx, db)
	return l, err
}

// readRequests bounds the requests that a look-up reads at once, by the memory
// that they take: some 20 KB each with 50 people.
const readRequests = 32

// Lookup implements batch.Lookuper. It does not wait for the writer.
func (l *lookup) Lookup(ctx context.Context, keys []batch.Key) ([]batch.Record, error) {
	records, err := l.records(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("ledger: look up: %w", err)
	}
	return records, nil
}

func (l *lookup) records(ctx context.Context, keys []batch.Key) ([]batch.Record, error) {
	found, err := l.findAll(ctx, hashAll(l.base, keys))
	records := make([]batch.Record, len(keys))
	if err != nil || len(found) == 0 { // nothing is known of anybody, as it mostly is
		return records, err
	}
	folds := make([]fold, len(keys))
	found = l.book.shelf.serve(l.id, l.base, keys, found, folds)
	err = l.eachMatch(ctx, keys, found, func(at int, r *request, p *person) { folds[at].add(l.id, r, p) })
	if err != nil {
		return nil, err
	}
	for i := range folds {
		records[i] = folds[i].rec
	}
	return records, nil
}

// eachMatch reads the requests of the matches, sorted by request, and calls f
// for each key at a position with a person who has it.
func (l *lookup) eachMatch(ctx context.Context, keys []batch.Key, found []match, f func(at int, r *request, p *person)) error {
	for len(found) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		var ids []int64
		few := map[int64]bool{}
		left := found
		for len(left) > 0 && len(ids) < readRequests {
			first := ofFirst(left)
			ids, left = append(ids, first[0].request), left[len(first):]
			few[first[0].request] = len(first) <= fewPeople
		}
		requests, err := l.book.read(ids, few)
		if err != nil {
			return err
		}
		now := found[:len(found)-len(left)]
		if err := l.matchPeople(keys, now, func(id int64) (*request, error) { return requests[id], nil }, f); err != nil {
			return err
		}
		found = left
	}
	return nil
}

// ofFirst returns the matches of the first request.
func ofFirst(found []match) []match {
	n := 1
	for n < len(found) && found[n].request == found[0].request {
		n++
	}
	return found[:n]
}

// findAll returns the matches in index and tail, sorted by request.
func (l *lookup) findAll(ctx context.Context, hashes []uint64) ([]match, error) {
	found, err := l.findIndexed(ctx, hashes)
	if err != nil {
		return nil, err
	}
	l.book.Lock()
	closed := l.book.closed
	if !closed {
		found = l.book.addTail(found, hashes)
	}
	l.book.Unlock()
	if closed {
		return nil, errEnded
	}
	sortMatches(found)
	return found, nil
}

// findIndexed returns the matches in the index.
func (l *lookup) findIndexed(ctx context.Context, hashes []uint64) ([]match, error) {
	if err := l.book.checkOpen(); err != nil {
		return nil, err // the index is another one now
	}
	return l.index.find(hashes), ctx.Err()
}

// addTail adds the matches in the tail. The caller holds mu.
func (b *book) addTail(found []match, hashes []uint64) []match {
	for i, h := range hashes {
		for request := range b.tail.requests(h) {
			found = append(found, match{i, request})
		}
	}
	return found
}

func sortMatches(found []match) {
	slices.SortFunc(found, func(a, b match) int {
		if a.request != b.request {
			return cmp.Compare(a.request, b.request)
		}
		return cmp.Compare(a.at, b.at)
	})
}

// matchPeople calls f for the people in the requests of the matches, which are
// sorted by request, who have the keys. get returns a request by its number,
// nil if there is none.
func (l *lookup) matchPeople(keys []batch.Key, found []match, get func(id int64) (*request, error),
	f func(at int, r *request, p *person)) error {
	var req *request
	next := 0
	for _, m := range found {
		if req == nil || req.id != m.request {
			var err error
			if req, err = get(m.request); err != nil {
				return err
			}
			if req == nil {
				return fmt.Errorf("%w: the index names request %d, which is missing", errDamaged, m.request)
			}
			next = 0
		}
		k := &keys[m.at]
		at := -1
		if req.baseURL == l.base && req.interviewID == k.InterviewID {
			at = req.find(k.Email, next)
		}
		if at < 0 {
			if err := l.checkStranger(req, k); err != nil {
				return err
			}
			continue
		}
		f(m.at, req, &req.people[at])
		next = at + 1
	}
	return nil
}

// checkStranger refuses a request that the index names for a key and that has
// nobody with the key's hash: it has changed since it was written, and whoever
// was in it would be invited again.
func (l *lookup) checkStranger(req *request, k *batch.Key) error {
	hash, h := newHasher(l.base).short(*k), newHasher(req.baseURL)
	for _, email := range req.emails {
		if h.short(batch.Key{InterviewID: req.interviewID, Email: email}) == hash {
			return nil
		}
	}
	return fmt.Errorf("%w: request %d is not as it was written", errDamaged, req.id)
}
