package sandbox

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// An entry is one invitation in the list.
type entry struct {
	CandidateID    string  `json:"candidate_id"`
	InterviewID    string  `json:"interview_id"`
	InterviewName  string  `json:"interview_name"`
	CandidateName  string  `json:"candidate_name"`
	CandidateEmail *string `json:"candidate_email_id"`
	DateCreated    string  `json:"date_created"`
	DateModified   string  `json:"date_modified"`
	Status         string  `json:"status"`
}

// A listQuery is what a request asks of the list.
type listQuery struct {
	interviewID string // normal
	page        int    // from 0; below 0: an empty one
	limit       int
	asked       int // the limit, before it was cut to the largest page
	chance      *rand.Rand
}

// serveList serves GET /interview/invites.
func (s *Server) serveList(w http.ResponseWriter, r *http.Request) {
	n := s.books.arrived(listEndpoint)
	if !s.authorised(r) {
		s.send(w, forbidden)
		return
	}
	q, no := s.readQuery(r.URL.Query())
	chance := s.dice.chance(listEndpoint, n)
	q.chance = chance
	fault := s.fate(listEndpoint, n, chance)
	if a := s.gate(listEndpoint, fault); a != nil {
		s.send(w, *a)
		return
	}
	question := asked{list: true, n: n, interview: q.interviewID, page: q.page, chance: chance}
	if rule := s.rule(question); rule != nil {
		s.send(w, rule.answer(question))
		return
	}
	if no != nil {
		s.send(w, *no)
		return
	}
	latency := s.latency(chance)
	if !s.pause(context.WithoutCancel(r.Context()), latency) {
		s.send(w, dropped)
		return
	}
	a := s.listAnswer(q)
	a.cut = fault.Fault == ListCut
	s.pause(r.Context(), latency)
	s.send(w, a)
}

func (s *Server) readQuery(v url.Values) (listQuery, *answer) {
	q := listQuery{
		interviewID: normalID(v.Get("interview_id")),
		limit:       s.cfg.PageSize,
		asked:       s.cfg.PageSize,
	}
	if wellFormedID(q.interviewID) {
		s.store.mu.Lock()
		s.store.interview(q.interviewID).lists++
		s.store.mu.Unlock()
	}
	if no := s.checkInterview(q.interviewID); no != nil {
		return q, no
	}
	if limit := v.Get("limit"); limit != "" {
		number, err := strconv.Atoi(limit)
		if err != nil || number < 1 {
			return q, refusal(http.StatusBadRequest, "limit must be a positive number")
		}
		if s.listShape.Load().Strict && number > s.cfg.PageSize {
			return q, refusal(http.StatusBadRequest, fmt.Sprintf("limit must not be greater than %d", s.cfg.PageSize))
		}
		q.limit, q.asked = min(number, s.cfg.PageSize), number
	}
	if page := v.Get("page"); page != "" {
		number, err := strconv.Atoi(page)
		if err != nil || number < 0 {
			return q, refusal(http.StatusBadRequest, "page must be a number")
		}
		return s.onPage(q, number)
	}
	return q, nil
}

// onPage sets the page, which the client counts from Config.FirstPage.
func (s *Server) onPage(q listQuery, number int) (listQuery, *answer) {
	q.page = number - s.cfg.FirstPage
	if q.page < 0 {
		switch s.cfg.PageZero {
		case PageZeroError:
			return q, refusal(http.StatusBadRequest, "page must not be less than 1")
		case PageZeroSame:
			q.page = 0
		case PageZeroEmpty: // as is any page below 0
		}
	}
	return q, nil
}

func (s *Server) listAnswer(q listQuery) answer {
	entries := s.list(q)
	if len(entries) == 0 && s.listShape.Load().Ends404 {
		return *refusal(http.StatusNotFound, "No invites found")
	}
	return jsonAnswer(http.StatusOK, accepted{true, "Invites fetched successfully", entries})
}

// list returns one page. Only the entries of that page are touched, unless
// somebody was taken out or a ListShape needs more: a page costs the same however
// many are invited.
func (s *Server) list(q listQuery) []entry {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	iv := s.store.interviews[q.interviewID]
	all, reversed := s.store.visible(iv.order, s.cfg.ListLag), s.cfg.NewestFirst
	if s.listShape.Load().reorders() || len(s.store.unlisted) > 0 {
		all, reversed = s.shown(iv, q), false
	}
	entries := []entry{}
	for from := s.firstOf(q, len(all)); from < len(all) && len(entries) < q.limit; from++ {
		n := all[from]
		if reversed {
			n = all[len(all)-1-from]
		}
		entries = append(entries, s.entry(n))
	}
	return entries
}

// firstOf returns the index of the first entry of a page, among so many.
func (s *Server) firstOf(q listQuery, total int) int {
	l, page, step := s.listShape.Load(), q.page, q.limit
	if l.Twins {
		page /= 2
	}
	if l.Skips {
		step = q.asked
	}
	switch {
	case q.page < 0, total == 0:
		return total
	case page <= (total-1)/step:
		return page * step
	case l.Repeats:
		return (total - 1) / step * step
	}
	return total
}

func (s *Server) entry(n uint32) entry {
	it := &s.store.sessions[n]
	date := s.store.date(n)
	var address *string
	if time.Since(s.store.start)-it.created >= s.listShape.Load().NullsFor {
		email := s.spelled(it.email, s.cfg.ListAddresses)
		address = &email
	}
	return entry{
		CandidateID:    s.store.candidateID(n),
		InterviewID:    it.interview.id,
		InterviewName:  "Sandbox interview",
		CandidateName:  it.name,
		CandidateEmail: address,
		DateCreated:    date,
		DateModified:   date,
		Status:         "invited",
	}
}
