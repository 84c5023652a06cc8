package ledger

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

// errEnded is of all that is asked of a run after its end.
var errEnded = errors.New("ledger: the run has ended")

// A book is what a run knows of the requests in the ledger, with what is decided
// and not yet durable: if that is not written, the run is over for all.
type book struct {
	sync.Mutex
	tail   *tail                   // of this run
	cached map[int64]*list.Element // of *request
	recent *list.List              // the most recently used first
	people int                     // in cached
	pinned map[int64]int           // those in cached that are not on the disk as they are there
	closed bool

	shelf    *shelf
	requests *sql.Stmt // by a JSON array of their numbers
}

func newBook(ctx context.Context, db querier, lastRequest int64) (*book, error) {
	b := &book{
		tail: &tail{base: lastRequest}, cached: map[int64]*list.Element{}, recent: list.New(), pinned: map[int64]int{},
		shelf: newShelf(lastRequest),
	}
	var err error
	b.requests, err = db.PrepareContext(ctx, selectRequests+byID+inOrder)
	return b, err
}

// close ends the use of the book, and returns its tail for the index.
func (b *book) close() *tail {
	b.Lock()
	defer b.Unlock()
	t := b.tail
	b.closed = true
	b.tail, b.cached, b.recent, b.people = nil, nil, nil, 0
	b.shelf.close()
	return t
}

// checkOpen refuses a book that is closed.
func (b *book) checkOpen() error {
	b.Lock()
	defer b.Unlock()
	if b.closed {
		return errEnded
	}
	return nil
}

// get returns a request of the ledger; nil if there is none of this number.
// The caller holds mu, and lets go of the request before mu.
func (b *book) get(id int64) (*request, error) {
	if e := b.cached[id]; e != nil {
		b.recent.MoveToFront(e)
		return e.Value.(*request), nil
	}
	var r *request
	err := b.load([]int64{id}, func(found *request) { r = found })
	if err == nil && r != nil {
		b.keep(r)
	}
	return r, err
}

// keep takes a request into the cache, and old ones out. The caller holds mu.
func (b *book) keep(r *request) {
	r.answers = nil
	b.cached[r.id] = b.recent.PushFront(r)
	b.people += len(r.people)
	for e := b.recent.Back(); b.people > cachedPeople && e != b.recent.Front(); {
		old, newer := e.Value.(*request), e.Prev()
		if b.pinned[old.id] == 0 {
			b.recent.Remove(e)
			delete(b.cached, old.id)
			b.people -= len(old.people)
		}
		e = newer
	}
}

// pin keeps a request in the cache until it is unpinned as often: the database
// does not have it as it is yet. The caller holds mu.
func (b *book) pin(id int64) { b.pinned[id]++ }

func (b *book) unpin(id int64) {
	if b.pinned[id]--; b.pinned[id] == 0 {
		delete(b.pinned, id)
	}
}

// read returns requests of the ledger by their numbers, as they are now: the
// caller need not hold mu, and later answers do not change them. Those that are
// read for few of their people may be put on the shelf.
func (b *book) read(ids []int64, few map[int64]bool) (map[int64]*request, error) {
	requests := make(map[int64]*request, len(ids))
	missing := make([]int64, 0, len(ids))
	b.Lock()
	for _, id := range ids {
		if e := b.cached[id]; e != nil {
			requests[id] = e.Value.(*request).clone()
		} else {
			missing = append(missing, id)
		}
	}
	b.Unlock()
	err := b.load(missing, func(r *request) {
		requests[r.id] = r
		if few[r.id] {
			b.shelf.put(r)
		}
	})
	return requests, err
}

// load calls f for the requests with these numbers. It does not heed a
// context: it is short, and the writer calls it for all that wait.
func (b *book) load(ids []int64, f func(*request)) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := b.requests.QueryContext(context.Background(), numbers(ids))
	if err != nil {
		return fmt.Errorf("read requests: %w", err)
	}
	for r, err := range eachRequest(rows) {
		if err != nil {
			return err
		}
		f(r)
	}
	return nil
}
