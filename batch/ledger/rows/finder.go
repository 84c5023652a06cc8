package rows

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"bulkinvite/batch"
)

// A Match says that a request may name the key at a position.
type Match struct {
	at      int
	Request int64
}

// A Finder finds what the requests of a ledger say of the people of a base URL.
type Finder struct {
	RunID   int64 // the run that asks; 0 if none does
	BaseURL string
	Cache   *RequestCache
	Index   *Index
	db      Querier
	owners  Owners
}

// Open reads what is needed to find those of the requests of db up to lastRequest.
func (l *Finder) Open(ctx context.Context, db Querier, lastRequest int64) (err error) {
	l.db = db
	if l.Cache, err = NewRequestCache(ctx, db, lastRequest); err != nil {
		return err
	}
	l.Index, err = ReadIndex(ctx, db)
	return err
}

// NewFinder reads what a look-up needs that goes with no run, but for a base URL.
func NewFinder(ctx context.Context, db Querier) (*Finder, error) {
	l := &Finder{}
	err := l.Open(ctx, db, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	l.Cache.Tail, _, err = ReadBehind(ctx, db)
	return l, err
}

// ReadRequests bounds the requests that a look-up reads at once, by the memory
// that they take: some 20 KB each with 50 people.
const ReadRequests = 32

// Lookup implements batch.Lookuper. It does not wait for the writer.
func (l *Finder) Lookup(ctx context.Context, keys []batch.Key) ([]batch.Record, error) {
	records := make([]batch.Record, len(keys))
	if err := l.fill(ctx, records, keys); err != nil {
		return nil, fmt.Errorf("ledger: look up: %w", err)
	}
	return records, nil
}

// fill makes the records those of the keys.
func (l *Finder) fill(ctx context.Context, records []batch.Record, keys []batch.Key) error {
	found, err := l.find(ctx, keys)
	if err != nil || len(found) == 0 { // nothing is known of anybody, as it mostly is
		return err
	}
	folds := make([]Fold, len(keys))
	found = l.Cache.Shelf.serve(l.RunID, l.BaseURL, keys, found, folds)
	err = l.eachMatch(ctx, keys, found, func(at int, r *Request, p *Person) { folds[at].Add(l.RunID, r, p) })
	for i := range folds {
		records[i] = folds[i].Rec
	}
	return err
}

// Each calls f for each of the keys with a person who has it, in the order of
// their requests.
func (l *Finder) Each(ctx context.Context, keys []batch.Key, f func(at int, r *Request, p *Person)) error {
	found, err := l.find(ctx, keys)
	if err != nil {
		return err
	}
	return l.eachMatch(ctx, keys, found, f)
}

// eachMatch reads the requests of the matches, sorted by request, and calls f
// for each key at a position with a person who has it.
func (l *Finder) eachMatch(ctx context.Context, keys []batch.Key, found []Match, f func(at int, r *Request, p *Person)) error {
	for len(found) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		var ids []int64
		few := map[int64]bool{}
		left := found
		for len(left) > 0 && len(ids) < ReadRequests {
			first := ofFirst(left)
			ids, left = append(ids, first[0].Request), left[len(first):]
			few[first[0].Request] = len(first) <= fewPeople
		}
		requests, err := l.Cache.read(ids, few)
		if err != nil {
			return err
		}
		now := found[:len(found)-len(left)]
		if err := l.MatchPeople(keys, now, func(id int64) (*Request, error) { return requests[id], nil }, f); err != nil {
			return err
		}
		found = left
	}
	return nil
}

// ofFirst returns the matches of the first request.
func ofFirst(found []Match) []Match {
	n := 1
	for n < len(found) && found[n].Request == found[0].Request {
		n++
	}
	return found[:n]
}

// find returns the matches in index and tail, sorted by request.
func (l *Finder) find(ctx context.Context, keys []batch.Key) ([]Match, error) {
	hashes := HashAll(l.BaseURL, keys)
	found, err := l.FindIndexed(ctx, hashes)
	if err != nil {
		return nil, err
	}
	l.Cache.Lock()
	closed := l.Cache.closed
	if !closed {
		found = l.Cache.AddTail(found, hashes)
	}
	l.Cache.Unlock()
	if closed {
		return nil, ErrEnded
	}
	SortMatches(found)
	return found, nil
}

// FindIndexed returns the matches in the index.
func (l *Finder) FindIndexed(ctx context.Context, hashes []uint64) ([]Match, error) {
	if err := l.Cache.CheckOpen(); err != nil {
		return nil, err // the index is another one now
	}
	return l.Index.find(hashes), ctx.Err()
}

// AddTail adds the matches in the tail. The caller holds mu.
func (b *RequestCache) AddTail(found []Match, hashes []uint64) []Match {
	for i, h := range hashes {
		for request := range b.Tail.Requests(h) {
			found = append(found, Match{i, request})
		}
	}
	return found
}

// SortMatches sorts matches by request, and by the place of their key within one.
func SortMatches(found []Match) {
	slices.SortFunc(found, func(a, b Match) int {
		if a.Request != b.Request {
			return cmp.Compare(a.Request, b.Request)
		}
		return cmp.Compare(a.at, b.at)
	})
}

// MatchPeople calls f for the people in the requests of the matches, which are
// sorted by request, who have the keys. get returns a request by its number,
// nil if there is none.
func (l *Finder) MatchPeople(keys []batch.Key, found []Match, get func(id int64) (*Request, error),
	f func(at int, r *Request, p *Person)) error {
	var req *Request
	next := 0
	for _, m := range found {
		if req == nil || req.ID != m.Request {
			var err error
			if req, err = get(m.Request); err != nil {
				return err
			}
			if req == nil {
				return fmt.Errorf("%w: the index names request %d, which is missing", ErrDamaged, m.Request)
			}
			next = 0
		}
		k := &keys[m.at]
		at := -1
		if req.BaseURL == l.BaseURL && req.InterviewID == k.InterviewID {
			at = req.Find(k.Email, next)
		}
		if at < 0 {
			if err := l.checkStranger(req, k); err != nil {
				return err
			}
			continue
		}
		f(m.at, req, &req.People[at])
		next = at + 1
	}
	return nil
}

// checkStranger refuses a request that the index names for a key and that has
// nobody with the key's hash: it has changed since it was written, and whoever
// was in it would be invited again.
func (l *Finder) checkStranger(req *Request, k *batch.Key) error {
	hash, h := NewHasher(l.BaseURL).Short(*k), NewHasher(req.BaseURL)
	for _, email := range req.Emails {
		if h.Short(batch.Key{InterviewID: req.InterviewID, Email: email}) == hash {
			return nil
		}
	}
	return fmt.Errorf("%w: request %d is not as it was written", ErrDamaged, req.ID)
}
