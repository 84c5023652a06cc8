package pgledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// A named is somebody in a request.
type named struct {
	at      int // of the key that was asked for
	request rows.Request
	person  rows.Person
	handed  bool // its run leaves it at not knowing
}

// A personRow is where a person is read from personColumns.
type personRow struct {
	rows.Person
	state         string
	mark, id, url []byte
}

const personColumns = "p.state, p.by_run, p.since, p.mark, p.candidate_id, p.id_from, p.invite_url, p.url_from"

func (r *personRow) columns() []any {
	return []any{&r.state, &r.By, &r.Since, &r.mark, &r.id, &r.IDFrom, &r.url, &r.URLFrom}
}

// person returns who was read last.
func (r *personRow) person() rows.Person {
	p := r.Person
	p.State, p.Mark, p.CandidateID, p.InviteURL = batch.State(r.state), string(r.mark), string(r.id), string(r.url)
	return p
}

const selectNamed = `select k.at, r.id, r.run_id, r.left_at is not null, r.kind, r.job_application_id, r.claimed_at, ` + personColumns + `
	from unnest($1::int[], $2::bytea[]) with ordinality k(interview, email, at)
	join bulkinvite.people p on p.interview = k.interview and p.email = k.email
	join bulkinvite.requests r on r.id = p.request_id
	order by r.id`

// A querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// eachNamed calls f for every request that names one of the keys, in the order of
// their numbers.
func (r *Run) eachNamed(ctx context.Context, q querier, keys []batch.Key, f func(*named)) error {
	interviews, err := r.findInterviews(ctx, q, keys)
	if err != nil {
		return err
	}
	emails := make([][]byte, len(keys))
	for i := range keys {
		emails[i] = []byte(keys[i].Email)
	}
	found, err := q.Query(ctx, selectNamed, interviews, emails)
	if err != nil {
		return err
	}
	var n named
	var p personRow
	var kind string
	var at, claimedAt int64
	var application []byte
	req := &n.request
	columns := append([]any{&at, &req.ID, &req.RunID, &n.handed, &kind, &application, &claimedAt}, p.columns()...)
	_, err = pgx.ForEachRow(found, columns, func() error {
		n.at, n.person = int(at)-1, p.person()
		req.Kind, req.Application, req.ClaimedAt = batch.Kind(kind), string(application), r.local(claimedAt)
		f(&n)
		return nil
	})
	return err
}

// Lookup implements batch.Lookuper.
func (r *Run) Lookup(ctx context.Context, keys []batch.Key) ([]batch.Record, error) {
	var people []known
	err := r.do(ctx, "look up", func(ctx context.Context, c *pgx.Conn, _ bool) error {
		people = make([]known, len(keys))
		err := r.eachNamed(ctx, c, keys, func(n *named) { people[n.at].add(r.id, n) })
		if err != nil {
			return err
		}
		return r.placeOthers(ctx, c, people)
	})
	if err != nil {
		return nil, err
	}
	records := make([]batch.Record, len(keys))
	for i := range people {
		records[i] = people[i].Rec
	}
	return records, nil
}

// findInterviews returns the numbers of the keys' interviews, 0 for those that the
// ledger does not know.
func (r *Run) findInterviews(ctx context.Context, q querier, keys []batch.Key) ([]int32, error) {
	numbers := make([]int32, len(keys))
	unknown := map[string]bool{}
	r.mu.Lock()
	for i := range keys {
		id := keys[i].InterviewID
		if numbers[i] = r.interviews[id]; numbers[i] == 0 {
			unknown[id] = true
		}
	}
	r.mu.Unlock()
	if len(unknown) == 0 {
		return numbers, nil
	}
	var ids [][]byte
	for id := range unknown {
		ids = append(ids, []byte(id))
	}
	found, err := q.Query(ctx, "select interview_id, id from bulkinvite.interviews where base_url = $1 and interview_id = any($2)", r.info.BaseURL, ids)
	if err != nil {
		return nil, err
	}
	var id []byte
	var n int32
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err = pgx.ForEachRow(found, []any{&id, &n}, func() error {
		r.interviews[string(id)] = n
		return nil
	})
	for i := range keys {
		numbers[i] = r.interviews[keys[i].InterviewID]
	}
	return numbers, err
}

// interview returns the number of an interview, which it makes.
func (r *Run) interview(ctx context.Context, c *pgx.Conn, id string) (int32, error) {
	keys := []batch.Key{{InterviewID: id}}
	numbers, err := r.findInterviews(ctx, c, keys)
	if err == nil && numbers[0] == 0 {
		_, err = c.Exec(ctx, "insert into bulkinvite.interviews (base_url, interview_id) values ($1, $2) on conflict do nothing", r.info.BaseURL, []byte(id))
		if err == nil {
			numbers, err = r.findInterviews(ctx, c, keys)
		}
	}
	if err != nil {
		return 0, err
	}
	return numbers[0], nil
}
