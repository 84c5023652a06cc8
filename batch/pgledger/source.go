package pgledger

import (
	"context"
	"iter"

	"github.com/jackc/pgx/v5"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// Members implements batch.Ledger.
func (r *Run) Members(ctx context.Context, interviewID string, f func(batch.Member) error) error {
	return rows.Members(ctx, source{r}, interviewID, func(m batch.Member) error {
		m.Since = r.local(m.Since.UnixMicro())
		return f(m)
	})
}

// InDoubt implements batch.Ledger.
func (r *Run) InDoubt(ctx context.Context, interviewID string) ([]batch.Key, error) {
	return rows.InDoubt(ctx, source{r}, interviewID)
}

// Owners implements batch.Ledger.
func (r *Run) Owners(ctx context.Context, candidateIDs []string) ([][]batch.Key, error) {
	return r.owners.Of(ctx, source{r}, candidateIDs)
}

// A source is a run as package rows asks it.
type source struct{ *Run }

func (r source) Each(ctx context.Context, keys []batch.Key, f func(at int, r *rows.Request, p *rows.Person)) error {
	var all []named
	err := r.do(ctx, "look up", func(ctx context.Context, c *pgx.Conn, _ bool) error {
		all = all[:0]
		return r.eachNamed(ctx, c, keys, func(n *named) { all = append(all, *n) })
	})
	for i := range all {
		f(all[i].at, &all[i].request, &all[i].person)
	}
	return err
}

func (r source) RequestsFor(ctx context.Context, interview string, after int64) ([]*rows.Request, error) {
	return r.read(ctx, `where r.id in (select id from bulkinvite.requests where id > $3 and interview =
		(select id from bulkinvite.interviews where base_url = $1 and interview_id = $2) order by id limit $4)`,
		r.info.BaseURL, []byte(interview), after, rows.ReadRequests)
}

func (r source) RequestsByID(ctx context.Context, ids []int64) iter.Seq2[*rows.Request, error] {
	return each(r.read(ctx, "where r.id = any($1)", ids))
}

// unseen is how many answers before the last that was seen are read again: another
// run may have written one of a lower number since.
const unseen = 200

func (r source) RequestsSince(ctx context.Context, answer int64) iter.Seq2[*rows.Request, error] {
	return each(r.read(ctx, "where i.base_url = $1 and r.id in (select request_id from bulkinvite.answers where id > $2)", r.info.BaseURL, answer-unseen))
}

// wholeRequests selects what rows.EachRequest reads.
const wholeRequests = `select r.id, r.run_id, i.base_url, i.interview_id, r.job_application_id, r.candidate_id, r.email_disabled,
		r.kind, r.claimed_at, r.people, coalesce(a.id, 0), coalesce(a.run_id, 0), coalesce(a.at, 0), coalesce(a.status_code, 0),
		coalesce(a.message, ''), coalesce(a.states, ''), coalesce(a.candidate_ids, ''), coalesce(a.invite_urls, ''), coalesce(a.marks, '')
	from bulkinvite.requests r join bulkinvite.interviews i on i.id = r.interview
	left join bulkinvite.answers a on a.request_id = r.id `

// read reads whole requests.
func (r source) read(ctx context.Context, where string, args ...any) (all []*rows.Request, err error) {
	if r.ended.Load() {
		return nil, rows.ErrEnded
	}
	err = r.store.repeat(ctx, "read", func(ctx context.Context, _ bool) error {
		all = nil
		found, err := r.store.db.QueryContext(ctx, wholeRequests+where+" order by r.id, a.id", args...) //nolint:rowserrcheck // EachRequest does
		if err != nil {
			return away(err, true)
		}
		for req, err := range rows.EachRequest(found) {
			if err != nil {
				return away(err, true)
			}
			all = append(all, req)
		}
		return nil
	})
	return all, err
}

// each yields requests, or why there are none.
func each(all []*rows.Request, err error) iter.Seq2[*rows.Request, error] {
	return func(yield func(*rows.Request, error) bool) {
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}
