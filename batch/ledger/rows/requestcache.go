package rows

import (
	"container/list"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// cachedPeople bounds the requests that are kept decoded, by the people in
// them: some 3 MB, and mostly more than what is under way at once.
const cachedPeople = 1 << 13

// ErrEnded is of all that is asked of a run after its end.
var ErrEnded = errors.New("ledger: the run has ended")

// A RequestCache is what a run knows of the requests in the ledger, with what is decided
// and not yet durable: if that is not written, the run is over for all.
type RequestCache struct {
	sync.Mutex
	Tail   *Tail                   // of this run
	cached map[int64]*list.Element // of *request
	recent *list.List              // the most recently used first
	people int                     // in cached
	pinned map[int64]int           // those in cached that are not on the disk as they are there
	closed bool

	Shelf    *shelf
	requests *sql.Stmt // by a JSON array of their numbers
}

// NewRequestCache returns a cache of the requests of db, which has those up to
// lastRequest and none later.
func NewRequestCache(ctx context.Context, db Querier, lastRequest int64) (*RequestCache, error) {
	b := &RequestCache{
		Tail: &Tail{Base: lastRequest}, cached: map[int64]*list.Element{}, recent: list.New(), pinned: map[int64]int{},
		Shelf: newShelf(lastRequest),
	}
	var err error
	b.requests, err = db.PrepareContext(ctx, selectRequests+ByID+inOrder)
	return b, err
}

// Close ends the use of the cache, and returns its tail for the index.
func (b *RequestCache) Close() *Tail {
	b.Lock()
	defer b.Unlock()
	t := b.Tail
	b.closed = true
	b.Tail, b.cached, b.recent, b.people = nil, nil, nil, 0
	b.Shelf.Close()
	return t
}

// CheckOpen refuses a cache that is closed.
func (b *RequestCache) CheckOpen() error {
	b.Lock()
	defer b.Unlock()
	if b.closed {
		return ErrEnded
	}
	return nil
}

// Get returns a request of the ledger; nil if there is none of this number.
// The caller holds mu, and lets go of the request before mu.
func (b *RequestCache) Get(id int64) (*Request, error) {
	if e := b.cached[id]; e != nil {
		b.recent.MoveToFront(e)
		return e.Value.(*Request), nil
	}
	var r *Request
	err := b.load([]int64{id}, func(found *Request) { r = found })
	if err == nil && r != nil {
		b.Keep(r)
	}
	return r, err
}

// Keep takes a request into the cache, and old ones out. The caller holds mu.
func (b *RequestCache) Keep(r *Request) {
	r.Answers = nil
	b.cached[r.ID] = b.recent.PushFront(r)
	b.people += len(r.People)
	for e := b.recent.Back(); b.people > cachedPeople && e != b.recent.Front(); {
		old, newer := e.Value.(*Request), e.Prev()
		if b.pinned[old.ID] == 0 {
			b.recent.Remove(e)
			delete(b.cached, old.ID)
			b.people -= len(old.People)
		}
		e = newer
	}
}

// Pin keeps a request in the cache until it is unpinned as often: the database
// does not have it as it is yet. The caller holds mu.
func (b *RequestCache) Pin(id int64) { b.pinned[id]++ }

// Unpin ends a Pin: the database has the request now. The caller holds mu.
func (b *RequestCache) Unpin(id int64) {
	if b.pinned[id]--; b.pinned[id] == 0 {
		delete(b.pinned, id)
	}
}

// read returns requests of the ledger by their numbers, as they are now: the
// caller need not hold mu, and later answers do not change them. Those that are
// read for few of their people may be put on the shelf.
func (b *RequestCache) read(ids []int64, few map[int64]bool) (map[int64]*Request, error) {
	requests := make(map[int64]*Request, len(ids))
	missing := make([]int64, 0, len(ids))
	b.Lock()
	for _, id := range ids {
		if e := b.cached[id]; e != nil {
			requests[id] = e.Value.(*Request).clone()
		} else {
			missing = append(missing, id)
		}
	}
	b.Unlock()
	err := b.load(missing, func(r *Request) {
		requests[r.ID] = r
		if few[r.ID] {
			b.Shelf.put(r)
		}
	})
	return requests, err
}

// load calls f for the requests with these numbers. It does not heed a
// context: it is short, and the writer calls it for all that wait.
func (b *RequestCache) load(ids []int64, f func(*Request)) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := b.requests.QueryContext(context.Background(), Numbers(ids))
	if err != nil {
		return fmt.Errorf("read requests: %w", err)
	}
	for r, err := range EachRequest(rows) {
		if err != nil {
			return err
		}
		f(r)
	}
	return nil
}
