package ledger_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/ledger/history"
)

func TestOpenRequests(t *testing.T) {
	s := fill(t, filepath.Join(t.TempDir(), "ledger.db"))
	defer s.Close()
	const base = "https://api.example"
	r := begin(t, s)
	key := func(name string) batch.Key { return batch.NewKey("i1", name+"@example.com") }
	claim := func(req batch.Request) int64 {
		t.Helper()
		req.InterviewID = "i1"
		c, err := r.Claim(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	settle := func(id int64, k batch.Key, state batch.State) {
		t.Helper()
		if err := r.Settle(t.Context(), id, batch.Answer{Outcomes: []batch.Settlement{{Key: k, State: state}}}); err != nil {
			t.Fatal(err)
		}
	}
	// Both re-sends of gus may have been sent; that of ann has a newer one that
	// was. A link that nobody got is no doubt.
	application := batch.Key{InterviewID: "i1", Email: "application:A-1"}
	claim(batch.Request{Kind: batch.KindInvite, JobApplicationID: "A-1", People: []batch.Key{application}})
	claim(batch.Request{Kind: batch.KindLink, CandidateID: "c-ann", People: []batch.Key{key("ann")}})
	claim(batch.Request{Kind: batch.KindResend, CandidateID: "c-gus", People: []batch.Key{key("gus")}})
	claim(batch.Request{Kind: batch.KindResend, CandidateID: "c-gus", People: []batch.Key{key("gus")}})
	claim(batch.Request{Kind: batch.KindResend, CandidateID: "c-ann", People: []batch.Key{key("ann")}})
	settle(claim(batch.Request{Kind: batch.KindResend, CandidateID: "c-ann", People: []batch.Key{key("ann")}}), key("ann"), batch.StateInvited)
	// The same address elsewhere is somebody else.
	if err := r.End(t.Context(), nil, 0); err != nil {
		t.Fatal(err)
	}
	var err error
	if r, err = s.Begin(t.Context(), ledger.RunInfo{BaseURL: "https://other.example"}); err != nil {
		t.Fatal(err)
	}
	claim(batch.Request{Kind: batch.KindFound, People: []batch.Key{key("ann")}})

	got, err := s.OpenRequests(t.Context())
	want := []history.OpenRequest{
		{BaseURL: base, Key: key("dee"), State: batch.StateSending, Kind: batch.KindInvite},
		{BaseURL: base, Key: key("fay"), State: batch.StateSending, Kind: batch.KindInvite},
		{BaseURL: base, Key: application, State: batch.StateSending, Kind: batch.KindInvite, JobApplicationID: "A-1"},
		{BaseURL: base, Key: key("gus"), State: batch.StateSending, Kind: batch.KindResend},
		{BaseURL: base, Key: key("gus"), State: batch.StateSending, Kind: batch.KindResend},
		{BaseURL: "https://other.example", Key: key("ann"), State: batch.StateSending, Kind: batch.KindFound},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(history.OpenRequest{}, "RequestID", "RunID", "ClaimedAt")); diff != "" || err != nil {
		t.Errorf("%v; (- want, + got)\n%s", err, diff)
	}
	for _, u := range got {
		if u.ClaimedAt.IsZero() || u.RunID == 0 {
			t.Errorf("%+v", u)
		}
		if r, err = s.Begin(t.Context(), ledger.RunInfo{BaseURL: u.BaseURL}); err != nil {
			t.Fatal(err)
		}
		settle(u.RequestID, u.Key, batch.StateNone)
	}
	if got, err = s.OpenRequests(t.Context()); len(got) > 0 || err != nil {
		t.Errorf("all are settled: %v, %v", got, err)
	}
}

// Who was left out is so as long as the newest of their requests says it.
func TestLeftOut(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	d := diary{t, begin(t, s)}
	person := func(name string, state batch.State) batch.Settlement {
		return batch.Settlement{Key: batch.NewKey("i1", name+"@example.com"), State: state, Mark: "m-" + name}
	}
	invite := batch.Request{Kind: batch.KindInvite, InterviewID: "i1"}
	d.write(invite, "", person("ann", batch.StateNoInvitation), person("bob", batch.StateNoInvitation), person("cyd", batch.StateNoInvitation))
	d.run = begin(t, s)
	d.write(invite, "", person("bob", batch.StateRefused))
	d.write(batch.Request{Kind: batch.KindFound, InterviewID: "i1"}, "", person("cyd", batch.StateInvited))
	got, err := s.LeftOut(t.Context())
	want := []history.OpenRequest{
		{BaseURL: "https://api.example", Key: batch.NewKey("i1", "ann@example.com"), State: batch.StateNoInvitation, Mark: "m-ann", Kind: batch.KindInvite, RequestID: 1, RunID: 1},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(history.OpenRequest{}, "ClaimedAt")); diff != "" || err != nil {
		t.Errorf("%v; (- want, + got)\n%s", err, diff)
	}
}

func TestMembers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := fill(t, path)
	defer s.Close()
	r, err := history.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	key := func(name string) batch.Key { return batch.NewKey("i1", name+"@example.com") }
	want := []history.Member{
		{Key: key("ann"), State: batch.StateInvited, Listed: true},
		{Key: key("cyd"), State: batch.StateSending, Listed: true},
		{Key: key("dee"), State: batch.StateSending, Listed: true},
		{Key: batch.Key{InterviewID: "i1", Email: "o'\"eve@example.com"}, State: batch.StateInvited, Listed: true},
		{Key: key("cyd"), State: batch.StateInvited, Listed: true},
		{Key: key("ann"), State: batch.StateInvited}, // re-sent: by her id, not by her address
		{Key: key("fay"), State: batch.StateSending, Listed: true},
	}
	for who, members := range map[string]func(string, []string, func(history.Member)) error{
		"the run": func(base string, ids []string, f func(history.Member)) error {
			return s.Members(t.Context(), base, ids, f)
		},
		"beside": func(base string, ids []string, f func(history.Member)) error {
			return r.Members(t.Context(), base, ids, f)
		},
	} {
		var got []history.Member
		add := func(m history.Member) { got = append(got, m) }
		if err := members("https://api.example", []string{"i0", "i1"}, add); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (- want, + got)\n%s", who, diff)
		}
		got = nil
		err := members("https://other.example", []string{"i1"}, add)
		if err == nil {
			err = members("https://api.example", []string{"i2"}, add)
		}
		if len(got) > 0 || err != nil {
			t.Errorf("%s: strangers %v, %v", who, got, err)
		}
	}
}

// Who is in doubt is what People tells: somebody who was found in the
// API's list by a later request is none of them.
func TestInDoubt(t *testing.T) {
	r := filledReader(t)
	_, doubts, err := r.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if all, err := r.InDoubt(t.Context(), 0); err != nil || !slices.Equal(all, doubts) || len(all) < 2 {
		t.Errorf("%+v are in doubt, %v; want %+v", all, err, doubts)
	}
	if some, err := r.InDoubt(t.Context(), 2); err != nil || !slices.Equal(some, doubts[1:]) {
		t.Errorf("because of the second run %+v are in doubt, %v; want %+v", some, err, doubts[1:])
	}
}
