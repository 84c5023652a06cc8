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

// Whoever is packed comes out as they were, and nobody else is found.
func TestPacked(t *testing.T) {
	ids := []string{"", "c1", "123e4567-e89b-12d3-a456-426614174000", "123E4567-e89b-12d3-a456-426614174000", `"é\`}
	urls := []string{"", "https://x/%s", "https://x/%s/go?id=%s", "%s", "https://elsewhere"}
	rapid.Check(t, func(t *rapid.T) {
		r := &request{
			id: 7, runID: rapid.Int64().Draw(t, "run"), baseURL: "https://api.example", interviewID: "i-1",
			application: rapid.SampledFrom([]string{"", "app"}).Draw(t, "application"), kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
			claimedAt: time.UnixMicro(rapid.Int64Range(-1e15, 1e16).Draw(t, "claimed")).UTC(),
		}
		for i := range rapid.IntRange(1, 8).Draw(t, "people") {
			p := person{
				state: rapid.SampledFrom(residentStates[:]).Draw(t, "state"), by: rapid.Int64Range(0, 2).Draw(t, "by"),
				since: rapid.Int64Range(0, 2).Draw(t, "since"), mark: rapid.SampledFrom([]string{"", "m"}).Draw(t, "mark"),
				candidateID: rapid.SampledFrom(ids).Draw(t, "id"), idFrom: rapid.Int64Range(0, 2).Draw(t, "idFrom"), owned: true,
			}
			p.inviteURL = fmt.Sprintf(rapid.SampledFrom(urls).Draw(t, "url"), p.candidateID)
			r.emails, r.people = append(r.emails, fmt.Sprint("p", i)), append(r.people, p)
		}
		seed := newShelf(0).seed
		u := &unpacker{packed: pack(nil, seed, r)}
		u.open(r.id)
		if u.request.kind != r.kind || u.request.application != r.application || u.request.claimedAt != r.claimedAt || u.request.runID != r.runID {
			t.Fatalf("%+v came back as %+v", r, u.request)
		}
		for i := range r.people {
			got, found := u.find(seed, r.baseURL, batch.Key{InterviewID: "i-1", Email: r.emails[i]})
			if diff := cmp.Diff(r.people[i], got, cmp.AllowUnexported(person{})); diff != "" || !found {
				t.Fatalf("%s, found: %v: (- want, + got)\n%s", r.emails[i], found, diff)
			}
		}
		for _, k := range []batch.Key{{InterviewID: "i-1", Email: "stranger"}, {InterviewID: "i-2", Email: "p0"}} {
			if _, found := u.find(seed, r.baseURL, k); found {
				t.Fatalf("%v is found", k)
			}
		}
		if _, found := u.find(seed, "https://other.example", batch.Key{InterviewID: "i-1", Email: "p0"}); found {
			t.Fatal("somebody of another base URL is found")
		}
	})
}

const (
	shelfPeople  = 40_000
	shelfPortion = 500
)

// shelved makes a ledger whose requests get onto the shelf, and begins a run in
// it that has looked everybody up in random order.
func shelved(t *testing.T) (*Store, *Run, []batch.Key) {
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
	s, r, keys := shelved(t)
	if n := len(r.book.shelf.places); n == 0 || r.book.shelf.file == nil {
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
	if _, again := r.book.shelf.places[records[0].RequestID]; again {
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
	s, r, keys := shelved(t)
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
	sh := newShelf(10)
	sh.buf = make([]byte, shelfFlush)
	if err := sh.flush(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	sh.close()
	if sh.get(nil, shelfPlace{1, 0, 10}) != nil {
		t.Error("a closed shelf has something")
	}
}
