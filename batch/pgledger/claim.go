package pgledger

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// newNonce returns what finds a row again whose number was not told.
func newNonce() pgtype.UUID {
	n := pgtype.UUID{Valid: true}
	_, _ = rand.Read(n.Bytes[:]) // never fails
	return n
}

// A claim is a request on its way into the ledger.
type claim struct {
	run       *Run
	req       *batch.Request
	nonce     pgtype.UUID
	interview int32
	at        int64

	request rows.Request // who is claimed
	people  []known
	held    []bool
}

// Claim implements batch.Ledger. Besides, it refuses what rows.ValidateRequest does.
func (r *Run) Claim(ctx context.Context, req batch.Request) (batch.Claim, error) {
	answer := batch.Claim{Held: make([]*batch.Record, len(req.People))}
	if err := rows.ValidateRequest(&req); err != nil {
		return batch.Claim{}, errors.Join(errors.New("ledger: claim"), err)
	}
	c := &claim{run: r, req: &req, nonce: newNonce()}
	err := r.do(ctx, "claim", func(ctx context.Context, conn *pgx.Conn, repeated bool) (err error) {
		if len(req.People) == 0 {
			return nil
		}
		if c.interview, err = r.interview(ctx, conn, batch.NormalInterviewID(req.InterviewID)); err != nil {
			return err
		}
		if err = inTx(ctx, conn, func(tx pgx.Tx) error { return c.write(ctx, tx, repeated) }); err != nil {
			return err
		}
		// Not within the transaction, whose lock others wait for.
		return r.placeOthers(ctx, conn, c.people)
	})
	if err != nil {
		return batch.Claim{}, err
	}
	answer.ID = c.request.ID
	for i := range c.held {
		if c.held[i] {
			answer.Held[i] = &c.people[i].Rec
		}
	}
	return answer, nil
}

// write decides under the interview's lock who is claimed, and writes it.
func (c *claim) write(ctx context.Context, tx pgx.Tx, repeated bool) error {
	var server time.Time
	err := tx.QueryRow(ctx, "select clock_timestamp() from (select pg_advisory_xact_lock($1, $2)) locked", lockInterview, c.interview).Scan(&server)
	if err != nil {
		return err
	}
	c.at = c.run.store.now(server)
	c.people, c.held = make([]known, len(c.req.People)), make([]bool, len(c.req.People))
	c.request = rows.Request{
		ID: farID, RunID: c.run.id, Kind: c.req.Kind, Application: c.req.JobApplicationID, ClaimedAt: c.run.local(c.at),
	}
	if err := c.run.eachNamed(ctx, tx, c.req.People, func(n *named) { c.people[n.at].add(c.run.id, n) }); err != nil {
		return err
	}
	if repeated {
		if found, err := c.recall(ctx, tx); found || err != nil {
			return err
		}
	}
	c.join()
	if len(c.request.People) == 0 {
		c.request.ID = 0
		return nil
	}
	if err := c.insert(ctx, tx); err != nil {
		return err
	}
	for i := range c.people { // who is held by this very request
		if rec := &c.people[i].Rec; rec.RequestID == farID {
			rec.RequestID = c.request.ID
		}
	}
	return nil
}

// join decides who is held, and takes the others into the request.
func (c *claim) join() {
	now := c.request.ClaimedAt
	claimed := make(map[string]int, len(c.req.People))
	for i, k := range c.req.People {
		at, twice := claimed[k.Email]
		if twice {
			c.people[i].Add(c.run.id, &c.request, &c.request.People[at])
		}
		if rows.Holds(c.req, &c.people[i].Rec, now) {
			c.held[i] = true
		} else if !twice {
			claimed[k.Email] = c.request.Join(k.Email)
		}
	}
}

func (c *claim) insert(ctx context.Context, tx pgx.Tx) error {
	emails := make([][]byte, len(c.request.Emails))
	for i, email := range c.request.Emails {
		emails[i] = []byte(email)
	}
	return tx.QueryRow(ctx, `with r as (
			insert into bulkinvite.requests (nonce, run_id, interview, kind, job_application_id, candidate_id, email_disabled, claimed_at, people)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id),
		p as (
			insert into bulkinvite.people (interview, email, request_id, state, by_run)
			select $3, e, r.id, 'sending', $2 from r, unnest($10::bytea[]) e)
		select id from r`,
		c.nonce, c.run.id, c.interview, string(c.req.Kind), []byte(c.req.JobApplicationID), []byte(c.req.CandidateID), c.req.DisableEmail,
		c.at, rows.AppendTexts(nil, c.request.Emails), emails).Scan(&c.request.ID)
}

// recall finds the request that an earlier try has written after all.
func (c *claim) recall(ctx context.Context, tx pgx.Tx) (bool, error) {
	var people []byte
	err := tx.QueryRow(ctx, "select id, people from bulkinvite.requests where nonce = $1", c.nonce).Scan(&c.request.ID, &people)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err == nil {
		err = c.request.JoinAll(string(people))
	}
	if err != nil {
		return false, err
	}
	first := map[string]bool{}
	for i, k := range c.req.People {
		c.held[i] = first[k.Email] || !slices.Contains(c.request.Emails, k.Email)
		first[k.Email] = true
	}
	return true, nil
}
