package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// record asks a handler without a network.
func record(h http.Handler, method, target, key, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if key != "" {
		r.Header.Set("x-api-key", key)
	}
	h.ServeHTTP(w, r)
	return w
}

func TestInviteAnswersWithTheTruth(t *testing.T) {
	a := serve(t, sandbox.Config{})
	sent := people(20)
	invitations := a.post(t, invite(sent...)).invitations(t)
	var answered []string
	for _, i := range invitations {
		answered = append(answered, i.CandidateEmail)
		id, url := a.Link(sandbox.Person{InterviewID: strings.ToUpper(interview), Email: strings.ToUpper(i.CandidateEmail)})
		if i.CandidateID != id || i.InviteURL != url || id == "" || url == "" {
			t.Errorf("answer %+v, books %s %s", i, id, url)
		}
	}
	if slices.Equal(answered, sent) {
		t.Error("the answer has the order of the request: a client could rely on it")
	}
	slices.Sort(answered)
	slices.Sort(sent)
	if !slices.Equal(answered, sent) {
		t.Errorf("answered %v, sent %v", answered, sent)
	}
	a.wantEverySession(t, 1, sent...)
}

func TestRepeatMakesASecondSession(t *testing.T) {
	a := serve(t, sandbox.Config{})
	first := a.post(t, invite("ann@example.com")).invitations(t)[0]
	again := invite("Ann@Example.com")
	again.InterviewID = strings.ToUpper(interview)
	second := a.post(t, again).invitations(t)[0]
	if first.CandidateID == second.CandidateID || first.InviteURL == second.InviteURL {
		t.Errorf("twice the same: %+v", first)
	}
	a.wantEverySession(t, 2, "ann@example.com")
	a.post(t, invite("bob@example.com", "bob@example.com"))
	a.wantEverySession(t, 2, "ann@example.com", "bob@example.com")
	a.post(t, invite("bob@example.com"))
	if b := a.Books(); b.Twice != 2 || b.People != 2 || b.Sessions != 5 || b.Emails != 5 {
		t.Errorf("books %+v", b)
	}
	if id, _ := a.Link(sandbox.Person{InterviewID: interview, Email: "ann@example.com"}); id != first.CandidateID {
		t.Errorf("link of %s, want that of the first session, %s", id, first.CandidateID)
	}
}

func TestAddressesThatTheAPIDislikesAreLeftOut(t *testing.T) {
	a := serve(t, sandbox.Config{})
	bad := []string{"ann", "ann@", "@example.com", "ann@localhost", "Ann <ann@example.com>", "ann@example.com ",
		"ann@ex ample.com", "silent@example.com", "Silent.bob@example.com"}
	got := a.post(t, invite(append(bad, "good@example.com", "møte@exämple.org")...)).invitations(t)
	if len(got) != 2 {
		t.Errorf("answer %+v, want the two good ones", got)
	}
	a.wantEverySession(t, 1, "good@example.com", "møte@exämple.org")
}

func TestRefusals(t *testing.T) {
	const deleted, known = "00000000-0000-4000-8000-00000000000a", interview
	cfg := sandbox.Config{Interviews: []string{known, deleted, otherOne}, Deleted: []string{strings.ToUpper(deleted)}, MaxPeople: 5}
	candidates := invite("ann@example.com").Candidates
	for name, c := range map[string]struct {
		req    client.InviteRequest
		status int
	}{
		"no interview":         {client.InviteRequest{Candidates: candidates}, 400},
		"interview with blank": {client.InviteRequest{InterviewID: "an id", Candidates: candidates}, 400},
		"interview too long":   {client.InviteRequest{InterviewID: strings.Repeat("x", 129), Candidates: candidates}, 400},
		"deleted interview":    {client.InviteRequest{InterviewID: deleted, Candidates: candidates}, 400},
		"unknown interview":    {client.InviteRequest{InterviewID: "nobodyknows", Candidates: candidates}, 404},
		"nobody":               {client.InviteRequest{InterviewID: known}, 400},
		"no name":              {client.InviteRequest{InterviewID: known, Candidates: []client.Candidate{{Email: "a@b.co"}}}, 400},
		"no address":           {client.InviteRequest{InterviewID: known, Candidates: []client.Candidate{{Name: "Ann"}}}, 400},
		"unknown candidate":    {client.InviteRequest{InterviewID: known, CandidateID: "00000000-0000-4000-8000-000000000000"}, 404},
		"odd candidate":        {client.InviteRequest{InterviewID: known, CandidateID: "ann"}, 404},
		"poison":               {invite("ann@example.com", "Poison.1@example.com"), 400},
		"application of two":   {client.InviteRequest{InterviewID: known, JobApplicationID: "j", Candidates: invite("a@b.co", "c@d.co").Candidates}, 400},
		"too many":             {invite(people(6)...), 413},
	} {
		a := serve(t, cfg)
		got := a.post(t, c.req)
		if got.status != c.status {
			t.Errorf("%s: %d %s, want %d", name, got.status, got.body, c.status)
		}
		if c.status != 413 && (!strings.Contains(got.body, `"status":false`) || !strings.Contains(got.body, `"message":"`)) {
			t.Errorf("%s: %s is not the API's envelope", name, got.body)
		}
		a.wantEverySession(t, 0, "ann@example.com")
		if b := a.Books(); b.Sessions != 0 || b.Statuses[c.status] != 1 {
			t.Errorf("%s: books %+v", name, b)
		}
	}
}

func TestBodies(t *testing.T) {
	a := serve(t, sandbox.Config{})
	for body, want := range map[string]int{"": 400, "{": 400, "[]": 400, `{"interview_id":7}`: 400} {
		if got := a.do(t.Context(), "POST", "/interview/invite", body); got.status != want {
			t.Errorf("body %q: %d %s, want %d", body, got.status, got.body, want)
		}
	}
	box, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	if w := record(box, "POST", "/interview/invite", "a key", strings.Repeat(" ", 10<<20+1)); w.Code != 413 {
		t.Errorf("more than 10 MB: %d %s", w.Code, w.Body)
	}
}

func TestPartialRefusalInvitesHalf(t *testing.T) {
	req := invite("a@x.co", "poison@x.co", "b@x.co", "c@x.co", "poison2@x.co", "silent@x.co", "d@x.co")
	for _, partial := range []bool{false, true} {
		a := serve(t, sandbox.Config{PartialRefusals: partial})
		if got := a.post(t, req); got.status != 400 {
			t.Errorf("%d %s, want 400", got.status, got.body)
		}
		if want := map[bool]int{false: 0, true: 3}[partial]; a.Books().Sessions != want { // a, c, d
			t.Errorf("partial %v: %v invited, want %d", partial, a.Sessions(), want)
		}
	}
}

func TestResendAndLink(t *testing.T) {
	a := serve(t, sandbox.Config{})
	ann := sandbox.Person{InterviewID: interview, Email: "ann@example.com"}
	first := a.post(t, invite(ann.Email)).invitations(t)[0]
	for _, c := range []struct {
		quiet  bool
		emails int
	}{{true, 1}, {false, 2}, {true, 2}} {
		got := a.post(t, client.InviteRequest{InterviewID: interview, CandidateID: first.CandidateID, DisableEmailNotification: c.quiet})
		if i := got.invitations(t); len(i) != 1 || i[0] != first {
			t.Errorf("got %+v, want %+v", i, first)
		}
		if a.Emails()[ann] != c.emails {
			t.Errorf("%d e-mails, want %d", a.Emails()[ann], c.emails)
		}
	}
	a.wantEverySession(t, 1, ann.Email)
	if got := a.post(t, client.InviteRequest{InterviewID: otherOne, CandidateID: first.CandidateID}); got.status != 404 {
		t.Errorf("candidate of another interview: %d %s", got.status, got.body)
	}
}

func TestLinkThatMakesASecondSession(t *testing.T) {
	a := serve(t, sandbox.Config{SecondSessionOnLink: true})
	first := a.post(t, invite("ann@example.com")).invitations(t)[0]
	again := client.InviteRequest{InterviewID: interview, CandidateID: first.CandidateID}
	if got := a.post(t, again).invitations(t)[0]; got != first {
		t.Errorf("a re-send is no link fetch: got %+v, want %+v", got, first)
	}
	again.DisableEmailNotification = true
	if got := a.post(t, again).invitations(t)[0]; got.CandidateID == first.CandidateID {
		t.Errorf("got the first session %+v", got)
	}
	a.wantEverySession(t, 2, "ann@example.com")
}

func TestJobApplications(t *testing.T) {
	a := serve(t, sandbox.Config{Applications: map[string]string{"j1": "other@example.com"}})
	for _, c := range []struct {
		id, row, want string
	}{
		{"j1", "row@example.com", "other@example.com"},
		{"j2", "row@example.com", "row@example.com"},
		{"j3", "", "applicant-j3@applicants.example"},
	} {
		req := client.InviteRequest{InterviewID: interview, JobApplicationID: c.id}
		if c.row != "" {
			req.Candidates = []client.Candidate{{Email: c.row}}
		}
		if got := a.post(t, req).invitations(t); len(got) != 1 || got[0].CandidateEmail != c.want {
			t.Errorf("%+v: got %+v, want %s", c, got, c.want)
		}
	}
	if b := a.Books(); b.People != 3 || b.Twice != 0 {
		t.Errorf("books %+v", b)
	}
}

func TestUpperCaseAnswers(t *testing.T) {
	a := serve(t, sandbox.Config{UpperCaseAnswers: true})
	if got := a.post(t, invite("ann@example.com")).invitations(t)[0]; got.CandidateEmail != "ANN@EXAMPLE.COM" {
		t.Errorf("got %+v", got)
	}
	if got := a.list(t, ofInterview("")).entries(t)[0]; got.CandidateEmail != "ANN@EXAMPLE.COM" {
		t.Errorf("got %+v", got)
	}
	a.wantEverySession(t, 1, "ann@example.com")
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := serve(t, sandbox.Config{RateLimit: 2, RateBurst: 3, RetryAfter: 1500 * time.Millisecond})
		var got []int
		for i := range 6 {
			r := a.post(t, invite(fmt.Sprintf("p%d@x.co", i)))
			got = append(got, r.status)
			if after := r.header.Get("Retry-After"); r.status == 429 && (after != "2" || !strings.Contains(r.body, "Too Many Requests")) {
				t.Errorf("Retry-After %q, body %s", after, r.body)
			}
			if i == 4 {
				time.Sleep(500 * time.Millisecond)
			}
		}
		if want := []int{200, 200, 200, 429, 429, 200}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		a.wantEverySession(t, 1, "p0@x.co", "p1@x.co", "p2@x.co", "p5@x.co")
	})
}

func TestQuota(t *testing.T) {
	a := serve(t, sandbox.Config{Quota: 2})
	for i, want := range []int{200, 200, 429, 429} {
		r := a.post(t, invite(fmt.Sprintf("p%d@x.co", i)))
		if r.status != want || want == 429 && !strings.Contains(r.body, "Limit Exceeded") {
			t.Errorf("request %d: %d %s, want %d", i, r.status, r.body, want)
		}
	}
	if r := a.list(t, ofInterview("")); r.status != 200 {
		t.Errorf("list: %d %s", r.status, r.body)
	}
}

func TestDown(t *testing.T) {
	a := serve(t, sandbox.Config{})
	for _, c := range []struct {
		query       string
		post, lists int
	}{{"posts=1&lists=0", 502, 200}, {"posts=true&lists=1", 502, 502}, {"posts=0&lists=0", 200, 200}} {
		if r := a.do(t.Context(), "POST", "/_down?"+c.query, ""); r.status != 204 {
			t.Fatalf("%s: %d %s", c.query, r.status, r.body)
		}
		if r := a.post(t, invite("ann@x.co")); r.status != c.post {
			t.Errorf("%s: post %d, want %d", c.query, r.status, c.post)
		}
		if r := a.list(t, ofInterview("")); r.status != c.lists {
			t.Errorf("%s: list %d, want %d", c.query, r.status, c.lists)
		}
	}
	a.wantEverySession(t, 1, "ann@x.co")
	if r := a.do(t.Context(), "POST", "/_down?posts=1", ""); r.status != 400 {
		t.Errorf("half a request: %d", r.status)
	}
}
