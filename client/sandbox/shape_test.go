package sandbox_test

import (
	"regexp"
	"strings"
	"testing"

	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

func TestAddressForms(t *testing.T) {
	for form, c := range map[sandbox.AddressForm][]string{
		"":                    {"Ann.Lee+jobs@googlemail.com", "Ann.Lee+jobs@googlemail.com"},
		sandbox.Gmail:         {"Ann.Lee+jobs@GoogleMail.com", "annlee@gmail.com", "A.b+c@example.com", "a.b+c@example.com"},
		sandbox.WithoutTag:    {"Ann.Lee+jobs@example.com", "Ann.Lee@example.com"},
		sandbox.UpperCase:     {"ann@example.com", "ANN@EXAMPLE.COM"},
		sandbox.LowerCase:     {"Ann@Example.com", "ann@example.com"},
		sandbox.UnicodeDomain: {"ann@xn--bcher-kva.example", "ann@bücher.example"},
		sandbox.ASCIIDomain:   {"ann@bücher.example", "ann@xn--bcher-kva.example"},
		sandbox.BlanksAround:  {"ann@example.com", " ann@example.com "},
	} {
		for i := 0; i < len(c); i += 2 {
			a := serve(t, sandbox.Config{AnswerAddresses: form})
			b := serve(t, sandbox.Config{ListAddresses: form})
			answered := a.post(t, invite(c[i])).invitations(t)[0].CandidateEmail
			unchanged := b.post(t, invite(c[i])).invitations(t)[0].CandidateEmail
			listed := b.list(t, ofInterview("")).entries(t)[0].CandidateEmail
			if answered != c[i+1] || listed != c[i+1] || unchanged != c[i] {
				t.Errorf("%s of %s: answered %q, listed %q, want %q", form, c[i], answered, listed, c[i+1])
			}
			a.wantEverySession(t, 1, c[i])
			if book := b.FullBooks().Everyone[0]; book.Email != strings.ToLower(c[i]) || book.Listed != c[i+1] {
				t.Errorf("%s: books %+v", form, book)
			}
		}
	}
	if _, err := sandbox.New(sandbox.Config{ListAddresses: "rot13"}); err == nil || !strings.Contains(err.Error(), "no-tag") {
		t.Errorf("error %v", err)
	}
}

// An alias is the same for a person each time, and another for each person.
func TestAliases(t *testing.T) {
	a := serve(t, sandbox.Config{AnswerAddresses: sandbox.Alias, ListAddresses: sandbox.Alias})
	ann := a.post(t, invite("ann@example.com")).invitations(t)[0].CandidateEmail
	bob := a.post(t, invite("bob@example.com")).invitations(t)[0].CandidateEmail
	listed := a.list(t, ofInterview("")).entries(t)
	if ann == bob || listed[0].CandidateEmail != ann || listed[1].CandidateEmail != bob || strings.Contains(ann, "ann") {
		t.Errorf("%s, %s, %+v", ann, bob, listed)
	}
}

func TestAnswerShapes(t *testing.T) {
	for name, c := range map[string]struct {
		shape  sandbox.AnswerShape
		status int
		body   string // regular expression
	}{
		"created":           {sandbox.AnswerShape{Code: 201}, 201, `^{"status":true,.*"invitations":\[{.*},{.*}\]}}$`},
		"status 1":          {sandbox.AnswerShape{Status: "1"}, 200, `^{"status":1,`},
		"status null":       {sandbox.AnswerShape{Status: "null"}, 200, `^{"status":null,`},
		"status as text":    {sandbox.AnswerShape{Status: `"true"`}, 200, `^{"status":"true",`},
		"null ids":          {sandbox.AnswerShape{Null: []string{"candidate_id"}}, 200, `"candidate_id":null,"invite_url":"h.*"candidate_id":null`},
		"no addresses":      {sandbox.AnswerShape{Absent: []string{"candidate_email"}}, 200, `\[{"candidate_id":"[^{}]*},{"candidate_id":"[^{}]*}\]`},
		"no urls":           {sandbox.AnswerShape{Null: []string{"invite_url"}}, 200, `"invite_url":null`},
		"doubled":           {sandbox.AnswerShape{Doubled: true}, 200, `"invitations":\[{[^}]*},{[^}]*},{[^}]*},{[^}]*}\]`},
		"queued":            {sandbox.AnswerShape{Nobody: true}, 200, `"invitations":\[\]`},
		"holes":             {sandbox.AnswerShape{Holes: true}, 200, `"invitations":\[null,{`},
		"an array":          {sandbox.AnswerShape{Array: true}, 200, `"data":\[{[^}]*},{[^}]*}\]}$`},
		"somebody else":     {sandbox.AnswerShape{Stranger: true}, 200, `\[{[^}]*@example.com[^}]*},{"candidate_email":"stranger-[0-9a-f]*@elsewhere.invalid"[^}]*}\]`},
		"only now and then": {sandbox.AnswerShape{Chance: 1e-9, Code: 201}, 200, `^{"status":true,`},
	} {
		t.Run(name, func(t *testing.T) {
			a := serve(t, sandbox.Config{Shape: &c.shape})
			got := a.post(t, invite("ann@example.com", "bob@example.com"))
			if got.status != c.status || !regexp.MustCompile(c.body).MatchString(got.body) {
				t.Errorf("%d %s, want %d %s", got.status, got.body, c.status, c.body)
			}
			a.wantEverySession(t, 1, "ann@example.com", "bob@example.com")
		})
	}
	for name, shape := range map[string]sandbox.AnswerShape{
		"chance": {Chance: -1}, "code": {Code: 302}, "status": {Status: "yes"}, "field": {Null: []string{"name"}},
	} {
		if _, err := sandbox.New(sandbox.Config{Shape: &shape}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// The last of the two with one address is the person's own.
func TestDoubledInvitations(t *testing.T) {
	a := serve(t, sandbox.Config{Shape: &sandbox.AnswerShape{Doubled: true}})
	got := a.post(t, invite("ann@example.com")).invitations(t)
	ann := sandbox.Person{InterviewID: interview, Email: "ann@example.com"}
	id, url := a.Link(ann)
	if owner, found := a.Owner(id); owner != ann || !found {
		t.Errorf("%s is %v's", id, owner)
	}
	if _, found := a.Owner(got[0].CandidateID); found {
		t.Errorf("%s is somebody's", got[0].CandidateID)
	}
	if got[0].CandidateID == id || got[0].InviteURL == url || got[1].CandidateID != id || got[1].InviteURL != url {
		t.Errorf("%+v, want %s %s last", got, id, url)
	}
}

func TestCrossedAnswers(t *testing.T) {
	a := serve(t, sandbox.Config{Shape: &sandbox.AnswerShape{Crossed: true}})
	for _, c := range []struct{ asked, answered string }{
		{"ann@example.com", "ann@example.com"}, {"bob@example.com", "ann@example.com"}, {"carl@example.com", "bob@example.com"},
	} {
		if got := a.post(t, invite(c.asked)).invitations(t)[0]; got.CandidateEmail != c.answered {
			t.Errorf("%s: %+v, want %s", c.asked, got, c.answered)
		}
	}
	if got := a.post(t, invite("dora@example.com", "eve@example.com")).invitations(t); len(got) != 2 || strings.HasPrefix(got[0].CandidateEmail, "c") {
		t.Errorf("an answer for two: %+v", got)
	}
}

func TestResends(t *testing.T) {
	for name, c := range map[string]struct {
		cfg      sandbox.Config
		sessions map[bool]int // by whether it is without an e-mail
		sameID   bool
	}{
		"as documented":     {sandbox.Config{}, map[bool]int{false: 1, true: 1}, true},
		"second session":    {sandbox.Config{SecondSessionOnResend: true}, map[bool]int{false: 2, true: 1}, true},
		"second of a link":  {sandbox.Config{SecondSessionOnLink: true}, map[bool]int{false: 1, true: 2}, true},
		"an id of nobody's": {sandbox.Config{OtherIDByID: true}, map[bool]int{false: 1, true: 1}, false},
	} {
		for silent, sessions := range c.sessions {
			a := serve(t, c.cfg)
			id, _ := a.Invite(sandbox.Person{InterviewID: interview, Email: "ann@example.com"})
			got := a.post(t, client.InviteRequest{InterviewID: interview, CandidateID: id, DisableEmailNotification: silent}).invitations(t)[0]
			a.wantEverySession(t, sessions, "ann@example.com")
			same := got.CandidateID == id
			if want := c.sameID && sessions == 1; same != want || !strings.HasSuffix(got.InviteURL, got.CandidateID) {
				t.Errorf("%s, silent %v: %+v, the id was %s", name, silent, got, id)
			}
		}
	}
}
