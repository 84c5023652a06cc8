package ledger

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulkinvite/batch"
)

// Whoever is on the shelf comes out as they were, and nobody else is found.
func TestShelved(t *testing.T) {
	ids := []string{"", "c1", "123e4567-e89b-12d3-a456-426614174000", "123E4567-e89b-12d3-a456-426614174000", `"é\`}
	urls := []string{"", "https://x/%s", "https://x/%s/go?id=%s", "%s", "https://elsewhere"}
	rapid.Check(t, func(t *rapid.T) {
		r := &request{
			id: 7, baseURL: "https://api.example", interviewID: "i-1",
			application: rapid.SampledFrom([]string{"", "app"}).Draw(t, "application"), kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
			claimedAt: time.UnixMicro(rapid.Int64Range(-1e15, 1e16).Draw(t, "claimed")).UTC(),
		}
		for i := range rapid.IntRange(1, 8).Draw(t, "people") {
			p := person{
				state: rapid.SampledFrom([]batch.State{
					batch.StateNone, batch.StateSending, batch.StateInvited, batch.StateRefused, batch.StateFailed, batch.StateNoInvitation,
				}).Draw(t, "state"), by: rapid.Int64Range(4, 6).Draw(t, "by"),
				mark:        rapid.SampledFrom([]string{"", "m"}).Draw(t, "mark"),
				candidateID: rapid.SampledFrom(ids).Draw(t, "id"), idFrom: rapid.Int64Range(0, 2).Draw(t, "idFrom"), owned: true,
			}
			p.inviteURL = fmt.Sprintf(rapid.SampledFrom(urls).Draw(t, "url"), p.candidateID)
			r.emails, r.people = append(r.emails, fmt.Sprint("p", i)), append(r.people, p)
		}
		for len(r.people) <= fewPeople {
			r.emails, r.people = append(r.emails, fmt.Sprint("more", len(r.people))), append(r.people, person{state: batch.StateSending})
		}
		s := newShelf(r.id)
		defer s.close()
		s.reads.Store(shelfAfter)
		s.put(r)
		for i := range r.people {
			p, folds := &r.people[i], make([]fold, 1)
			left := s.serve(5, r.baseURL, []batch.Key{{InterviewID: "i-1", Email: r.emails[i]}}, []match{{0, r.id}}, folds)
			if shelved := p.mark == "" && r.kind != batch.KindResend; (len(left) == 0) != shelved {
				t.Fatalf("%s is found: %v", r.emails[i], !shelved)
			}
			var want fold
			if len(left) == 0 {
				want.add(5, r, p)
			}
			if diff := cmp.Diff(want, folds[0], cmp.AllowUnexported(fold{})); diff != "" {
				t.Fatalf("%+v: (- want, + got)\n%s", p, diff)
			}
		}
		for _, k := range []batch.Key{{InterviewID: "i-1", Email: "stranger"}, {InterviewID: "i-2", Email: "p0"}} {
			if len(s.serve(5, r.baseURL, []batch.Key{k}, []match{{0, r.id}}, make([]fold, 1))) == 0 {
				t.Fatalf("%v is found", k)
			}
		}
		if len(s.serve(5, "https://other.example", []batch.Key{{InterviewID: "i-1", Email: "p0"}}, []match{{0, r.id}}, make([]fold, 1))) == 0 {
			t.Fatal("somebody of another base URL is found")
		}
	})
}

// Its file is gone before it is used, whatever happens to the process.
func TestShelfLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	s := newShelf(10)
	s.slots = []byte("text")
	if !s.write() {
		t.Fatal("nothing is written")
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	s.close()
}
