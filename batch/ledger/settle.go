package ledger

import (
	"context"
	"errors"
	"fmt"

	"bulkinvite/batch"
)

// Settle implements batch.Ledger. If the answer names a person several times,
// it is as if it had been several answers.
func (r *Run) Settle(ctx context.Context, id int64, a batch.Answer) error {
	return r.write(ctx, func() ([]row, error) {
		w, err := r.settle(id, &a)
		if err != nil {
			return nil, fmt.Errorf("ledger: settle request %d: %w", id, err)
		}
		return w, nil
	})
}

func (r *Run) settle(id int64, a *batch.Answer) ([]row, error) {
	req, err := r.book.get(id)
	if err != nil {
		return nil, err
	}
	if req == nil || req.baseURL != r.base {
		return nil, errors.New("there is no such request")
	}
	answers, err := outcomesIn(req, a.Outcomes)
	if err != nil {
		return nil, err
	}
	r.book.shelf.drop(id)
	now := r.store.now().UnixMicro()
	written := make([]row, len(answers))
	for i, outcomes := range answers {
		w := answer{id: r.lastAnswer + 1, run: r.id, at: now, outcomes: outcomes}
		if err := req.apply(&w); err != nil {
			return nil, err
		}
		r.lastAnswer = w.id
		c := encode(len(req.people), outcomes)
		written[i] = row{r.addAnswer, []any{w.id, id, w.run, w.at, a.StatusCode, a.Message, c.states, c.ids, c.links, c.marks}, id}
	}
	return written, nil
}

// outcomesIn finds the people of an answer in the request, and refuses what
// must not happen to them. Who is named again is in a further answer.
func outcomesIn(req *request, settlements []batch.Settlement) ([][]outcome, error) {
	states := make([]batch.State, len(req.people))
	for i := range req.people {
		states[i] = req.people[i].state
	}
	named := make([]int, len(req.people)) // how often
	answers := [][]outcome{make([]outcome, 0, len(settlements))}
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
		if named[at] == len(answers) {
			answers = append(answers, nil)
		}
		answers[named[at]] = append(answers[named[at]], outcome{Person: at, State: s.State, CandidateID: s.CandidateID, InviteURL: s.InviteURL, Mark: s.Mark})
		named[at]++
	}
	return answers, nil
}
