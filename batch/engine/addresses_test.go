package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// spelled are people whose addresses an API may keep in another form.
func spelled() []batch.Candidate {
	var list []batch.Candidate
	for i := range 8 {
		for _, email := range []string{"ann.lee%d@gmail.com", "Bob.Ray%d+jobs@googlemail.com", "cem%d+jobs@example.com", "dee%d@bücher.example", "eve%d@example.com"} {
			list = append(list, candidate(fmt.Sprintf(email, i), 0))
		}
	}
	return list
}

// asked checks that everybody was asked for once, in whatever form the API keeps
// them.
func (w *world) asked(in input) {
	w.Helper()
	sessions := w.api.Sessions()
	total := 0
	for p, n := range sessions {
		if total += n; n > 1 {
			w.Errorf("%v was invited %d times", p, n)
		}
	}
	if total != len(in) {
		w.Errorf("%d invitations for %d people", total, len(in))
	}
}

// An API that keeps addresses in a form of its own invites everybody once, over
// three nights, whatever the size of the requests, and nobody is called left
// out.
func TestAddressesComeBackInAnotherForm(t *testing.T) {
	for _, form := range sandbox.AddressForms() {
		if form == sandbox.Alias {
			continue
		}
		for _, size := range []int{1, 50} {
			t.Run(fmt.Sprint(form, size), func(t *testing.T) {
				inWorld(t, sandbox.Config{AnswerAddresses: form, ListAddresses: form}, func(w *world) {
					in := rows(spelled()...)
					w.opts.ChunkSize = size
					w.counts(w.withinADay(in), map[string]int{"invited": len(in)})
					for range 2 {
						r := w.withinADay(in)
						w.counts(r, map[string]int{"already_invited": len(in)})
						w.ownLinks(in, r)
					}
					w.asked(in)
				})
			})
		}
	}
}

// ownLinks checks that nobody has somebody else's id.
func (w *world) ownLinks(in input, r result) {
	w.Helper()
	for i, o := range r.outcomes {
		c := in[i].Candidate
		id, url := w.api.Link(sandbox.Person{InterviewID: c.InterviewID, Email: strings.ToLower(c.Email)})
		if o.CandidateID != id || o.InviteURL != url {
			w.Errorf("row %d (%s): %s %s, want %s %s", i, c.Email, o.CandidateID, o.InviteURL, id, url)
		}
	}
}

// An API that answers with addresses of its own says nothing about who is
// missing: they stay uncertain, night after night, and one warning says why.
func TestAddressesThatNothingExplains(t *testing.T) {
	for _, size := range []int{1, 50} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			inWorld(t, sandbox.Config{AnswerAddresses: sandbox.Alias, ListAddresses: sandbox.Alias}, func(w *world) {
				in := rows(people(60, 0)...)
				w.opts.ChunkSize = size
				r := w.withinADay(in)
				w.counts(r, map[string]int{"uncertain": 60})
				if n := len(r.warnings); n != 1 || !strings.Contains(r.warnings[0], "p0***@example.com") || !strings.Contains(r.outcomes[0].Error, "--assume") {
					t.Errorf("warnings %q, error %q", r.warnings, r.outcomes[0].Error)
				}
				w.counts(w.withinADay(in), map[string]int{"uncertain": 60})
				w.counts(w.withinADay(rows(people(70, 0)...)), map[string]int{"uncertain": 70})
				w.nobodyTwice()
			})
		})
	}
}

// Whoever the API leaves out is not sent again before the row changes.
func TestLeftOutUntilTheRowChanges(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		list := people(5, 0)
		list[2].Email = "no at sign"
		w.counts(w.withinADay(rows(list...)), map[string]int{"invited": 4, "no_invitation": 1})
		r := w.withinADay(rows(list...))
		w.counts(r, map[string]int{"already_invited": 4, "no_invitation": 1})
		if r.posts != 0 || !strings.Contains(r.outcomes[2].Error, "--assume not-sent") {
			t.Errorf("%d requests, error %q", r.posts, r.outcomes[2].Error)
		}
		list[2].Name = "Cem Example"
		if r := w.withinADay(rows(list...)); r.posts != 1 {
			t.Errorf("%d requests for a row that has changed", r.posts)
		}
		list[2].Email = "cem@example.com"
		w.counts(w.withinADay(rows(list...)), map[string]int{"already_invited": 4, "invited": 1})
	})
}

// An API that answers one person with another's invitation gives nobody a link
// that is not theirs, and invites nobody twice.
func TestAnswersThatNameSomebodyElse(t *testing.T) {
	for name, list := range map[string][]batch.Candidate{"alone": people(20, 0), "applications": applied(20)} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, sandbox.Config{Shape: &sandbox.AnswerShape{Crossed: true}}, func(w *world) {
				in := rows(list...)
				w.opts.ChunkSize, w.opts.Concurrency, w.opts.Links = 1, 1, batch.LinksNone
				for range 2 {
					seen := map[string]int{}
					for i, o := range w.withinADay(in).outcomes {
						if o.CandidateID == "" {
							continue
						}
						if other, twice := seen[o.CandidateID]; twice {
							t.Errorf("rows %d and %d have one id", other, i)
						}
						seen[o.CandidateID] = i
					}
				}
				w.nobodyTwice()
			})
		})
	}
}

// The invitation under an address that several people are kept under may be that of
// one whose answer was lost: nobody else gets their link.
func TestAnswerThatMayBeOfOneWhoseAnswerWasLost(t *testing.T) {
	rule, err := sandbox.NoList("404-html")
	if err != nil {
		t.Fatal(err)
	}
	cfg := sandbox.Config{Shape: &sandbox.AnswerShape{Crossed: true}, AnswerAddresses: sandbox.WithoutTag, Rules: []sandbox.Rule{rule}}
	inWorld(t, cfg, func(w *world) {
		w.opts.ChunkSize, w.opts.Concurrency = 1, 1
		lost := false
		w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
			if lost || q.CandidateID != "" {
				return nil, false, nil
			}
			lost = true
			invitations, err := w.hook.API.Invite(w.Context(), q)
			w.must(err)
			return invitations, true, err500
		}
		in := rows(candidate("jobs+ann@example.com", 0), candidate("jobs+bob@example.com", 0))
		w.counts(w.withinADay(in), map[string]int{"uncertain": 2})
		w.counts(w.withinADay(in), map[string]int{"uncertain": 2})
		w.asked(in)
	})
}

func applied(n int) []batch.Candidate {
	list := people(n, 0)
	for i := range list {
		list[i].JobApplicationID = fmt.Sprint("a-", i)
	}
	return list
}

// Nobody's invitation is sent again under an id that is somebody else's, and an
// answer that names somebody else records nobody.
func TestResendUnderAnotherID(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		in := rows(people(3, 0)...)
		sent := w.run(in)
		again := slices.Clone(in)
		for i := range again {
			again[i].Candidate.CandidateID = sent.outcomes[(i+1)%2].CandidateID // two are exchanged, the third has the second's
		}
		emails := w.api.Books().Emails
		r := w.withinADay(again)
		w.counts(r, map[string]int{"invalid_value": 3})
		if !strings.Contains(r.outcomes[0].Error, "p1***@example.com's") {
			t.Errorf("error %q", r.outcomes[0].Error)
		}
		if now := w.api.Books().Emails; now != emails {
			t.Errorf("%d e-mails were sent", now-emails)
		}
		again[0].Candidate.CandidateID = "never-hers"
		w.counts(w.withinADay(again[:1]), map[string]int{"invalid_value": 1})
	})
}

func TestResendIsAnsweredWithSomebodyElse(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		in := rows(people(3, 0)...)
		sent := w.run(in)
		for i := range in {
			in[i].Candidate.CandidateID = sent.outcomes[i].CandidateID
		}
		var before []client.Invitation
		w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
			now, err := w.hook.API.Invite(w.Context(), q)
			answer := now
			if len(before) > 0 {
				answer = before
			}
			before = now
			return answer, true, err
		}
		w.opts.Concurrency = 1
		for i, o := range w.withinADay(in).outcomes {
			if o.Status == batch.StatusResent && o.CandidateID != in[i].Candidate.CandidateID {
				t.Errorf("row %d has another's id: %+v", i, o)
			}
		}
	})
}

// A re-send that is answered with a new id has made a second session.
func TestResendMakesASecondSession(t *testing.T) {
	inWorld(t, sandbox.Config{SecondSessionOnResend: true}, func(w *world) {
		in := rows(people(3, 0)...)
		sent := w.run(in)
		for i := range in {
			in[i].Candidate.CandidateID = sent.outcomes[i].CandidateID
		}
		r := w.withinADay(in)
		if len(r.warnings) != 1 || !strings.Contains(r.warnings[0], "second session") {
			t.Errorf("warnings %q", r.warnings)
		}
	})
}

// Two people whose addresses the API keeps as one are invited once each, and
// neither gets what may be the other's link.
func TestAddressesThatBecomeOne(t *testing.T) {
	inWorld(t, sandbox.Config{AnswerAddresses: sandbox.WithoutTag, ListAddresses: sandbox.WithoutTag}, func(w *world) {
		in := rows(candidate("jobs+ann@example.com", 0), candidate("jobs+bob@example.com", 0), candidate("cem@example.com", 0))
		r := w.withinADay(in)
		w.counts(r, map[string]int{"invited": 3})
		if r.outcomes[0].CandidateID != "" || r.outcomes[1].CandidateID != "" || r.outcomes[2].CandidateID == "" {
			t.Errorf("outcomes %+v", r.outcomes)
		}
		w.counts(w.withinADay(in), map[string]int{"already_invited": 3})
		w.asked(in)
	})
}

// Of entries under one address of which others have some nobody knows which is left.
func TestEntryThatOthersLeave(t *testing.T) {
	inWorld(t, sandbox.Config{AnswerAddresses: sandbox.WithoutTag, ListAddresses: sandbox.WithoutTag, NewestFirst: true}, func(w *world) {
		w.counts(w.withinADay(rows(mailbox()[:2]...)), map[string]int{"invited": 2})
		w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
			_, err := w.hook.API.Invite(w.Context(), q)
			w.must(err)
			return nil, len(q.Candidates) > 0, err500
		}
		in := rows(mailbox()[:3]...)
		r := w.withinADay(in)
		w.counts(r, map[string]int{"already_invited": 2, "confirmed": 1})
		if id := r.outcomes[2].CandidateID; id != "" {
			t.Errorf("the third has the id %s", id)
		}
		w.asked(in)
	})
}

// mailbox are people behind one mailbox, which the API keeps under one address,
// and its owner.
func mailbox() []batch.Candidate {
	var list []batch.Candidate
	for _, email := range []string{"jobs+ann@example.com", "jobs+bob@example.com", "jobs+cem@example.com", "jobs+dee@example.com", "jobs@example.com"} {
		list = append(list, candidate(email, 0))
	}
	return list
}

// People whom the API keeps under the address of another row are not absent
// because that row accounts for the address: nobody knows whose an entry is.
func TestAddressesThatBecomeAnotherRows(t *testing.T) {
	for name, lost := range map[string]bool{"answered": false, "lost": true} {
		for size := 1; size <= 5; size++ {
			t.Run(fmt.Sprint(name, size), func(t *testing.T) {
				inWorld(t, sandbox.Config{AnswerAddresses: sandbox.WithoutTag, ListAddresses: sandbox.WithoutTag}, func(w *world) {
					in := rows(mailbox()...)
					w.opts.ChunkSize, w.opts.Concurrency = size, 1
					w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
						answer, err := w.hook.API.Invite(w.Context(), q)
						if lost && len(q.Candidates) > 0 {
							return nil, true, &client.Error{StatusCode: 500}
						}
						return answer, true, err
					}
					for range 3 {
						for i, o := range w.withinADay(in).outcomes {
							own, _ := w.api.Link(sandbox.Person{InterviewID: in[i].Candidate.InterviewID, Email: in[i].Candidate.Email})
							if size > 1 && o.CandidateID != "" && o.CandidateID != own {
								t.Errorf("row %d has the id of another", i)
							}
						}
					}
					w.nobodyTwice()
				})
			})
		}
	}
}

// An API that drops tags may keep Gmail's dots: a lost answer is told by its list
// all the same, the next night too.
func TestTagsAreDroppedAndDotsAreNot(t *testing.T) {
	inWorld(t, sandbox.Config{ListAddresses: sandbox.WithoutTag}, func(w *world) {
		in := rows(candidate("ann.lee+jobs@gmail.com", 0), candidate("bob.ray+jobs@gmail.com", 0), candidate("cem@example.com", 0))
		w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
			answer, err := w.hook.API.Invite(w.Context(), q)
			if len(q.Candidates) > 0 {
				return nil, true, &client.Error{StatusCode: 500}
			}
			return answer, true, err
		}
		w.counts(w.withinADay(in), map[string]int{"confirmed": 3})
		w.counts(w.withinADay(in), map[string]int{"already_invited": 3})
		w.asked(in)
	})
}

// The one entry of a row that is known to be invited is its own, and says nothing
// about others whom the API would keep under its address.
func TestAnOwnEntryIsNobodyElses(t *testing.T) {
	inWorld(t, sandbox.Config{AnswerAddresses: sandbox.WithoutTag, ListAddresses: sandbox.WithoutTag}, func(w *world) {
		in := rows(mailbox()[3:]...)
		w.counts(w.withinADay(rows(mailbox()[4:]...)), map[string]int{"invited": 1})
		lost := false
		w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
			first := !lost
			lost = true
			return nil, first, &client.Error{StatusCode: 500}
		}
		w.withinADay(in)
		w.asked(in)
	})
}
