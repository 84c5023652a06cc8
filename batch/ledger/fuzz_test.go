package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"bulkinvite/batch"
)

// FuzzCodec: what is written is read back equally, by any JSON function.
func FuzzCodec(f *testing.F) {
	f.Fuzz(func(t *testing.T, a, b, c string) {
		texts := []string{a, b, c}
		encoded := appendTexts(nil, texts)
		got, err := parseTexts(string(encoded))
		checkTexts(t, texts, got, err)
		var plain []string
		checkTexts(t, texts, plain, json.Unmarshal(encoded, &plain))

		checkOutcomes(t, []outcome{
			{0, batch.StateInvited, a, b, ""}, {17, batch.StateNone, c, "", b}, {3, batch.StateFailed, "", a, ""}, {4, batch.StateNoInvitation, "", "", c},
		})
		checkOutcomes(t, []outcome{{0, batch.StateInvited, a, b + a + c, ""}, {1, batch.StateInvited, c, b + c + c, a}})
	})
}

func checkOutcomes(t *testing.T, outcomes []outcome) {
	t.Helper()
	encoded := appendOutcomes(nil, outcomes)
	back, err := parseOutcomes(string(encoded))
	if err != nil || !json.Valid(encoded) {
		t.Fatalf("%s: %v", encoded, err)
	}
	for i := range outcomes {
		outcomes[i].CandidateID = valid(outcomes[i].CandidateID)
		outcomes[i].InviteURL = valid(outcomes[i].InviteURL)
		outcomes[i].Mark = valid(outcomes[i].Mark)
	}
	if !reflect.DeepEqual(outcomes, back) {
		t.Fatalf("%+v came back as %+v", outcomes, back)
	}
}

func checkTexts(t *testing.T, want, got []string, err error) {
	t.Helper()
	if err != nil || len(got) != len(want) {
		t.Fatalf("%q came back as %q, %v", want, got, err)
	}
	for i := range want {
		if got[i] != valid(want[i]) {
			t.Fatalf("%q came back as %q", want, got)
		}
	}
}

// valid is what JSON makes of a text.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// FuzzRows: a ledger whose rows are damaged says so, or says what a slow and
// strict reader finds in them too. It never takes damage for the word that
// somebody was not sent.
func FuzzRows(f *testing.F) {
	f.Fuzz(func(t *testing.T, people, answered string) {
		r := request{id: 1, runID: 1, interviewID: "i", kind: batch.KindInvite}
		texts, textsErr := strictTexts(people)
		if err := r.joinAll(people); (err == nil) != (textsErr == nil) {
			t.Fatalf("people %q: %v, want %v", people, err, textsErr)
		}
		if !slices.Equal(r.emails, texts) || len(r.people) != len(texts) {
			t.Fatalf("people %q are %q, want %q", people, r.emails, texts)
		}
		want, wantErr := strictOutcomes(answered, len(texts))
		if err := r.addAnswer(&answer{id: 2, run: 3, at: 4, text: answered}); (err == nil) != (wantErr == nil) {
			t.Fatalf("answer %q: %v, want %v", answered, err, wantErr)
		}
		if wantErr != nil {
			return
		}
		expected := make([]person, len(texts))
		for i := range expected {
			expected[i] = person{state: batch.StateSending, by: 1, forgotten: strings.HasPrefix(texts[i], "forgotten:")}
		}
		for _, o := range want {
			p := &expected[o.Person]
			if p.state != o.State {
				p.state, p.by, p.since, p.mark = o.State, 3, 4, ""
			}
			if o.Mark != "" {
				p.mark = o.Mark
			}
			if o.CandidateID != "" {
				p.candidateID, p.idFrom = o.CandidateID, 2
			}
			if o.InviteURL != "" {
				p.inviteURL, p.urlFrom = o.InviteURL, 2
			}
		}
		if !slices.Equal(r.people, expected) {
			t.Fatalf("answer %q to %q means %+v, want %+v", answered, people, r.people, expected)
		}
	})
}

// strictTexts takes a JSON array of strings.
func strictTexts(text string) ([]string, error) {
	var elements []*string
	if err := json.Unmarshal([]byte(text), &elements); err != nil {
		return nil, err
	}
	if elements == nil {
		return nil, errors.New("null")
	}
	texts := make([]string, len(elements))
	for i, e := range elements {
		if e == nil {
			return nil, errors.New("null in place of a text")
		}
		texts[i] = *e
	}
	return texts, nil
}

// strictOutcomes takes a JSON array of objects that each name one of so many
// people, who were all being sent, and a state that they can come into. An
// object before them may have what their links are made of.
func strictOutcomes(text string, people int) ([]outcome, error) {
	var elements []struct {
		Person      *int         `json:"person"`
		State       *batch.State `json:"state"`
		CandidateID string       `json:"candidate_id"`
		InviteURL   string       `json:"invite_url"`
		Mark        string       `json:"mark"`
		Links       *string      `json:"links"`
	}
	if err := json.Unmarshal([]byte(text), &elements); err != nil {
		return nil, err
	}
	if elements == nil {
		return nil, errors.New("null")
	}
	links := ""
	if len(elements) > 0 && elements[0].Links != nil {
		e := elements[0]
		links, elements = *e.Links, elements[1:]
		if strings.Count(links, "{candidate_id}") != 1 || e.Person != nil || e.State != nil || e.CandidateID+e.InviteURL+e.Mark != "" {
			return nil, errors.New("the first element is neither links nor somebody")
		}
	}
	states := []batch.State{batch.StateNone, batch.StateSending, batch.StateInvited, batch.StateRefused, batch.StateFailed, batch.StateNoInvitation}
	outcomes := make([]outcome, len(elements))
	told := map[int]batch.State{}
	for i, e := range elements {
		if e.Person == nil || e.State == nil || *e.Person < 0 || *e.Person >= people || !slices.Contains(states, *e.State) {
			return nil, fmt.Errorf("element %d says nothing of anybody", i)
		}
		before, known := told[*e.Person]
		lookedUp := before == batch.StateNoInvitation && *e.State == batch.StateNone
		if known && before != batch.StateSending && *e.State != batch.StateInvited && !lookedUp {
			return nil, fmt.Errorf("element %d takes back what was known", i)
		}
		told[*e.Person] = *e.State
		if e.Links != nil || links != "" && (e.CandidateID == "" || e.InviteURL != "") {
			return nil, fmt.Errorf("element %d has another link than the common one", i)
		}
		if links != "" {
			e.InviteURL = strings.Replace(links, "{candidate_id}", e.CandidateID, 1)
		}
		outcomes[i] = outcome{Person: *e.Person, State: *e.State, CandidateID: e.CandidateID, InviteURL: e.InviteURL, Mark: e.Mark}
	}
	return outcomes, nil
}
