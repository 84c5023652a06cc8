package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"bulkinvite/client"
)

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// servePost serves POST /interview/invite. The body is read before anything
// but the key is looked at, so that the books can say which interview a
// request named even if it was throttled.
func (s *Server) servePost(w http.ResponseWriter, r *http.Request) {
	n := s.books.arrived(postEndpoint)
	if !s.authorised(r) {
		s.send(w, forbidden)
		return
	}
	req, no := s.readInvite(w, r)
	chance := s.dice.chance(postEndpoint, n)
	fault := s.fate(postEndpoint, n, chance)
	if no = cmp.Or(s.gate(postEndpoint, fault), no); no != nil {
		s.send(w, *no)
		return
	}
	q := asked{n: n, interview: normalID(req.InterviewID), candidates: req.Candidates, chance: chance}
	rule := s.rule(q)
	switch {
	case rule != nil && rule.Acts == "":
		s.send(w, rule.answer(q))
	case fault.Fault == Late504:
		s.later(s.cfg.LateBy, func() { s.act(req, chance) })
		s.send(w, gatewayTimeout)
	default:
		s.send(w, s.behindGateway(r.Context(), func() answer { return s.perform(r.Context(), req, q, rule, fault) }))
	}
}

// behindGateway returns the answer of work, or the gateway's if that takes too
// long: then the work goes on.
func (s *Server) behindGateway(ctx context.Context, work func() answer) answer {
	if s.cfg.GatewayTimeout == 0 {
		return work()
	}
	done := make(chan answer, 1)
	s.later(0, func() { done <- work() })
	timer := time.NewTimer(s.cfg.GatewayTimeout)
	defer timer.Stop()
	select {
	case a := <-done:
		return a
	case <-timer.C:
		return gatewayTimeout
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	return dropped
}

// perform does what a request asks for, as far as rule and fault let it, and
// returns the answer. A client that leaves does not keep the API from acting.
func (s *Server) perform(ctx context.Context, req *client.InviteRequest, q asked, rule *Rule, fault *FaultInfo) answer {
	latency := s.latency(q.chance)
	if !s.pause(context.WithoutCancel(ctx), latency) {
		return dropped
	}
	invitations, a := s.actBy(rule, req, q)
	if fault.Fault == Slow {
		latency += s.cfg.SlowBy
	}
	s.pause(ctx, latency)
	return fault.spoil(a, invitations)
}

// actBy is act as far as a rule lets it, if there is one.
func (s *Server) actBy(rule *Rule, req *client.InviteRequest, q asked) ([]client.Invitation, answer) {
	if rule != nil {
		named := len(req.Candidates)
		req.Candidates = rule.invites(req.Candidates)
		if named > 0 && len(req.Candidates) == 0 {
			return nil, rule.answer(q) // an application alone is no reason to act
		}
	}
	invitations, no := s.act(req, q.chance)
	switch {
	case rule != nil:
		return invitations, rule.answer(q)
	case no != nil:
		return nil, *no
	}
	return invitations, s.shaped(invitations, q.chance)
}

func (s *Server) readInvite(w http.ResponseWriter, r *http.Request) (*client.InviteRequest, *answer) {
	body := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(body)
	body.Reset()
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, &tooLong
		}
		return nil, &dropped // the client left in the middle of its request
	}
	req := &client.InviteRequest{}
	if err := json.Unmarshal(body.Bytes(), req); err != nil {
		return nil, refusal(http.StatusBadRequest, "the body is not the JSON that is expected")
	}
	if id := normalID(req.InterviewID); wellFormedID(id) {
		s.store.mu.Lock()
		s.store.interview(id).posts++
		s.store.mu.Unlock()
	}
	if s.cfg.MaxPeople > 0 && len(req.Candidates) > s.cfg.MaxPeople {
		return nil, &tooLong
	}
	return req, nil
}

// checkInterview returns why an interview cannot be asked for.
func (s *Server) checkInterview(id string) *answer {
	switch normal := normalID(id); {
	case !wellFormedID(id):
		return refusal(http.StatusBadRequest, "interview_id must be a valid id")
	case s.deleted[normal]:
		return refusal(http.StatusBadRequest, "Interview has been deleted")
	case s.interviews != nil && !s.interviews[normal]:
		return refusal(http.StatusNotFound, "Interview not found")
	}
	return nil
}

// act does what the API does. The answer is nil if it has invited.
func (s *Server) act(req *client.InviteRequest, chance *rand.Rand) ([]client.Invitation, *answer) {
	if no := s.checkInterview(req.InterviewID); no != nil {
		return nil, no
	}
	if req.CandidateID != "" {
		return s.resend(req, chance)
	}
	candidates := req.Candidates
	if req.JobApplicationID != "" {
		applicant, no := s.applicant(req)
		if no != nil {
			return nil, no
		}
		candidates = []client.Candidate{applicant}
	}
	if no := checkCandidates(candidates); no != nil {
		return nil, no
	}
	if poison := slices.IndexFunc(candidates, isPoison); poison >= 0 {
		if s.cfg.PartialRefusals {
			s.add(req, everySecondOther(candidates), chance)
		}
		return nil, refusal(http.StatusBadRequest, "Invalid candidate "+candidates[poison].Email)
	}
	return s.add(req, candidates, chance), nil
}

// applicant returns who applied, see Config.Applications.
func (s *Server) applicant(req *client.InviteRequest) (client.Candidate, *answer) {
	applicant := client.Candidate{}
	switch len(req.Candidates) {
	case 0:
	case 1:
		applicant = req.Candidates[0]
	default:
		return applicant, refusal(http.StatusBadRequest, "job_application_id goes with one candidate at most")
	}
	if address, known := s.cfg.Applications[req.JobApplicationID]; known {
		applicant.Email = address
	}
	if applicant.Email == "" {
		applicant.Email = "applicant-" + req.JobApplicationID + "@applicants.example"
	}
	if applicant.Name == "" {
		applicant.Name = "Applicant " + req.JobApplicationID
	}
	return applicant, nil
}

func checkCandidates(candidates []client.Candidate) *answer {
	if len(candidates) == 0 {
		return refusal(http.StatusBadRequest, "candidates should not be empty")
	}
	for i, c := range candidates {
		if c.Name == "" {
			return refusal(http.StatusBadRequest, fmt.Sprintf("candidates.%d.name should not be empty", i))
		}
		if c.Email == "" {
			return refusal(http.StatusBadRequest, fmt.Sprintf("candidates.%d.email should not be empty", i))
		}
	}
	return nil
}

func isPoison(c client.Candidate) bool { return hasPrefixFold(c.Email, "poison") }

// everySecondOther returns half of those who are no poison, the first of them
// among it, so that one good row beside a bad one is invited.
func everySecondOther(candidates []client.Candidate) []client.Candidate {
	var half []client.Candidate
	for i, c := range slices.DeleteFunc(slices.Clone(candidates), isPoison) {
		if i%2 == 0 {
			half = append(half, c)
		}
	}
	return half
}

// add invites those whose address is well formed, and leaves out the others
// without a word, as the API does. The answer has its own order.
func (s *Server) add(req *client.InviteRequest, candidates []client.Candidate, chance *rand.Rand) []client.Invitation {
	good := slices.DeleteFunc(slices.Clone(candidates), func(c client.Candidate) bool { return !wellFormedEmail(c.Email) })
	emails := uint32(1)
	if req.DisableEmailNotification {
		emails = 0
	}
	chance.Shuffle(len(good), func(i, j int) { good[i], good[j] = good[j], good[i] })
	invitations := make([]client.Invitation, 0, len(good))
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	iv := s.store.interview(normalID(req.InterviewID))
	for _, c := range good {
		if s.cfg.PerPerson > 0 && !s.takeTime() {
			break
		}
		invitations = append(invitations, s.invitation(s.store.add(iv, c.Email, c.Name, emails)))
	}
	return invitations
}

// takeTime unlocks the store for as long as it takes to invite somebody, and
// reports whether the sandbox is still open.
func (s *Server) takeTime() bool {
	s.store.mu.Unlock()
	defer s.store.mu.Lock()
	return s.pause(s.ctx, s.cfg.PerPerson)
}

// resend sends an existing invitation again, or fetches its link.
func (s *Server) resend(req *client.InviteRequest, chance *rand.Rand) ([]client.Invitation, *answer) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	n, found := s.store.find(s.store.interview(normalID(req.InterviewID)), req.CandidateID)
	if !found {
		return nil, refusal(http.StatusNotFound, "Candidate not found")
	}
	old := &s.store.sessions[n]
	switch silent := req.DisableEmailNotification; {
	case silent && s.cfg.SecondSessionOnLink:
		n = s.store.add(old.interview, old.email, old.name, 0)
	case !silent && s.cfg.SecondSessionOnResend:
		n = s.store.add(old.interview, old.email, old.name, 1)
	case !silent:
		old.emails++
		s.store.emails++
	}
	inv := s.invitation(n)
	if s.cfg.OtherIDByID {
		inv.CandidateID = s.store.nobodysID(chance)
		inv.InviteURL = linkOf(inv.CandidateID)
	}
	return []client.Invitation{inv}, nil
}

// invitation is called with the store locked.
func (s *Server) invitation(n uint32) client.Invitation {
	id, url := s.store.link(n)
	return client.Invitation{CandidateID: id, CandidateEmail: s.spelled(s.store.sessions[n].email, s.cfg.AnswerAddresses), InviteURL: url}
}

// spelled returns an address as it comes back.
func (s *Server) spelled(email string, form AddressForm) string {
	email = form.of(email)
	if s.cfg.UpperCaseAnswers {
		return strings.ToUpper(email)
	}
	return email
}

// wellFormedEmail reports whether the API likes an address: it dislikes all
// that begin with silent, so that tests can have a good address left out.
func wellFormedEmail(email string) bool {
	if hasPrefixFold(email, "silent") {
		return false
	}
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email {
		return false
	}
	return strings.Contains(email[strings.LastIndexByte(email, '@')+1:], ".")
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
