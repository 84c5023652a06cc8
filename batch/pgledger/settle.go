package pgledger

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// Settle implements batch.Ledger. If the answer names a person several times, it is
// as if it had been several answers. Whoever was brought out of StateSending by
// another run is passed over: two runs may find out what became of a request. That
// its sender has invited them is always written.
func (r *Run) Settle(ctx context.Context, id int64, a batch.Answer) error {
	nonce := newNonce()
	err := r.do(ctx, "settle", func(ctx context.Context, c *pgx.Conn, repeated bool) error {
		return inTx(ctx, c, func(tx pgx.Tx) error {
			s := settling{run: r, tx: tx, id: id}
			return s.write(ctx, &a, nonce, repeated)
		})
	})
	if err == nil {
		r.active.Store(true)
	}
	return err
}

// A settling is an answer on its way into the ledger.
type settling struct {
	run       *Run
	tx        pgx.Tx
	id        int64
	interview int32
	at        int64
	request   rows.Request
	changed   []bool // parallel to the people of the request
}

func (s *settling) write(ctx context.Context, a *batch.Answer, nonce pgtype.UUID, repeated bool) error {
	if err := s.read(ctx, a); err != nil {
		return err
	}
	if repeated {
		var there bool
		if err := s.tx.QueryRow(ctx, "select exists (select from bulkinvite.answers where nonce = $1)", nonce).Scan(&there); there || err != nil {
			return err
		}
	}
	answers, err := s.outcomes(a.Outcomes)
	if err != nil {
		return err
	}
	for i, outcomes := range answers {
		if i > 0 {
			nonce = newNonce()
		}
		if err := s.answer(ctx, a, nonce, outcomes); err != nil {
			return err
		}
	}
	return s.update(ctx)
}

// read reads the request and what its people are in it. Its lock lets one answer to
// it be written after the other.
func (s *settling) read(ctx context.Context, a *batch.Answer) error {
	var interview, people []byte
	var server time.Time
	err := s.tx.QueryRow(ctx, `select r.run_id, r.interview, i.interview_id, r.people, clock_timestamp() from bulkinvite.requests r
		join bulkinvite.interviews i on i.id = r.interview where r.id = $1 and i.base_url = $2 for update of r`, s.id, s.run.info.BaseURL).
		Scan(&s.request.RunID, &s.interview, &interview, &people, &server)
	if errors.Is(err, pgx.ErrNoRows) {
		return errors.New("there is no such request")
	}
	if err != nil {
		return err
	}
	s.at = s.run.store.now(server)
	s.request.ID, s.request.InterviewID = s.id, string(interview)
	if err := s.request.JoinAll(string(people)); err != nil {
		return err
	}
	s.changed = make([]bool, len(s.request.People))
	return s.readPeople(ctx, a)
}

func (s *settling) readPeople(ctx context.Context, a *batch.Answer) error {
	emails := make([][]byte, len(a.Outcomes))
	for i := range a.Outcomes {
		emails[i] = []byte(a.Outcomes[i].Key.Email)
	}
	found, err := s.tx.Query(ctx, "select p.email, "+personColumns+
		" from bulkinvite.people p where p.interview = $1 and p.request_id = $2 and p.email = any($3)", s.interview, s.id, emails)
	if err != nil {
		return err
	}
	var p personRow
	var email []byte
	_, err = pgx.ForEachRow(found, append([]any{&email}, p.columns()...), func() error {
		if at := s.request.Find(string(email), 0); at >= 0 {
			s.request.People[at] = p.person()
		}
		return nil
	})
	return err
}

// outcomes finds the people of an answer in the request, and refuses what must not
// happen to them. Who is named again is in a further answer.
func (s *settling) outcomes(settlements []batch.Settlement) ([][]rows.Outcome, error) {
	people := slices.Clone(s.request.People)
	named := make([]int, len(people)) // how often
	answers := [][]rows.Outcome{make([]rows.Outcome, 0, len(settlements))}
	next := 0
	for i := range settlements {
		o := &settlements[i]
		at := -1
		if o.Key.InterviewID == s.request.InterviewID {
			at = s.request.Find(o.Key.Email, next)
		}
		if at < 0 {
			return nil, errors.New("the answer names somebody who is not in it")
		}
		next = at + 1
		if s.isPassedOver(&people[at], o.State) {
			continue
		}
		if err := rows.MayBecome(people[at].State, o.State); err != nil {
			return nil, err
		}
		people[at].State = o.State
		if named[at] == len(answers) {
			answers = append(answers, nil)
		}
		answers[named[at]] = append(answers[named[at]], rows.Outcome{Person: at, State: o.State, CandidateID: o.CandidateID, InviteURL: o.InviteURL, Mark: o.Mark})
		named[at]++
	}
	return answers, nil
}

// isPassedOver reports whether somebody is left as another run has settled them.
func (s *settling) isPassedOver(p *rows.Person, state batch.State) bool {
	switch {
	case p.State == batch.StateSending || p.By == s.run.id:
		return false
	case state == batch.StateInvited:
		return p.State != batch.StateInvited && s.request.RunID != s.run.id
	default: // a person may say of those whom the API left out that they were not invited
		return p.State != batch.StateNoInvitation || state != batch.StateNone
	}
}

// answer writes one answer, and makes of the people what it says.
func (s *settling) answer(ctx context.Context, a *batch.Answer, nonce pgtype.UUID, outcomes []rows.Outcome) error {
	slices.SortFunc(outcomes, func(a, b rows.Outcome) int { return a.Person - b.Person })
	c := rows.Encode(len(s.request.People), outcomes)
	w := rows.Answer{Run: s.run.id, At: s.at, Outcomes: outcomes}
	err := s.tx.QueryRow(ctx, `insert into bulkinvite.answers (nonce, request_id, run_id, at, status_code, message, states, candidate_ids, invite_urls, marks)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id`, nonce, s.id, s.run.id, s.at, a.StatusCode, []byte(a.Message),
		[]byte(c.States), []byte(c.IDs), []byte(c.Links), []byte(c.Marks)).Scan(&w.ID)
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		s.changed[o.Person] = true
	}
	return s.request.Apply(&w)
}

// update writes what the people have become.
func (s *settling) update(ctx context.Context) error {
	var emails, marks, ids, urls [][]byte
	var states []string
	var by, since, idFrom, urlFrom []int64
	for i, p := range s.request.People {
		if !s.changed[i] {
			continue
		}
		emails, states, marks = append(emails, []byte(s.request.Emails[i])), append(states, string(p.State)), append(marks, []byte(p.Mark))
		ids, urls = append(ids, []byte(p.CandidateID)), append(urls, []byte(p.InviteURL))
		by, since, idFrom, urlFrom = append(by, p.By), append(since, p.Since), append(idFrom, p.IDFrom), append(urlFrom, p.URLFrom)
	}
	if len(emails) == 0 {
		return nil
	}
	_, err := s.tx.Exec(ctx, `update bulkinvite.people p set state = u.state, by_run = u.by_run, since = u.since, mark = u.mark,
			candidate_id = u.candidate_id, id_from = u.id_from, invite_url = u.invite_url, url_from = u.url_from
		from unnest($3::bytea[], $4::text[], $5::bigint[], $6::bigint[], $7::bytea[], $8::bytea[], $9::bigint[], $10::bytea[], $11::bigint[])
			u(email, state, by_run, since, mark, candidate_id, id_from, invite_url, url_from)
		where p.interview = $1 and p.request_id = $2 and p.email = u.email`,
		s.interview, s.id, emails, states, by, since, marks, ids, idFrom, urls, urlFrom)
	return err
}

// HandOver implements batch.Shared.
func (r *Run) HandOver(ctx context.Context, id int64) error {
	return r.do(ctx, "hand over", func(ctx context.Context, c *pgx.Conn, _ bool) error {
		_, err := c.Exec(ctx, "update bulkinvite.requests set left_at = clock_timestamp() where id = $1 and run_id = $2 and left_at is null", id, r.id)
		return err
	})
}
