package engine

import (
	"errors"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
	"bulkinvite/client"
)

// request returns what is sent for these people of the chunk.
func (c *chunk) request(people []*person) client.InviteRequest {
	req := client.InviteRequest{InterviewID: people[0].InterviewID, DisableEmailNotification: c.DisableEmail}
	switch c.Lane {
	case plan.Resend:
		req.CandidateID = people[0].CandidateID
		return req
	case plan.Application:
		req.JobApplicationID = people[0].JobApplicationID
		if people[0].Name == "" || people[0].Email == "" {
			return req // the contract wants both or no candidate
		}
	}
	req.Candidates = make([]client.Candidate, len(people))
	for i, p := range people {
		req.Candidates[i] = client.Candidate{Name: p.Name, Email: p.Email}
	}
	return req
}

// question is what the request asks for.
func (s *sendReport) question() question {
	return question{lane: s.chunk.Lane, people: peopleKeys(s.claimed), candidateID: s.claimed[0].CandidateID}
}

// answer is what the ledger keeps of the answer.
func (s *sendReport) answer() batch.Answer {
	status, message := describe(s.apiErr)
	answer := batch.Answer{StatusCode: status, Message: message, Outcomes: make([]batch.Settlement, 0, len(s.claimed))}
	for i, p := range s.claimed {
		v, inv := s.judgement.verdicts[i], s.judgement.invitations[i]
		answer.Outcomes = append(answer.Outcomes, batch.Settlement{
			Key: p.key, State: stateOf(v), Mark: markOf(v), CandidateID: inv.CandidateID, InviteURL: inv.InviteURL,
		})
	}
	return answer
}

// namesOthers is why a good answer is none for some people of its request.
const namesOthers = "the answer names other addresses"

// reasonOf says in words why somebody's verdict is not that they are invited.
func reasonOf(v verdict, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case v == leftOut:
		return "the answer leaves this person out"
	}
	return namesOthers
}

// stateOf is what the ledger keeps of a verdict.
func stateOf(v verdict) batch.State {
	switch v {
	case invited:
		return batch.StateInvited
	case refused:
		return batch.StateRefused
	case notSent, split, deniedUs:
		return batch.StateNone
	}
	return batch.StateSending
}

// markOf is what the ledger remembers with it.
func markOf(v verdict) string {
	if v == displaced {
		return batch.MarkOtherAddress
	}
	return ""
}

// describe returns the HTTP status and the words that the ledger keeps.
func describe(err error) (status int, message string) {
	if err == nil {
		return 200, ""
	}
	var apiErr *client.Error
	if errors.As(err, &apiErr) {
		status = apiErr.StatusCode
	}
	return status, err.Error()
}

// message returns the API's own words where there are some.
func message(err error) string {
	var apiErr *client.Error
	if errors.As(err, &apiErr) && apiErr.Message != "" {
		return apiErr.Message
	}
	return err.Error()
}
