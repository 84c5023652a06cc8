package engine

import (
	"bulkinvite/batch"
	"bulkinvite/batch/judge"
	"bulkinvite/batch/plan"
	"bulkinvite/batch/queue"
	"bulkinvite/client"
)

// request returns what is sent for these people of the chunk.
func (c *chunk) request(people []*queue.Person) client.InviteRequest {
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
func (s *sendReport) question() judge.Question {
	return judge.Question{Lane: s.chunk.Lane, People: peopleKeys(s.claimed), CandidateID: s.claimed[0].CandidateID}
}

// answer is what the ledger keeps of the answer.
func (s *sendReport) answer() batch.Answer {
	status, message := client.Describe(s.apiErr)
	answer := batch.Answer{StatusCode: status, Message: message, Outcomes: make([]batch.Settlement, 0, len(s.claimed))}
	for i, p := range s.claimed {
		v, inv := s.judgement.Verdicts[i], s.judgement.Invitations[i]
		answer.Outcomes = append(answer.Outcomes, batch.Settlement{
			Key: p.Key, State: v.State(), Mark: v.Mark(), CandidateID: inv.CandidateID, InviteURL: inv.InviteURL,
		})
	}
	return answer
}
