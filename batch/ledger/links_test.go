package ledger_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
)

// The links of a request that have the same text around the ids are written
// once. Whoever reads the ledger finds each whole, also after one of the people
// was forgotten, of whom then nothing is left.
func TestCommonLinks(t *testing.T) {
	const before, after = "https://interview.example/intro?cid=", "&lang=en"
	path := filepath.Join(t.TempDir(), "ledger.db")
	s, err := ledger.Open(t.Context(), path, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := begin(t, s)
	keys := []batch.Key{batch.NewKey("i1", "ann@example.com"), batch.NewKey("i1", "bob@example.com"), batch.NewKey("i1", "cyd@example.com")}
	ids := []string{"id-of-ann", "id-of-bob", "id-of-cyd"}
	claim, err := r.Claim(t.Context(), batch.Request{Kind: batch.KindInvite, InterviewID: "i1", People: keys})
	if err != nil {
		t.Fatal(err)
	}
	answer := batch.Answer{StatusCode: 200}
	for i, key := range keys {
		answer.Outcomes = append(answer.Outcomes, batch.Settlement{
			Key: key, State: batch.StateInvited, CandidateID: ids[i], InviteURL: before + ids[i] + after,
		})
	}
	if err := r.Settle(t.Context(), claim.ID, answer); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	checkLinks := func(people ...int) {
		t.Helper()
		var lines []string
		records, err := look(t.Context(), path, "https://api.example", keys)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range people {
			link := before + ids[i] + after
			if records[i].InviteURL != link || records[i].CandidateID != ids[i] {
				t.Errorf("%s: %+v", keys[i].Email, records[i])
			}
			if got := histories(t, path, keys[i].Email, "")[0].Requests[0].Answers[0].InviteURL; got != link {
				t.Errorf("%s was told %q", keys[i].Email, got)
			}
			lines = append(lines, keys[i].Email+" "+ids[i]+" "+link)
		}
		if got := invitations(t, path); !slices.Equal(got[:len(lines)], lines) {
			t.Errorf("the view has %q, want %q", got, lines)
		}
	}
	checkLinks(0, 1, 2)
	if n := count(t, path, before); n != 1 {
		t.Errorf("the ledger has the text around the ids %d times", n)
	}
	forget(t, path, "cyd@example.com")
	checkLinks(0, 1)
	if n := count(t, path, ids[2]); n != 0 {
		t.Errorf("the id of somebody who was forgotten is there %d times", n)
	}
}

// count returns how often a text is in the ledger.
func count(t *testing.T, path, text string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(data, []byte(text))
}
