package ledger

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
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
				state: rapid.SampledFrom(residentStates[:]).Draw(t, "state"), by: rapid.Int64Range(4, 6).Draw(t, "by"),
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

const (
	shelfPeople  = 40_000
	shelfPortion = 500
)

// onShelf makes a ledger whose requests get onto the shelf, and begins a run in
// it that has looked everybody up in random order.
func onShelf(t *testing.T) (*Store, *Run, []batch.Key) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	s, r := benchRun(t, path)
	invite(t, r, 0, shelfPeople)
	benchEnd(t, s, r)
	s, r = benchRun(t, path)
	keys := benchKeys(0, shelfPeople)
	rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	checkInvited(t, r, keys)
	return s, r, keys
}

func checkInvited(t *testing.T, r *Run, keys []batch.Key) {
	t.Helper()
	for start := 0; start < len(keys); start += shelfPortion {
		records, err := r.Lookup(t.Context(), keys[start:start+shelfPortion])
		if err != nil {
			t.Fatal(err)
		}
		for i, rec := range records {
			want := batch.Record{
				State: batch.StateInvited, RequestID: rec.RequestID, Kind: batch.KindInvite,
				CandidateID: benchInterview, InviteURL: "https://interview.micro1.ai/intro/micro1?cid=" + benchInterview,
			}
			if rec != want {
				t.Fatalf("%v: %+v", keys[start+i], rec)
			}
		}
	}
}

// People in random order are found on the shelf, and what is settled meanwhile
// is seen at once.
func TestShelf(t *testing.T) {
	s, r, keys := onShelf(t)
	if n := len(r.book.shelf.requests); n == 0 || r.book.shelf.file == nil {
		t.Fatalf("%d requests are on the shelf", n)
	}
	checkInvited(t, r, keys)
	records, err := r.Lookup(t.Context(), keys[:1])
	if err != nil {
		t.Fatal(err)
	}
	answer := batch.Answer{Outcomes: []batch.Settlement{{Key: keys[0], State: batch.StateInvited, CandidateID: "new"}}}
	if err := r.Settle(t.Context(), records[0].RequestID, answer); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if records, err = r.Lookup(t.Context(), keys[:shelfPortion]); err != nil || records[0].CandidateID != "new" {
			t.Fatalf("%+v, %v", records[0], err)
		}
	}
	if _, again := r.book.shelf.requests[records[0].RequestID]; again {
		t.Error("a request that changes is on the shelf again")
	}
	strangers, err := r.Lookup(t.Context(), benchKeys(shelfPeople, 2*shelfPeople))
	if err != nil {
		t.Fatal(err)
	}
	for i, rec := range strangers {
		if rec != (batch.Record{}) {
			t.Fatalf("stranger %d: %+v", i, rec)
		}
	}
	benchEnd(t, s, r)
}

// A shelf for which there is no room does without.
func TestShelfWithoutRoom(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "nowhere"))
	s, r, keys := onShelf(t)
	if !r.book.shelf.closed {
		t.Error("there is a file in a folder that there is not")
	}
	checkInvited(t, r, keys)
	benchEnd(t, s, r)
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
