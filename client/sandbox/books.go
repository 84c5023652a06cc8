package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Books are what the sandbox counted until now. Of requests with another path
// than the API's two endpoints only the answer is counted.
type Books struct {
	Posts int `json:"posts"` // requests to POST /interview/invite, whatever became of them
	Lists int `json:"lists"` // requests to GET /interview/invites
	// Statuses counts answers by HTTP status; 0 is a connection that was reset.
	Statuses map[int]int `json:"statuses"`
	// BusiestSecond is the largest number of requests, of both kinds, in any
	// span of one second, wherever it begins.
	BusiestSecond int `json:"busiest_second"`
	// MeanRate is in requests per second, from the first to the last.
	MeanRate float64 `json:"mean_rate"`

	People   int `json:"people"`   // how many have a session; one person in two interviews counts twice
	Twice    int `json:"twice"`    // how many of them have more than one
	Sessions int `json:"sessions"` // all of them
	Emails   int `json:"emails"`
	Pending  int `json:"pending"` // requests that are still acted on behind a 504

	Interviews map[string]InterviewBook `json:"interviews"` // by id; UUIDs in lower case

	// Everyone is in FullBooks alone.
	Everyone []PersonBook `json:"everyone,omitempty"`
}

// An InterviewBook counts what concerns one interview.
type InterviewBook struct {
	Posts  int `json:"posts"` // requests that name it, whatever became of them
	Lists  int `json:"lists"`
	People int `json:"people"`
}

// A PersonBook is the truth about one person.
type PersonBook struct {
	Person
	Sessions    int    `json:"sessions"` // any value above 1 is a person invited twice
	Emails      int    `json:"emails"`
	Listed      string `json:"listed"`       // their address as the list shows it
	CandidateID string `json:"candidate_id"` // of the first session
	InviteURL   string `json:"invite_url"`
}

// Books returns the counts, without Everyone.
func (s *Server) Books() Books {
	b := s.books.snapshot()
	b.Pending = int(s.pending.Load())
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	b.People, b.Twice, b.Sessions, b.Emails = s.store.people, s.store.twice, len(s.store.sessions), s.store.emails
	b.Interviews = make(map[string]InterviewBook, len(s.store.interviews))
	for id, iv := range s.store.interviews {
		b.Interviews[id] = InterviewBook{Posts: iv.posts, Lists: iv.lists, People: len(iv.people)}
	}
	return b
}

// FullBooks returns the counts and Everyone, in no certain order.
func (s *Server) FullBooks() Books {
	b := s.Books()
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	b.Everyone = make([]PersonBook, 0, s.store.people)
	s.store.each(func(p Person, first uint32) {
		book := PersonBook{Person: p}
		book.Sessions, book.Emails = s.store.sum(first)
		book.CandidateID, book.InviteURL = s.store.link(first)
		book.Listed = s.spelled(s.store.sessions[first].email, s.cfg.ListAddresses)
		b.Everyone = append(b.Everyone, book)
	})
	return b
}

// Sessions returns how many interview sessions each person has. Any value
// above 1 is a person invited twice.
func (s *Server) Sessions() map[Person]int {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	sessions := make(map[Person]int, s.store.people)
	s.store.each(func(p Person, first uint32) { sessions[p], _ = s.store.sum(first) })
	return sessions
}

// Emails returns how many e-mails each person got, re-sent ones too. People
// who are invited and got none are in it with 0.
func (s *Server) Emails() map[Person]int {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	emails := make(map[Person]int, s.store.people)
	s.store.each(func(p Person, first uint32) { _, emails[p] = s.store.sum(first) })
	return emails
}

// Link returns the id and link of a person's first session, empty if there is
// none.
func (s *Server) Link(p Person) (candidateID, inviteURL string) {
	p = normalPerson(p.InterviewID, p.Email)
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	iv := s.store.interviews[p.InterviewID]
	if iv == nil {
		return "", ""
	}
	first, known := iv.people[p.Email]
	if !known {
		return "", ""
	}
	return s.store.link(first)
}

// Owner returns who has a session with this candidate id.
func (s *Server) Owner(candidateID string) (p Person, found bool) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	n, found := s.store.session(candidateID)
	if !found {
		return Person{}, false
	}
	it := &s.store.sessions[n]
	return normalPerson(it.interview.id, it.email), true
}

// Posts returns how many POST /interview/invite arrived.
func (s *Server) Posts() int { return s.books.snapshot().Posts }

// Lists returns how many GET /interview/invites arrived.
func (s *Server) Lists() int { return s.books.snapshot().Lists }

// Invite makes a session and sends an e-mail without a request, as somebody
// does in the dashboard.
func (s *Server) Invite(p Person) (candidateID, inviteURL string) {
	name, _, _ := strings.Cut(p.Email, "@")
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return s.store.link(s.store.add(s.store.interview(normalID(p.InterviewID)), p.Email, name, 1))
}

// Unlist takes a person's sessions out of the list, as when a candidate is
// deleted in the dashboard. The books keep them.
func (s *Server) Unlist(p Person) {
	p = normalPerson(p.InterviewID, p.Email)
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.unlist(p)
}

// String returns the books for people, without the interviews one by one.
func (b Books) String() string {
	var t strings.Builder
	fmt.Fprintf(&t, "requests   %d (%d invitations, %d lists), %.1f/s, %d in the busiest second\n",
		b.Posts+b.Lists, b.Posts, b.Lists, b.MeanRate, b.BusiestSecond)
	fmt.Fprint(&t, "answers   ")
	for _, status := range slices.Sorted(maps.Keys(b.Statuses)) {
		if status == 0 {
			fmt.Fprintf(&t, " reset: %d", b.Statuses[status])
			continue
		}
		fmt.Fprintf(&t, " %d: %d", status, b.Statuses[status])
	}
	fmt.Fprintf(&t, "\ninvited    %d people to %d interviews, %d e-mails\n", b.People, b.withPeople(), b.Emails)
	fmt.Fprintf(&t, "twice      %d people, %d sessions too many\n", b.Twice, b.Sessions-b.People)
	if b.Pending > 0 {
		fmt.Fprintf(&t, "pending    %d requests answered and not yet acted on\n", b.Pending)
	}
	return t.String()
}

func (b Books) withPeople() int {
	n := 0
	for _, iv := range b.Interviews {
		if iv.People > 0 {
			n++
		}
	}
	return n
}

func (s *Server) serveBooks(w http.ResponseWriter, r *http.Request) {
	books := s.FullBooks
	if r.URL.Query().Get("people") == "no" {
		books = s.Books
	}
	a := jsonAnswer(http.StatusOK, books())
	w.Header().Set("Content-Type", a.contentType)
	_, _ = w.Write(a.body) // not with send: the books do not count who reads them
}

// A tally counts requests and answers.
type tally struct {
	mu       sync.Mutex
	arrivals [endpoints]int
	statuses map[int]int
	first    time.Time
	last     time.Time
	window   []time.Time // arrivals of the second before last; no more is kept, so a long run costs nothing
	busiest  int
}

// arrived counts a request and returns its number at the endpoint, from 1.
func (t *tally) arrived(e endpoint) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if t.first.IsZero() {
		t.first = now
	}
	t.last = now
	old := 0
	for old < len(t.window) && now.Sub(t.window[old]) >= time.Second {
		old++
	}
	t.window = append(t.window[old:], now)
	t.busiest = max(t.busiest, len(t.window))
	t.arrivals[e]++
	return t.arrivals[e]
}

func (t *tally) answered(a answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.statuses == nil {
		t.statuses = map[int]int{}
	}
	t.statuses[a.status]++
}

func (t *tally) snapshot() Books {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := Books{
		Posts:         t.arrivals[postEndpoint],
		Lists:         t.arrivals[listEndpoint],
		Statuses:      maps.Clone(t.statuses),
		BusiestSecond: t.busiest,
	}
	if b.Statuses == nil {
		b.Statuses = map[int]int{}
	}
	if span := t.last.Sub(t.first); span > 0 {
		b.MeanRate = float64(b.Posts+b.Lists-1) / span.Seconds()
	}
	return b
}
