package sandbox_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulkinvite/client/sandbox"
)

// pages reads so many pages, and returns the numbers of those on each: people
// are person0, person1 and so on.
func (a api) pages(t *testing.T, limit, n int) [][]int {
	t.Helper()
	var got [][]int
	for page := range n {
		numbers := []int{}
		for _, e := range a.list(t, ofInterview(fmt.Sprintf("&page=%d&limit=%d", page, limit))).entries(t) {
			name, _, _ := strings.Cut(strings.TrimPrefix(e.CandidateEmail, "person"), "@")
			number, err := strconv.Atoi(name)
			if err != nil {
				number = -1
			}
			numbers = append(numbers, number)
		}
		got = append(got, numbers)
	}
	return got
}

// inviteEach invites people, a second apart.
func (a api) inviteEach(n int) {
	for _, email := range people(n) {
		a.Invite(sandbox.Person{InterviewID: interview, Email: email})
		time.Sleep(time.Second)
	}
}

func TestListShapes(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  sandbox.Config
		want [][]int
	}{
		"the oldest":            {sandbox.Config{ListShape: sandbox.ListShape{Cap: 4}}, [][]int{{0, 1, 2}, {3}, {}}},
		"the newest":            {sandbox.Config{ListShape: sandbox.ListShape{Cap: -4}}, [][]int{{4, 5, 6}, {7}, {}}},
		"the newest, backwards": {sandbox.Config{NewestFirst: true, ListShape: sandbox.ListShape{Cap: -4}}, [][]int{{7, 6, 5}, {4}, {}}},
		"no addresses at first": {sandbox.Config{ListShape: sandbox.ListShape{NullsFor: 4 * time.Second}}, [][]int{{0, 1, 2}, {3, 4, -1}, {-1, -1}}},
		"repeated":              {sandbox.Config{ListShape: sandbox.ListShape{Repeats: true}}, [][]int{{0, 1, 2}, {3, 4, 5}, {6, 7}, {6, 7}, {6, 7}}},
		"twins":                 {sandbox.Config{ListShape: sandbox.ListShape{Twins: true}}, [][]int{{0, 1, 2}, {0, 1, 2}, {3, 4, 5}, {3, 4, 5}, {6, 7}}},
		"shorter pages, skipped by the limit": {sandbox.Config{PageSize: 2, ListShape: sandbox.ListShape{Skips: true}},
			[][]int{{0, 1}, {3, 4}, {6, 7}, {}}},
		"moving": {sandbox.Config{ListShape: sandbox.ListShape{Moves: 1}}, [][]int{{0, 1, 2}, {4, 5, 6}, {1, 2}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := serve(t, c.cfg)
				a.inviteEach(8)
				if got := a.pages(t, 3, len(c.want)); fmt.Sprint(got) != fmt.Sprint(c.want) {
					t.Errorf("%v, want %v", got, c.want)
				}
			})
		})
	}
}

// The pages of a list with ties do not belong to one order, but each is the
// same whenever it is asked for.
func TestListWithTies(t *testing.T) {
	a := serve(t, sandbox.Config{ListShape: sandbox.ListShape{Ties: true}})
	for _, email := range people(30) {
		a.Invite(sandbox.Person{InterviewID: interview, Email: email})
	}
	got := a.pages(t, 10, 4)
	if fmt.Sprint(got) != fmt.Sprint(a.pages(t, 10, 4)) {
		t.Error("another order in each read")
	}
	seen := slices.Concat(got...)
	slices.Sort(seen)
	if len(seen) != 30 || len(slices.Compact(seen)) == 30 || len(got[3]) != 0 {
		t.Errorf("everybody is shown once: %v", got)
	}
}

func TestStaleLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := serve(t, sandbox.Config{ListLag: 10 * time.Second, ListShape: sandbox.ListShape{Stale: true}})
		a.Invite(sandbox.Person{InterviewID: interview, Email: "person0@example.com"})
		time.Sleep(5 * time.Second)
		shown := 0
		for range 40 {
			shown += len(a.pages(t, 3, 1)[0])
		}
		time.Sleep(5 * time.Second)
		if shown == 0 || shown == 40 || len(a.pages(t, 3, 1)[0]) != 1 {
			t.Errorf("shown %d times of 40", shown)
		}
	})
}

func TestListWithEntriesOfOtherInterviews(t *testing.T) {
	a := serve(t, sandbox.Config{ListShape: sandbox.ListShape{Foreign: true}})
	a.Invite(sandbox.Person{InterviewID: otherOne, Email: "bob@example.com"})
	a.Invite(sandbox.Person{InterviewID: interview, Email: "ann@example.com"})
	got := a.list(t, ofInterview("")).entries(t)
	if len(got) != 2 || got[0].InterviewID != otherOne || got[1].InterviewID != interview {
		t.Errorf("%+v", got)
	}
}

func TestListAnswersOddly(t *testing.T) {
	strict := serve(t, sandbox.Config{PageSize: 50, ListShape: sandbox.ListShape{Strict: true, Ends404: true}})
	for query, want := range map[string]int{"&limit=100": 400, "&limit=50": 404, "": 404} {
		if got := strict.list(t, ofInterview(query)); got.status != want || !strings.Contains(got.body, `"status":false`) {
			t.Errorf("%q: %d %s, want %d", query, got.status, got.body, want)
		}
	}
	strict.Invite(sandbox.Person{InterviewID: interview, Email: "ann@example.com"})
	if got := strict.list(t, ofInterview("")).entries(t); len(got) != 1 {
		t.Errorf("%+v", got)
	}
	for name, shape := range map[string]sandbox.ListShape{
		"negative": {Moves: -1}, "negative time": {NullsFor: -1}, "no empty page": {Repeats: true, Ends404: true},
	} {
		if _, err := sandbox.New(sandbox.Config{ListShape: shape}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestUnlist(t *testing.T) {
	a := serve(t, sandbox.Config{})
	ann := sandbox.Person{InterviewID: interview, Email: "ann@example.com"}
	a.Invite(ann)
	a.Invite(sandbox.Person{InterviewID: interview, Email: "bob@example.com"})
	a.Invite(ann)
	a.Unlist(sandbox.Person{InterviewID: strings.ToUpper(interview), Email: "Ann@example.com"})
	a.Unlist(sandbox.Person{InterviewID: otherOne, Email: "nobody@example.com"})
	if got := a.list(t, ofInterview("")).entries(t); len(got) != 1 || got[0].CandidateEmail != "bob@example.com" {
		t.Errorf("%+v", got)
	}
	if n := a.Sessions()[ann]; n != 2 {
		t.Errorf("the books have %d sessions", n)
	}
}
