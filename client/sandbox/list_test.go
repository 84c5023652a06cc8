package sandbox_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"bulkinvite/client/sandbox"
)

// Reading on until an empty page shows everyone exactly once and in order,
// whatever the shape of the pages.
func TestPagesShowEveryoneOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := sandbox.Config{
			PageSize:    rapid.IntRange(0, 12).Draw(rt, "page size"),
			FirstPage:   rapid.IntRange(0, 1).Draw(rt, "first page"),
			NewestFirst: rapid.Bool().Draw(rt, "newest first"),
		}
		a := serve(t, cfg)
		want := people(rapid.IntRange(0, 40).Draw(rt, "people"))
		for _, email := range want {
			a.Invite(sandbox.Person{InterviewID: interview, Email: email})
		}
		a.Invite(sandbox.Person{InterviewID: otherOne, Email: "elsewhere@example.com"})
		if cfg.NewestFirst {
			slices.Reverse(want)
		}
		limit := rapid.IntRange(1, 15).Draw(rt, "limit")
		var got []string
		for page := cfg.FirstPage; ; page++ {
			entries := a.list(t, ofInterview(fmt.Sprintf("&page=%d&limit=%d", page, limit))).entries(t)
			if len(entries) == 0 {
				break
			}
			if len(entries) > limit || cfg.PageSize > 0 && len(entries) > cfg.PageSize {
				rt.Fatalf("a page of %d", len(entries))
			}
			for _, e := range entries {
				got = append(got, e.CandidateEmail)
			}
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestListEntry(t *testing.T) {
	a := serve(t, sandbox.Config{})
	invited := a.post(t, invite("Ann@example.com")).invitations(t)[0]
	e := a.list(t, ofInterview("")).entries(t)[0]
	if e.CandidateID != invited.CandidateID || e.InterviewID != interview || e.CandidateEmail != "Ann@example.com" || e.Status == "" {
		t.Errorf("entry %+v, invitation %+v", e, invited)
	}
}

func TestListPages(t *testing.T) {
	a := serve(t, sandbox.Config{})
	a.Invite(sandbox.Person{InterviewID: interview, Email: "ann@example.com"})
	a.Invite(sandbox.Person{InterviewID: interview, Email: "bob@example.com"})
	a.Invite(sandbox.Person{InterviewID: otherOne, Email: "ann@example.com"})
	for query, want := range map[string]int{
		"":                           2,
		"&page=1":                    0,
		"&page=9223372036854775807":  0,
		"&limit=1":                   1,
		"&limit=9223372036854775807": 2,
	} {
		if got := a.list(t, ofInterview(query)).entries(t); len(got) != want {
			t.Errorf("%q: %+v, want %d", query, got, want)
		}
	}
}

func TestListRefusals(t *testing.T) {
	a := serve(t, sandbox.Config{Interviews: []string{interview}, Deleted: []string{otherOne}})
	for query, want := range map[string]int{
		"":                         400,
		"interview_id=":            400,
		"interview_id=an+id":       400,
		"interview_id=" + otherOne: 400,
		"interview_id=unknown":     404,
		ofInterview("&page=x"):     400,
		ofInterview("&page=-1"):    400,
		ofInterview("&limit=0"):    400,
		ofInterview("&limit=x"):    400,
	} {
		if got := a.list(t, query); got.status != want {
			t.Errorf("%q: %d %s, want %d", query, got.status, got.body, want)
		}
	}
}

func TestPageZero(t *testing.T) {
	for mode, want := range map[sandbox.PageZero]int{"": -1, sandbox.PageZeroError: -1, sandbox.PageZeroSame: 1, sandbox.PageZeroEmpty: 0} {
		a := serve(t, sandbox.Config{FirstPage: 1, PageZero: mode})
		a.Invite(sandbox.Person{InterviewID: interview, Email: "ann@example.com"})
		got := a.list(t, ofInterview("&page=0"))
		if want < 0 {
			if got.status != 400 {
				t.Errorf("%q: %d %s, want 400", mode, got.status, got.body)
			}
		} else if len(got.entries(t)) != want {
			t.Errorf("%q: %s, want %d entries", mode, got.body, want)
		}
		for _, query := range []string{"", "&page=1"} {
			if got := a.list(t, ofInterview(query)).entries(t); len(got) != 1 {
				t.Errorf("%q %q: %+v", mode, query, got)
			}
		}
	}
}

func TestListLagsBehind(t *testing.T) {
	for _, newestFirst := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			a := serve(t, sandbox.Config{ListLag: 10 * time.Second, NewestFirst: newestFirst})
			a.post(t, invite("ann@example.com"))
			time.Sleep(4 * time.Second)
			a.post(t, invite("bob@example.com"))
			var got []int
			for range 5 { // at 4, 7, 10, 13, 16 s
				got = append(got, len(a.list(t, ofInterview("")).entries(t)))
				time.Sleep(3 * time.Second)
			}
			if want := []int{0, 0, 1, 1, 2}; !slices.Equal(got, want) {
				t.Errorf("entries: %v, want %v", got, want)
			}
			a.wantEverySession(t, 1, "ann@example.com", "bob@example.com")
		})
	}
}
