package batch

import (
	"slices"
	"testing"

	"bulkinvite/client"
)

func TestLooseEmail(t *testing.T) {
	for _, tc := range []struct {
		email     string
		keepsTags bool
		want      string
	}{
		{"ann@example.com", false, "ann@example.com"},
		{"ann.lee@example.com", false, "ann.lee@example.com"}, // dots matter elsewhere
		{"ann.lee@gmail.com", false, "annlee@gmail.com"},
		{"a.n.n.lee+x+y@googlemail.com", false, "annlee@gmail.com"},
		{"a.n.n.lee+x@googlemail.com", true, "annlee+x@gmail.com"},
		{"jobs+ann@example.com", false, "jobs@example.com"},
		{"jobs+ann@example.com", true, "jobs+ann@example.com"},
		{"+ann@example.com", false, "+ann@example.com"}, // all of it would be dropped
		{"ａｎｎ@example.com", false, "ann@example.com"},
		{" ann@example.com\u00a0", false, "ann@example.com"},
		{"application:12", false, "application:12"},
	} {
		if got := looseEmail(tc.email, tc.keepsTags); got != tc.want {
			t.Errorf("looseEmail(%q, %v) = %q, want %q", tc.email, tc.keepsTags, got, tc.want)
		}
	}
}

func TestMatchStrays(t *testing.T) {
	at := func(email, id string, owners ...string) stray {
		s := stray{Invitation: client.Invitation{CandidateID: id}, email: email}
		for _, owner := range owners {
			s.owners = append(s.owners, NewKey("another interview", owner))
		}
		return s
	}
	taken := func(s stray) stray { s.taken = true; return s }
	for name, tc := range map[string]struct {
		missing   []string
		strays    []stray
		keepsTags bool
		want      []int
	}{
		"dots":                         {[]string{"ann.lee@gmail.com"}, []stray{at("annlee@gmail.com", "1")}, false, []int{0}},
		"of two, one":                  {[]string{"b@x.co", "jobs+ann@x.co"}, []stray{at("jobs@x.co", "1")}, false, []int{-1, 0}},
		"another's tag":                {[]string{"jobs+bob@x.co"}, []stray{at("jobs+ann@x.co", "1")}, false, []int{-1}},
		"tags are kept":                {[]string{"jobs+bob@x.co"}, []stray{at("jobs@x.co", "1")}, true, []int{-1}},
		"a row of its own":             {[]string{"jobs+bob@x.co"}, []stray{taken(at("jobs@x.co", "1"))}, false, []int{-1}},
		"known under the id":           {[]string{"old@x.co"}, []stray{at("new@x.co", "1", "old@x.co")}, false, []int{0}},
		"known as somebody else":       {[]string{"jobs+bob@x.co"}, []stray{at("jobs@x.co", "1", "jobs+ann@x.co")}, false, []int{-1}},
		"two of one address":           {[]string{"jobs+ann@x.co", "jobs+bob@x.co"}, []stray{at("jobs@x.co", "1"), at("jobs@x.co", "2")}, false, []int{shared, shared}},
		"two people, one invitation":   {[]string{"jobs+ann@x.co", "jobs+bob@x.co"}, []stray{at("jobs@x.co", "1")}, false, []int{-1, -1}},
		"two of whom one is known":     {[]string{"jobs+ann@x.co", "jobs+bob@x.co"}, []stray{at("jobs@x.co", "1", "jobs+bob@x.co"), at("jobs@x.co", "2")}, false, []int{1, 0}},
		"one person, two invitations":  {[]string{"jobs+ann@x.co"}, []stray{at("jobs@x.co", "1"), at("jobs@x.co", "2")}, false, []int{-1}},
		"no address":                   {[]string{"a@x.co"}, []stray{at("", "1")}, false, []int{-1}},
		"somebody whom nobody expects": {[]string{"a@x.co"}, []stray{at("z@x.co", "1")}, false, []int{-1}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := matchStrays(keysOf(tc.missing...), tc.strays, tc.keepsTags); !slices.Equal(got, tc.want) {
				t.Errorf("places %v, want %v", got, tc.want)
			}
		})
	}
}
