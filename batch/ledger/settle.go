package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"bulkinvite/batch"
)

// A settlement is an operation that writes an answer.
type settlement struct {
	request  int64
	answer   *batch.Answer
	id       int64
	run      int64
	at       int64 // when it is written, in microseconds
	outcomes []outcome
	done     chan error
}

// Settle implements batch.Ledger. If the answer names a person several times,
// it is as if it had been several answers.
func (r *Run) Settle(ctx context.Context, id int64, a batch.Answer) error {
	return r.submit(ctx, &settlement{request: id, answer: &a, run: r.id, done: make(chan error, 1)})
}

func (s *settlement) conflicts(t *touched) bool {
	_, found := t.requests[s.request]
	t.requests[s.request] = struct{}{}
	return found
}

func (s *settlement) prepare(r *Run) (write bool, err error) {
	req, err := r.book.get(s.request)
	if err == nil && (req == nil || req.baseURL != r.base) {
		err = errors.New("there is no such request")
	}
	if err == nil {
		s.outcomes, err = outcomesIn(req, s.answer.Outcomes)
	}
	if err != nil {
		return false, fmt.Errorf("ledger: settle request %d: %w", s.request, err)
	}
	r.lastAnswer++
	s.id, s.at = r.lastAnswer, r.store.now().UnixMicro()
	return true, nil
}

// outcomesIn finds the people of an answer in the request, and refuses what
// must not happen to them.
func outcomesIn(req *request, settlements []batch.Settlement) ([]outcome, error) {
	states := make([]batch.State, len(req.people))
	for i := range req.people {
		states[i] = req.people[i].state
	}
	outcomes := make([]outcome, 0, len(settlements))
	next := 0
	for i := range settlements {
		s := &settlements[i]
		at := -1
		if s.Key.InterviewID == req.interviewID {
			at = req.find(s.Key.Email, next)
		}
		if at < 0 {
			return nil, errors.New("the answer names somebody who is not in it")
		}
		if err := mayBecome(states[at], s.State); err != nil {
			return nil, err
		}
		states[at] = s.State
		next = at + 1
		outcomes = append(outcomes, outcome{Person: at, State: s.State, CandidateID: s.CandidateID, InviteURL: s.InviteURL, Mark: s.Mark})
	}
	return outcomes, nil
}

func mayBecome(old, state batch.State) error {
	switch state {
	case batch.StateInvited:
		return nil
	case batch.StateNone, batch.StateSending, batch.StateRefused, batch.StateFailed, batch.StateNoInvitation:
		if old == batch.StateSending || old == batch.StateNoInvitation && state == batch.StateNone {
			return nil
		}
		return fmt.Errorf("somebody who is %s in it cannot become %s", name(old), name(state))
	}
	return fmt.Errorf("unknown state %q", state)
}

func name(s batch.State) batch.State {
	if s == batch.StateNone {
		return "not sent"
	}
	return s
}

func (s *settlement) write(ctx context.Context, tx *sql.Tx, r *Run) error {
	r.text = appendOutcomes(r.text[:0], s.outcomes)
	_, err := tx.StmtContext(ctx, r.addAnswer).ExecContext(ctx, s.id, s.request, s.run, s.at, s.answer.StatusCode,
		s.answer.Message, r.text)
	return err
}

// committed looks the request up again: it may have left the cache, and have
// come back by a reader who saw this answer.
func (s *settlement) committed(b *book) error {
	b.shelf.drop(s.request)
	e := b.cached[s.request]
	if e == nil {
		return nil
	}
	req := e.Value.(*request)
	if req.lastAnswer >= s.id {
		return nil
	}
	return req.apply(&answerRow{s.id, s.run, s.at}, s.outcomes)
}

func (s *settlement) finish(err error)       { s.done <- err }
func (s *settlement) finished() <-chan error { return s.done }
