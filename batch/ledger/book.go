package ledger

import (
	"container/list"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// cachedPeople bounds the requests that are kept decoded, by the people in
// them: some 10 MB, and several times what can be under way at once.
const cachedPeople = 1 << 15

// A book is what a run knows of the requests in the ledger. It shows what is
// committed and nothing else.
type book struct {
	mu     sync.Mutex
	tail   tail
	cached map[int64]*list.Element // of *request
	recent *list.List              // the most recently used first
	people int                     // in cached

	request *sql.Stmt
	answers *sql.Stmt
}

func newBook(ctx context.Context, db *sql.DB, lastRequest int64) (*book, error) {
	b := &book{cached: map[int64]*list.Element{}, recent: list.New()}
	b.tail.base = lastRequest
	var err error
	b.request, err = db.PrepareContext(ctx, `select r.run_id, u.base_url, r.interview_id, r.kind, r.claimed_at, r.people
		from requests r join runs u on u.id = r.run_id where r.id = ?`)
	if err != nil {
		return nil, err
	}
	b.answers, err = db.PrepareContext(ctx, "select id, run_id, people from answers where request_id = ? order by id")
	return b, err
}

// get returns a request of the ledger; nil if there is none of this number.
// The caller holds mu, and lets go of the request before mu.
func (b *book) get(id int64) (*request, error) {
	if e := b.cached[id]; e != nil {
		b.recent.MoveToFront(e)
		return e.Value.(*request), nil
	}
	r, err := b.load(id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read request %d: %w", id, err)
	}
	b.keep(r)
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
func (b *book) load(id int64) (*request, error) {
	r := &request{id: id}
	var claimedAt int64
	var people string
	err := b.request.QueryRow(id).Scan(&r.runID, &r.baseURL, &r.interviewID, &r.kind, &claimedAt, &people)
	if err != nil {
		return nil, err
	}
	r.claimedAt = time.UnixMicro(claimedAt).UTC()
	if err := r.joinAll(people); err != nil {
		return nil, err
	}
	return r, b.loadAnswers(r)
}

func (b *book) loadAnswers(r *request) error {
	rows, err := b.answers.Query(r.id)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, run int64
		var people string
		if err := rows.Scan(&id, &run, &people); err != nil {
			return err
		}
		outcomes, err := parseOutcomes(people)
		if err != nil {
			return err
		}
		if err := r.apply(id, run, outcomes); err != nil {
			return err
		}
	}
	return rows.Err()
}
