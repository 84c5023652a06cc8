package ledger

import (
	"container/list"
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// cachedPeople bounds the requests that are kept decoded, by the people in
// them: some 10 MB, and several times what can be under way at once.
const cachedPeople = 1 << 15

// A book is what a run knows of the requests in the ledger. It shows what is
// committed and nothing else.
type book struct {
	mu     sync.Mutex
	tail   *tail                   // of this run
	cached map[int64]*list.Element // of *request
	recent *list.List              // the most recently used first
	people int                     // in cached
	closed bool

	request *sql.Stmt
}

func newBook(ctx context.Context, db *sql.DB, lastRequest int64) (*book, error) {
	b := &book{tail: &tail{base: lastRequest}, cached: map[int64]*list.Element{}, recent: list.New()}
	var err error
	b.request, err = db.PrepareContext(ctx, selectRequests+" where r.id = ? order by a.id")
	return b, err
}

// close ends the use of the book, and returns its tail for the index.
func (b *book) close() *tail {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tail
	b.closed = true
	b.tail, b.cached, b.recent, b.people = nil, nil, nil, 0
	return t
}

// get returns a request of the ledger; nil if there is none of this number.
// The caller holds mu, and lets go of the request before mu.
func (b *book) get(id int64) (*request, error) {
	if e := b.cached[id]; e != nil {
		b.recent.MoveToFront(e)
		return e.Value.(*request), nil
	}
	r, err := b.load(id)
	if err != nil {
		return nil, fmt.Errorf("read request %d: %w", id, err)
	}
	if r != nil {
		b.keep(r)
	}
	return r, nil
}

// keep takes a request into the cache, and old ones out. The caller holds mu.
func (b *book) keep(r *request) {
	b.cached[r.id] = b.recent.PushFront(r)
	for b.people += len(r.people); b.people > cachedPeople && b.recent.Len() > 1; {
		old := b.recent.Remove(b.recent.Back()).(*request)
		delete(b.cached, old.id)
		b.people -= len(old.people)
	}
}

// load reads a request. It does not heed a context: it is short, and the
// writer calls it for all that wait.
func (b *book) load(id int64) (r *request, err error) {
	rows, err := b.request.QueryContext(context.Background(), id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	err = scanRequests(rows, func(found *request) { r = found })
	return r, err
}
