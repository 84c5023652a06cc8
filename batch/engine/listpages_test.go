package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// However the API cuts its list into pages, nobody is invited twice, and where
// the list can be read at all everybody is invited.
func TestListsInStrangePages(t *testing.T) {
	lost := map[int]sandbox.Fault{1: sandbox.After500, 3: sandbox.Before503}
	for name, c := range map[string]struct {
		cfg        sandbox.Config
		unreadable bool
	}{
		"ties":                           {cfg: sandbox.Config{ListShape: sandbox.ListShape{Ties: true}}, unreadable: true},
		"ties, from 1":                   {cfg: sandbox.Config{FirstPage: 1, NewestFirst: true, ListShape: sandbox.ListShape{Ties: true}}, unreadable: true},
		"404 at the end":                 {cfg: sandbox.Config{FirstPage: 1, ListShape: sandbox.ListShape{Ends404: true}}, unreadable: false},
		"404 at the end, small pages":    {cfg: sandbox.Config{PageSize: 20, ListShape: sandbox.ListShape{Ends404: true}}, unreadable: false},
		"the last page for ever":         {cfg: sandbox.Config{PageSize: 30, NewestFirst: true, ListShape: sandbox.ListShape{Repeats: true}}, unreadable: false},
		"each page twice":                {cfg: sandbox.Config{ListShape: sandbox.ListShape{Twins: true}}, unreadable: false},
		"each page twice, from 1":        {cfg: sandbox.Config{FirstPage: 1, PageZero: sandbox.PageZeroSame, ListShape: sandbox.ListShape{Twins: true}}, unreadable: false},
		"pages with gaps between":        {cfg: sandbox.Config{PageSize: 30, FirstPage: 1, ListShape: sandbox.ListShape{Skips: true}}, unreadable: false},
		"pages with gaps, newest first":  {cfg: sandbox.Config{PageSize: 30, NewestFirst: true, ListShape: sandbox.ListShape{Skips: true}}, unreadable: false},
		"a limit that is refused":        {cfg: sandbox.Config{PageSize: 30, ListShape: sandbox.ListShape{Strict: true}}, unreadable: false},
		"others' entries between":        {cfg: sandbox.Config{PageSize: 30, ListShape: sandbox.ListShape{Foreign: true}}, unreadable: false},
		"entries that move to the end":   {cfg: sandbox.Config{PageSize: 30, FirstPage: 1, ListShape: sandbox.ListShape{Moves: 10}}, unreadable: false},
		"the same, from the second page": {cfg: sandbox.Config{PageSize: 30, ListShape: sandbox.ListShape{Moves: 40}}, unreadable: false},
	} {
		t.Run(name, func(t *testing.T) {
			c.cfg.PostScript = lost
			inWorld(t, c.cfg, func(w *world) {
				others := rows(append(named("other", 110, 1), named("other", 40, 0)...)...)
				w.elsewhere(others)
				in := rows(people(400, 0)...)
				r := w.withinADay(in)
				w.nobodyTwice()
				if c.unreadable {
					return
				}
				if n := r.count(); n["invited"]+n["confirmed"] != 400 || n["confirmed"] == 0 {
					t.Errorf("%v; the run ended %d: %s; %v; %+v", n, r.end, r.reason, r.warnings, r.outcomes[0])
				}
				w.onceEach(append(in, others...))
			})
		})
	}
}

// A page that is refused behind good ones says nothing of the interview: its
// people are not sent, since it is not known who was invited elsewhere.
func TestPageBehindAGoodOneIsRefused(t *testing.T) {
	inWorld(t, sandbox.Config{PageSize: 10}, func(w *world) {
		w.elsewhere(rows(people(50, 0)...))
		w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) {
			return nil, q.Page > 2, &client.Error{Fate: client.Refused, Envelope: true, StatusCode: 400, Message: "page is too large"}
		}
		in := rows(people(100, 0)...)
		r := w.withinADay(in)
		w.counts(r, map[string]int{"already_invited": 30, "not_sent": 70})
		w.nobodyTwice()
		if len(r.warnings) != 1 {
			t.Errorf("warnings %q", r.warnings)
		}
	})
}

// Entries that the run's own invitations push from page to page make no look a
// failed one.
func TestListMovesWhileSending(t *testing.T) {
	cfg := sandbox.Config{NewestFirst: true, PostScript: map[int]sandbox.Fault{4: sandbox.After500, 11: sandbox.Before503, 19: sandbox.AfterDrop}}
	for _, pageSize := range []int{10, 100} {
		t.Run(fmt.Sprint(pageSize), func(t *testing.T) {
			cfg.PageSize = pageSize
			inWorld(t, cfg, func(w *world) {
				w.opts.ChunkSize, w.opts.Rate = 20, 2
				in := rows(people(3000, 0)...)
				w.counts(w.withinADay(in), map[string]int{"invited": 2960, "confirmed": 40})
				w.onceEach(in)
			})
		})
	}
}

// A list that ignores for which interview it is asked is the empty one of an
// interview to which nobody is invited yet, in the nights after as well, if its
// other ids are spelled as those that we know.
func TestListOfOtherInterviewsAlone(t *testing.T) {
	inWorld(t, sandbox.Config{ListShape: sandbox.ListShape{Foreign: true}}, func(w *world) {
		first, second := rows(people(10, 0)...), rows(people(10, 1)...)
		w.counts(w.withinADay(first), map[string]int{"invited": 10})
		w.losing(false, "p3@example.com")
		w.counts(w.withinADay(second), map[string]int{"invited": 9, "api_error": 1})
		w.hook.invite = nil
		w.counts(w.withinADay(second), map[string]int{"already_invited": 9, "invited": 1})
		w.onceEach(append(first, second...))
	})
}

// An id that is spelled in another way may be that of the interview.
func TestListSpellsIDsInAnotherWay(t *testing.T) {
	for name, c := range map[string]struct {
		asked string
		shown func(string) string
		ours  bool
	}{
		"braces":              {asked: interviewID(1), shown: func(id string) string { return "{" + id + "}" }, ours: true},
		"no dashes":           {asked: interviewID(1), shown: func(id string) string { return strings.ReplaceAll(id, "-", "") }, ours: true},
		"numbers of its own":  {asked: interviewID(1), shown: func(string) string { return "17" }, ours: false},
		"another UUID":        {asked: interviewID(1), shown: func(string) string { return interviewID(17) }, ours: false},
		"an id with capitals": {asked: "summer-abc", shown: strings.ToUpper, ours: false},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, sandbox.Config{}, func(w *world) {
				in := rows(people(5, 1)...)
				for i := range in {
					in[i].Candidate.InterviewID = c.asked
				}
				w.elsewhere(in)
				w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) {
					entries, err := w.hook.API.Invites(w.Context(), q)
					for i := range entries {
						entries[i].InterviewID = c.shown(entries[i].InterviewID)
					}
					return entries, true, err
				}
				want := "not_sent"
				if c.ours {
					want = "already_invited"
				}
				w.counts(w.withinADay(in), map[string]int{want: 5})
			})
		})
	}
}
