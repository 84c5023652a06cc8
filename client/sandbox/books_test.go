package sandbox_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulkinvite/client/sandbox"
)

// Whatever happens to requests, the books have one session for every time that
// somebody was invited: this is what all other tests stand on.
func TestBooksAreTheTruth(t *testing.T) {
	acts := map[sandbox.Fault]bool{"": true}
	var faults []sandbox.Fault
	for _, info := range sandbox.Faults() {
		if !info.List && info.Fault != sandbox.Late504 && info.Fault != sandbox.Slow { // these two need virtual time
			faults = append(faults, info.Fault)
			acts[info.Fault] = strings.HasSuffix(string(info.Fault), "-after")
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		requests := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 9), 1, 5), 0, 10).Draw(rt, "requests")
		script := map[int]sandbox.Fault{}
		want := map[sandbox.Person]int{}
		for n := range requests {
			script[n+1] = rapid.SampledFrom(append(faults, "")).Draw(rt, "fault")
		}
		a := serve(t, sandbox.Config{PostScript: script})
		for n, who := range requests {
			req := invite()
			for _, i := range who {
				req.Candidates = append(req.Candidates, invite(people(10)[i]).Candidates...)
				if acts[script[n+1]] {
					want[sandbox.Person{InterviewID: interview, Email: people(10)[i]}]++
				}
			}
			a.post(t, req)
		}
		if diff := cmp.Diff(want, a.Sessions()); diff != "" {
			rt.Fatalf("sessions (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want, a.Emails()); diff != "" {
			rt.Fatalf("e-mails (-want +got):\n%s", diff)
		}
		b := a.FullBooks()
		sessions, twice := 0, 0
		for _, n := range want {
			sessions += n
			if n > 1 {
				twice++
			}
		}
		if b.Posts != len(requests) || b.People != len(want) || b.Sessions != sessions || b.Twice != twice || len(b.Everyone) != len(want) {
			rt.Fatalf("books %+v, want %v", b, want)
		}
	})
}

func TestBusiestSecondAndMeanRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := serve(t, sandbox.Config{})
		if b := a.Books(); b.BusiestSecond != 0 || b.MeanRate != 0 {
			t.Errorf("before the first request: %+v", b)
		}
		// The four around the full second are within 0.6 s; the one exactly a
		// second after the first of them is not.
		for _, at := range []time.Duration{0, 700, 900, 1100, 1300, 1700, 4000} {
			time.Sleep(at*time.Millisecond - time.Since(bubbleStart))
			a.list(t, ofInterview(""))
		}
		b := a.Books()
		if b.BusiestSecond != 4 || math.Abs(b.MeanRate-1.5) > 1e-9 { // 6 in the 4 s after the first
			t.Errorf("busiest second %d, want 4; mean rate %v, want 1.5", b.BusiestSecond, b.MeanRate)
		}
	})
}

// bubbleStart is when every synctest bubble begins.
var bubbleStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func TestRequestsThatNameAnInterview(t *testing.T) {
	a := serve(t, sandbox.Config{Deleted: []string{otherOne}, PostScript: map[int]sandbox.Fault{1: sandbox.Before503}})
	req := invite("ann@example.com")
	req.InterviewID = strings.ToUpper(interview)
	a.post(t, req)
	a.post(t, invite("ann@example.com"))
	req.InterviewID = otherOne
	a.post(t, req)
	a.list(t, ofInterview(""))
	want := map[string]sandbox.InterviewBook{interview: {Posts: 2, Lists: 1, People: 1}, otherOne: {Posts: 1}}
	if diff := cmp.Diff(want, a.Books().Interviews); diff != "" {
		t.Errorf("interviews (-want +got):\n%s", diff)
	}
}

func TestInvitedInTheDashboard(t *testing.T) {
	a := serve(t, sandbox.Config{})
	p := sandbox.Person{InterviewID: strings.ToUpper(interview), Email: "Ann@Example.com"}
	id, url := a.Invite(p)
	a.wantEverySession(t, 1, p.Email)
	if gotID, gotURL := a.Link(p); gotID != id || gotURL != url || id == "" {
		t.Errorf("link %s %s, want %s %s", gotID, gotURL, id, url)
	}
	if e := a.list(t, ofInterview("")).entries(t); len(e) != 1 || e[0].CandidateID != id {
		t.Errorf("list %+v", e)
	}
	if a.Posts() != 0 {
		t.Errorf("%d POSTs", a.Posts())
	}
	for _, nobody := range []sandbox.Person{{InterviewID: interview, Email: "bob@example.com"}, {InterviewID: otherOne, Email: p.Email}} {
		if id, url := a.Link(nobody); id != "" || url != "" {
			t.Errorf("%v: link %s %s", nobody, id, url)
		}
	}
}

func TestBooksOverHTTP(t *testing.T) {
	a := serve(t, sandbox.Config{Key: "not the one that is sent"})
	a.Invite(sandbox.Person{InterviewID: interview, Email: "ann@example.com"})
	a.Invite(sandbox.Person{InterviewID: otherOne, Email: "ann@example.com"})
	a.post(t, invite("ann@example.com"))
	for query, want := range map[string]sandbox.Books{"": a.FullBooks(), "?people=no": a.Books()} {
		var got sandbox.Books
		if r := a.do(t.Context(), "GET", "/_books"+query, ""); json.Unmarshal([]byte(r.body), &got) != nil {
			t.Fatalf("%q: %+v", query, r)
		}
		byInterview := func(x, y sandbox.PersonBook) int { return strings.Compare(x.InterviewID, y.InterviewID) }
		slices.SortFunc(got.Everyone, byInterview)
		slices.SortFunc(want.Everyone, byInterview)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
}

func TestBooksForPeople(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := serve(t, sandbox.Config{PostScript: map[int]sandbox.Fault{2: sandbox.AfterDrop}})
		for range 2 {
			a.post(t, invite("ann@example.com", "bob@example.com"))
			time.Sleep(500 * time.Millisecond)
		}
		a.post(t, invite("poison@example.com"))
		a.list(t, ofInterview(""))
		want := `requests   4 (3 invitations, 1 lists), 3.0/s, 3 in the busiest second
answers    reset: 1 200: 2 400: 1
invited    2 people to 1 interviews, 4 e-mails
twice      2 people, 2 sessions too many
`
		if diff := cmp.Diff(want, a.Books().String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// BenchmarkInvite shows what the sandbox costs whoever is measured against it.
func BenchmarkInvite(b *testing.B) {
	box, err := sandbox.New(sandbox.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer box.Close()
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		emails := make([]string, 50)
		for i := range emails {
			emails[i] = fmt.Sprintf("person%d@example.com", n)
			n++
		}
		body, _ := json.Marshal(invite(emails...))
		if w := record(box, "POST", "/interview/invite", "a key", string(body)); w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "people/s")
}
