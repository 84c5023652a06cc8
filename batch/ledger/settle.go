package ledger

import (
	"context"
	"errors"
	"fmt"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
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
	req, err := r.Cache.Get(id)
	if err != nil {
		return nil, err
	}
	if req == nil || req.BaseURL != r.BaseURL {
		return nil, errors.New("there is no such request")
	}
	answers, err := outcomesIn(req, a.Outcomes)
	if err != nil {
		return nil, err
	}
	r.Cache.Shelf.Drop(id)
	now := r.store.now().UnixMicro()
	written := make([]row, len(answers))
	for i, outcomes := range answers {
		w := rows.Answer{ID: r.lastAnswer + 1, Run: r.RunID, At: now, Outcomes: outcomes}
		if err := req.Apply(&w); err != nil {
			return nil, err
		}
		r.lastAnswer = w.ID
		c := rows.Encode(len(req.People), outcomes)
		written[i] = row{r.addAnswer, []any{w.ID, id, w.Run, w.At, a.StatusCode, a.Message, c.States, c.IDs, c.Links, c.Marks}, id}
	}
	return written, nil
}

// outcomesIn finds the people of an answer in the request, and refuses what
// must not happen to them. Who is named again is in a further answer.
func outcomesIn(req *rows.Request, settlements []batch.Settlement) ([][]rows.Outcome, error) {
	states := make([]batch.State, len(req.People))
	for i := range req.People {
		states[i] = req.People[i].State
	}
	named := make([]int, len(req.People)) // how often
	answers := [][]rows.Outcome{make([]rows.Outcome, 0, len(settlements))}
	next := 0
	for i := range settlements {
		s := &settlements[i]
		at := -1
		if s.Key.InterviewID == req.InterviewID {
			at = req.Find(s.Key.Email, next)
		}
		if at < 0 {
			return nil, errors.New("the answer names somebody who is not in it")
		}
		if err := rows.MayBecome(states[at], s.State); err != nil {
			return nil, err
		}
		states[at] = s.State
		next = at + 1
		if named[at] == len(answers) {
			answers = append(answers, nil)
		}
		answers[named[at]] = append(answers[named[at]], rows.Outcome{Person: at, State: s.State, CandidateID: s.CandidateID, InviteURL: s.InviteURL, Mark: s.Mark})
		named[at]++
	}
	return answers, nil
}
