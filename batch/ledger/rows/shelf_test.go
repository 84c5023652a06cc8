package rows

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulkinvite/batch"
)

// Whoever is on the shelf comes out as they were, and nobody else is found. The
// first with an id is there, and who is like them.
func TestShelved(t *testing.T) {
	ids := []string{"", "c1", "123e4567-e89b-12d3-a456-426614174000", "123E4567-e89b-12d3-a456-426614174000", `"é\`}
	urls := []string{"", "https://x/%s", "https://x/%s/go?id=%s", "%s", "https://elsewhere"}
	rapid.Check(t, func(t *rapid.T) {
		r := &Request{
			ID: 7, BaseURL: "https://api.example", InterviewID: "i-1",
			Application: rapid.SampledFrom([]string{"", "app"}).Draw(t, "application"), Kind: rapid.SampledFrom(Kinds).Draw(t, "kind"),
			ClaimedAt: time.UnixMicro(rapid.Int64Range(-1e15, 1e16).Draw(t, "claimed")).UTC(),
		}
		for i := range rapid.IntRange(1, 8).Draw(t, "people") {
			p := Person{
				State: rapid.SampledFrom([]batch.State{
					batch.StateNone, batch.StateSending, batch.StateInvited, batch.StateRefused, batch.StateFailed, batch.StateNoInvitation,
				}).Draw(t, "state"), By: rapid.Int64Range(4, 6).Draw(t, "by"),
				Mark:        rapid.SampledFrom([]string{"", "m"}).Draw(t, "mark"),
				CandidateID: rapid.SampledFrom(ids).Draw(t, "id"), IDFrom: rapid.Int64Range(0, 2).Draw(t, "idFrom"), owned: true,
			}
			p.InviteURL = fmt.Sprintf(rapid.SampledFrom(urls).Draw(t, "url"), p.CandidateID)
			r.Emails, r.People = append(r.Emails, fmt.Sprint("p", i)), append(r.People, p)
		}
		for len(r.People) <= fewPeople {
			r.Emails, r.People = append(r.Emails, fmt.Sprint("more", len(r.People))), append(r.People, Person{State: batch.StateSending})
		}
		s := newShelf(r.ID)
		defer s.Close()
		s.reads.Store(shelfAfter)
		s.put(r)
		first := max(0, slices.IndexFunc(r.People, func(p Person) bool { return p.CandidateID != "" }))
		for i := range r.People {
			p, folds := &r.People[i], make([]Fold, 1)
			left := s.serve(5, r.BaseURL, []batch.Key{{InterviewID: "i-1", Email: r.Emails[i]}}, []Match{{0, r.ID}}, folds)
			found, may := len(left) == 0, r.Kind != batch.KindResend && p.Mark == ""
			linked := p.CandidateID != "" && p.InviteURL != p.CandidateID && strings.Contains(p.InviteURL, p.CandidateID)
			if found && !may || !found && may && i == first && (linked || p.InviteURL == "") {
				t.Fatalf("%+v is found: %v", p, found)
			}
			var want Fold
			if found {
				want.Add(5, r, p)
			}
			if diff := cmp.Diff(want, folds[0], cmp.AllowUnexported(Fold{}, Link{})); diff != "" {
				t.Fatalf("%+v: (- want, + got)\n%s", p, diff)
			}
		}
		for _, k := range []batch.Key{{InterviewID: "i-1", Email: "stranger"}, {InterviewID: "i-2", Email: "p0"}} {
			if len(s.serve(5, r.BaseURL, []batch.Key{k}, []Match{{0, r.ID}}, make([]Fold, 1))) == 0 {
				t.Fatalf("%v is found", k)
			}
		}
		if len(s.serve(5, "https://other.example", []batch.Key{{InterviewID: "i-1", Email: "p0"}}, []Match{{0, r.ID}}, make([]Fold, 1))) == 0 {
			t.Fatal("somebody of another base URL is found")
		}
	})
}

// Its file is gone before it is used, whatever happens to the process.
func TestShelfLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	s := newShelf(10)
	if !s.write([]byte("text")) {
		t.Fatal("nothing is written")
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	s.Close()
}
