package rows

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
		encoded := AppendTexts(nil, texts)
		got, err := parseTexts(string(encoded))
		checkTexts(t, texts, got, err)
		var plain []string
		checkTexts(t, texts, plain, json.Unmarshal(encoded, &plain))

		checkOutcomes(t, []Outcome{
			{0, batch.StateInvited, a, b, ""}, {1, batch.StateNone, c, "", b}, {3, batch.StateFailed, "", a, ""}, {4, batch.StateNoInvitation, "", "", c},
		})
		checkOutcomes(t, []Outcome{{0, batch.StateInvited, a, b + a + c, ""}, {2, batch.StateInvited, c, b + c + c, a}, {4, batch.StateRefused, "", "", ""}})
	})
}

func checkOutcomes(t *testing.T, outcomes []Outcome) {
	t.Helper()
	c := Encode(5, outcomes)
	back, err := c.decode(5)
	if err != nil {
		t.Fatalf("%+v: %v", c, err)
	}
	for _, column := range []string{c.IDs, c.Links, c.Marks} {
		if column != "" && !json.Valid([]byte(column)) {
			t.Fatalf("%s is not JSON", column)
		}
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
	for _, seed := range [][5]string{
		{`["a","b"]`, "ix", `["c1",""]`, `"https://x/{candidate_id}"`, ""},
		{`["a","b"]`, "rl", "", "", `["","m"]`},
		{`["a","b"]`, "-i", `["","c2"]`, `["","https://y"]`, ""},
		{`["a","b"]`, "fo", `["é","\\"]`, `"é{candidate_id}{candidate_id}"`, ""},
		{`["a","b"]`, "i-", `["c1","c2"]`, "", ""},
		{`["a","b"]`, "i", `["c1"]`, `["u",null]`, "null"},
		{`["a","b"]`, "iq", `["c1","c2","c3"]`, `"none"`, `[1,2]`},
		{`["forgotten:","b"]`, "hi", "", "", ""},
		{`[]`, "", "[]", "[]", "[]"}, {`null`, "", "", "", ""}, {`["a"]`, "i", `["a","]`, `"`, " "},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4])
	}
	f.Fuzz(func(t *testing.T, people, states, ids, links, marks string) {
		r := Request{ID: 1, RunID: 1, InterviewID: "i", Kind: batch.KindInvite}
		texts, textsErr := strictTexts(people)
		if err := r.JoinAll(people); (err == nil) != (textsErr == nil) {
			t.Fatalf("people %q: %v, want %v", people, err, textsErr)
		}
		if !slices.Equal(r.Emails, texts) || len(r.People) != len(texts) {
			t.Fatalf("people %q are %q, want %q", people, r.Emails, texts)
		}
		c := Columns{states, ids, links, marks}
		want, wantErr := strictOutcomes(c, len(texts))
		if err := r.addAnswer(&Answer{ID: 2, Run: 3, At: 4, columns: c}); (err == nil) != (wantErr == nil) {
			t.Fatalf("answer %q: %v, want %v", c, err, wantErr)
		}
		if wantErr != nil {
			return
		}
		expected := make([]Person, len(texts))
		for i := range expected {
			expected[i] = Person{State: batch.StateSending, By: 1, Forgotten: strings.HasPrefix(texts[i], "forgotten:")}
		}
		for _, o := range want {
			p := &expected[o.Person]
			if p.Mark = o.Mark; p.State != o.State {
				p.State, p.By, p.Since = o.State, 3, 4
			}
			if o.CandidateID != "" {
				p.CandidateID, p.IDFrom = o.CandidateID, 2
			}
			if o.InviteURL != "" {
				p.InviteURL, p.URLFrom = o.InviteURL, 2
			}
		}
		if !slices.Equal(r.People, expected) {
			t.Fatalf("answer %q to %q means %+v, want %+v", c, people, r.People, expected)
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

// strictOutcomes takes a letter for each of so many people, who were all being
// sent, and nothing else of whom it does not tell; and texts, or what is in their
// place.
func strictOutcomes(c Columns, people int) (outcomes []Outcome, err error) {
	states := map[rune]batch.State{
		'i': batch.StateInvited, 'r': batch.StateRefused, 'f': batch.StateFailed,
		'l': batch.StateNoInvitation, 'x': batch.StateNone, 'o': batch.StateSending,
	}
	column := func(text string) []string {
		texts, textsErr := strictTexts(text)
		if text == "" {
			texts, textsErr = make([]string, people), nil
		}
		if textsErr != nil || len(texts) != people {
			texts, err = make([]string, people), fmt.Errorf("column %q", text)
		}
		return texts
	}
	ids, marks, common := column(c.IDs), column(c.Marks), ""
	if strings.HasPrefix(c.Links, `"`) {
		if json.Unmarshal([]byte(c.Links), &common) != nil || strings.Count(common, "{candidate_id}") != 1 {
			return nil, errors.New("no link in common")
		}
		c.Links = ""
	}
	links := column(c.Links)
	if err == nil && len(c.States) != people {
		err = errors.New("too few or too many states")
	}
	for i, letter := range c.States {
		if err != nil {
			return nil, err
		}
		state, known := states[letter]
		if !known && (letter != '-' || ids[i]+links[i]+marks[i] != "") {
			return nil, fmt.Errorf("letter %q", letter)
		}
		if common != "" && ids[i] != "" {
			links[i] = strings.Replace(common, "{candidate_id}", ids[i], 1)
		}
		if known {
			outcomes = append(outcomes, Outcome{i, state, ids[i], links[i], marks[i]})
		}
	}
	return outcomes, err
}
