package batch

import "testing"

func TestLooseEmail(t *testing.T) {
	none, kept := TagHabits{}, TagHabits{AtGmail: true, Elsewhere: true}
	for _, tc := range []struct {
		email string
		tags  TagHabits
		want  string
	}{
		{"ann@example.com", none, "ann@example.com"},
		{"ann.lee@example.com", none, "ann.lee@example.com"}, // dots matter elsewhere
		{"ann.lee@gmail.com", none, "annlee@gmail.com"},
		{"a.n.n.lee+x+y@googlemail.com", none, "annlee@gmail.com"},
		{"a.n.n.lee+x@googlemail.com", kept, "annlee+x@gmail.com"},
		{"jobs+ann@example.com", none, "jobs@example.com"},
		{"jobs+ann@example.com", kept, "jobs+ann@example.com"},
		{"jobs+ann@example.com", TagHabits{AtGmail: true}, "jobs@example.com"},
		{"jobs+ann@gmail.com", TagHabits{Elsewhere: true}, "jobs@gmail.com"},
		{"+ann@example.com", none, "+ann@example.com"}, // all of it would be dropped
		{"ａｎｎ@example.com", none, "ann@example.com"},
		{" ann@example.com\u00a0", none, "ann@example.com"},
		{"application:12", none, "application:12"},
	} {
		if got := LooseEmail(tc.email, tc.tags); got != tc.want {
			t.Errorf("looseEmail(%q, %v) = %q, want %q", tc.email, tc.tags, got, tc.want)
		}
	}
}
