package sandbox

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// An entry is one invitation in the list.
type entry struct {
	CandidateID    string `json:"candidate_id"`
	InterviewID    string `json:"interview_id"`
	InterviewName  string `json:"interview_name"`
	CandidateName  string `json:"candidate_name"`
	CandidateEmail string `json:"candidate_email_id"`
	DateCreated    string `json:"date_created"`
	DateModified   string `json:"date_modified"`
	Status         string `json:"status"`
}

// A listQuery is what a request asks of the list.
type listQuery struct {
	interviewID string // normal
	candidateID string
	keyword     string // lower case
	page        int    // from 0; below 0: an empty one
	limit       int
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
	fault := s.fate(listEndpoint, n, chance)
	if a, stopped := s.gate(listEndpoint, fault); stopped {
		s.send(w, a)
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
	a := jsonAnswer(http.StatusOK, accepted{true, "Invites fetched successfully", s.list(q)})
	a.cut = fault == ListCut
	s.pause(r.Context(), latency)
	s.send(w, a)
}

func (s *Server) readQuery(v url.Values) (listQuery, *answer) {
	q := listQuery{
		interviewID: normalID(v.Get("interview_id")),
		candidateID: v.Get("candidate_id"),
		keyword:     strings.ToLower(v.Get("keyword")),
		limit:       s.cfg.PageSize,
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
		q.limit = min(number, s.cfg.PageSize)
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

// list returns one page. Only the entries of that page are touched, unless
// there is a keyword: a page costs the same however many are invited.
func (s *Server) list(q listQuery) []entry {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	iv := s.store.interviews[q.interviewID]
	all := s.matching(iv, q)
	entries := []entry{}
	if q.page < 0 || q.page > len(all)/q.limit {
		return entries
	}
	from := q.page * q.limit
	for i := from; i < min(from+q.limit, len(all)); i++ {
		n := all[i]
		if s.cfg.NewestFirst {
			n = all[len(all)-1-i]
		}
		entries = append(entries, s.entry(n))
	}
	return entries
}

// matching returns the sessions that the list shows to q, oldest first.
func (s *Server) matching(iv *interview, q listQuery) []uint32 {
	visible := s.store.visible(iv, s.cfg.ListLag)
	if q.candidateID != "" {
		n, found := s.store.find(iv, q.candidateID)
		if !found || len(visible) == 0 || n > visible[len(visible)-1] {
			return nil
		}
		visible = []uint32{n}
	}
	if q.keyword == "" {
		return visible
	}
	var matching []uint32
	for _, n := range visible {
		it := &s.store.sessions[n]
		if strings.Contains(strings.ToLower(it.email), q.keyword) || strings.Contains(strings.ToLower(it.name), q.keyword) {
			matching = append(matching, n)
		}
	}
	return matching
}

func (s *Server) entry(n uint32) entry {
	it := &s.store.sessions[n]
	date := s.store.date(n)
	return entry{
		CandidateID:    s.store.candidateID(n),
		InterviewID:    it.interview.id,
		InterviewName:  "Sandbox interview",
		CandidateName:  it.name,
		CandidateEmail: s.spelled(it.email),
		DateCreated:    date,
		DateModified:   date,
		Status:         "invited",
	}
}
