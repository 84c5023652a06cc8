package sandbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"

	"bulkinvite/client"
)

// An AnswerShape says how good answers to invitations differ from the
// documented one.
type AnswerShape struct {
	Chance float64 // of each answer to differ, drawn from Seed; 0: all

	Code   int      // HTTP status; 0: 200
	Status string   // JSON of the status: 1, null, "true"; "": true
	Null   []string // fields of an invitation that are null: candidate_id, candidate_email, invite_url
	Absent []string // those that are left out

	Doubled  bool // each invitation comes twice, first with an id and a link that nobody has
	Crossed  bool // what names one person names the person of the answer before instead
	Stranger bool // the last invitation is that of a stranger
	Nobody   bool // no invitations are in it: they are queued
	Holes    bool // a null stands before the invitations
	Array    bool // data is the array of the invitations itself
}

var invitationFields = []string{"candidate_id", "candidate_email", "invite_url"}

func (a *AnswerShape) validate() error {
	if a == nil {
		return nil
	}
	if !(a.Chance >= 0 && a.Chance <= 1) {
		return fmt.Errorf("sandbox: chance %v must be between 0 and 1", a.Chance)
	}
	if a.Code != 0 && (a.Code < 200 || a.Code > 299) {
		return fmt.Errorf("sandbox: status %d is not that of a good answer", a.Code)
	}
	if a.Status != "" && !json.Valid([]byte(a.Status)) {
		return fmt.Errorf("sandbox: status %s is not JSON", a.Status)
	}
	for _, field := range slices.Concat(a.Null, a.Absent) {
		if !slices.Contains(invitationFields, field) {
			return errors.New("sandbox: an invitation has no field " + field)
		}
	}
	return nil
}

// shaped returns the answer to a request that was acted on.
func (s *Server) shaped(invitations []client.Invitation, chance *rand.Rand) answer {
	shape := s.cfg.Shape
	if shape == nil || shape.Chance > 0 && chance.Float64() >= shape.Chance {
		return invitationsAnswer(invitations)
	}
	invitations = s.renamed(invitations, chance)
	list := []any{}
	if shape.Holes {
		list = append(list, nil)
	}
	for _, inv := range invitations {
		if shape.Doubled {
			id := s.store.nobodysID(chance)
			list = append(list, shape.fields(client.Invitation{
				CandidateID: id, CandidateEmail: inv.CandidateEmail, InviteURL: linkOf(id),
			}))
		}
		list = append(list, shape.fields(inv))
	}
	if shape.Nobody {
		list = []any{}
	}
	var data any = map[string]any{"invitations": list}
	if shape.Array {
		data = list
	}
	status := json.RawMessage(cmp.Or(shape.Status, "true"))
	return jsonAnswer(cmp.Or(shape.Code, http.StatusOK), accepted{status, invitationsSent, data})
}

// renamed returns the invitations, one of them perhaps another person's.
func (s *Server) renamed(invitations []client.Invitation, chance *rand.Rand) []client.Invitation {
	shape := s.cfg.Shape
	if len(invitations) == 1 && shape.Crossed {
		s.mu.Lock()
		before := s.answered
		s.answered = invitations[0]
		s.mu.Unlock()
		if before.CandidateID != "" {
			return []client.Invitation{before}
		}
	}
	if last := len(invitations) - 1; last >= 0 && shape.Stranger {
		invitations = slices.Clone(invitations)
		id := s.store.nobodysID(chance)
		invitations[last] = client.Invitation{
			CandidateID: id, CandidateEmail: "stranger-" + id[24:] + "@elsewhere.invalid", InviteURL: linkOf(id),
		}
	}
	return invitations
}

// fields returns an invitation as it goes into JSON.
func (a *AnswerShape) fields(inv client.Invitation) map[string]any {
	fields := map[string]any{"candidate_id": inv.CandidateID, "candidate_email": inv.CandidateEmail, "invite_url": inv.InviteURL}
	for _, name := range a.Null {
		fields[name] = nil
	}
	for _, name := range a.Absent {
		delete(fields, name)
	}
	return fields
}
