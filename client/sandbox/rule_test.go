package sandbox_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulkinvite/client/sandbox"
)

// invited returns the local parts of those who have a session, in order.
func (a api) invited() string {
	var names []string
	for p, n := range a.Sessions() {
		for range n {
			name, _, _ := strings.Cut(p.Email, "@")
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestRulesAnswerAndAct(t *testing.T) {
	blocked := sandbox.Reply{Status: 400, Message: "blocked"}
	for name, c := range map[string]struct {
		rule    sandbox.Rule
		status  int
		body    string // regular expression
		invited string
	}{
		"before anything":  {sandbox.Rule{Address: "BLK", Reply: blocked}, 400, `^{"status":false,"message":"blocked"}$`, ""},
		"in the middle":    {sandbox.Rule{Address: "blk", Reply: blocked, Acts: sandbox.ActsUpTo}, 400, "", "ann bob"},
		"after the others": {sandbox.Rule{Address: "blk", Reply: blocked, Acts: sandbox.ActsForOthers}, 400, "", "ann bob carl"},
		"after all":        {sandbox.Rule{Reply: sandbox.Reply{Status: 500}, Acts: sandbox.ActsForAll}, 500, "", "ann blk1 bob carl"},
		"nobody named":     {sandbox.Rule{Address: "dora", Reply: blocked}, 200, "", "ann blk1 bob carl"},
		"this interview":   {sandbox.Rule{Interview: strings.ToUpper(interview), Reply: sandbox.Reply{Status: 403, Message: "no"}}, 403, `^{"status":false,`, ""},
		"another one":      {sandbox.Rule{Interview: otherOne, Reply: blocked}, 200, "", "ann blk1 bob carl"},
		"the gateway":      {sandbox.Rule{Reply: sandbox.Reply{Status: 403, Form: sandbox.Bare, Message: "Forbidden"}}, 403, `^{"message":"Forbidden"}$`, ""},
		"a web page":       {sandbox.Rule{Reply: sandbox.Reply{Status: 403, Form: sandbox.HTML}}, 403, `^<html>.*Forbidden`, ""},
		"no answer":        {sandbox.Rule{Acts: sandbox.ActsForAll}, 0, "", "ann blk1 bob carl"},
		"the list alone":   {sandbox.Rule{List: true, Reply: blocked}, 200, "", "ann blk1 bob carl"},
		"ids and dates": {sandbox.Rule{Address: "blk", Reply: sandbox.Reply{Status: 400, Message: "{address}: request {n}, {id} at {date}"}}, 400,
			`"blk1@example.com: request 1, [0-9a-f]{8}-.*-000000000001 at 20\d\d-.*Z"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := serve(t, sandbox.Config{Rules: []sandbox.Rule{c.rule}})
			got := a.post(t, invite("ann@example.com", "bob@example.com", "blk1@example.com", "carl@example.com"))
			if got.status != c.status || !regexp.MustCompile(c.body).MatchString(got.body) || a.invited() != c.invited {
				t.Errorf("%d %s, invited are %q; want %d %s and %q", got.status, got.body, a.invited(), c.status, c.body, c.invited)
			}
		})
	}
}

func TestRulesChooseRequests(t *testing.T) {
	reply := sandbox.Reply{Status: 409}
	for name, c := range map[string]struct {
		rules []sandbox.Rule
		want  []int
	}{
		"all":       {[]sandbox.Rule{{Reply: reply}}, []int{409, 409, 409, 409, 409, 409}},
		"one":       {[]sandbox.Rule{{From: 2, To: 2, Reply: reply}}, []int{200, 409, 200, 200, 200, 200}},
		"from":      {[]sandbox.Rule{{From: 4, Reply: reply}}, []int{200, 200, 200, 409, 409, 409}},
		"to":        {[]sandbox.Rule{{To: 2, Reply: reply}}, []int{409, 409, 200, 200, 200, 200}},
		"flapping":  {[]sandbox.Rule{{From: 2, Every: 2, Reply: reply}}, []int{200, 409, 200, 409, 200, 409}},
		"the first": {[]sandbox.Rule{{From: 3, To: 3, Reply: sandbox.Reply{Status: 401}}, {From: 2, Reply: reply}}, []int{200, 409, 401, 409, 409, 409}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, list := range []bool{false, true} {
				for i := range c.rules {
					c.rules[i].List = list
				}
				a := serve(t, sandbox.Config{Rules: c.rules})
				var got []int
				for range c.want {
					if list {
						got = append(got, a.list(t, ofInterview("")).status)
					} else {
						got = append(got, a.post(t, invite("ann@example.com")).status)
					}
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("list %v: %v, want %v", list, got, c.want)
				}
			}
		})
	}
}

// Which requests a chance strikes depends on the seed and their numbers alone.
func TestRulesByChance(t *testing.T) {
	strikes := func() (got []int) {
		a := serve(t, sandbox.Config{Seed: 5, Rules: []sandbox.Rule{{Chance: 0.3, Reply: sandbox.Reply{Status: 403, Form: sandbox.Bare}}}})
		for range 100 {
			got = append(got, a.post(t, invite("ann@example.com")).status)
		}
		return got
	}
	first := strikes()
	n := 0
	for _, status := range first {
		if status == 403 {
			n++
		}
	}
	if n < 15 || n > 45 || !slices.Equal(first, strikes()) {
		t.Errorf("%d of 100: %v", n, first)
	}
}

func TestRulesForPages(t *testing.T) {
	a := serve(t, sandbox.Config{FirstPage: 1, Rules: []sandbox.Rule{{List: true, After: 2, Reply: sandbox.Reply{Status: 400}}}})
	for page, want := range map[string]int{"1": 200, "2": 200, "3": 400, "9": 400} {
		if got := a.list(t, ofInterview("&page="+page)); got.status != want {
			t.Errorf("page %s: %d, want %d", page, got.status, want)
		}
	}
}

func TestRulesThatCannotBeKept(t *testing.T) {
	for name, rule := range map[string]sandbox.Rule{
		"negative":          {From: -1},
		"backwards":         {From: 3, To: 2},
		"chance":            {Chance: 2},
		"negative time":     {Reply: sandbox.Reply{RetryAfter: -1}},
		"status":            {Reply: sandbox.Reply{Status: 20}},
		"form":              {Reply: sandbox.Reply{Form: "xml"}},
		"acts":              {Acts: "some"},
		"others of nobody":  {Acts: sandbox.ActsForOthers},
		"a list that acts":  {List: true, Acts: sandbox.ActsForAll},
		"pages of a post":   {After: 1},
		"a list of persons": {List: true, Address: "ann"},
	} {
		if _, err := sandbox.New(sandbox.Config{Rules: []sandbox.Rule{rule}}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNoList(t *testing.T) {
	if _, err := sandbox.NoList("404"); err == nil {
		t.Error("404 is two ways")
	}
	for _, way := range sandbox.NoListWays() {
		rule, err := sandbox.NoList(way)
		if err != nil {
			t.Fatal(err)
		}
		a := serve(t, sandbox.Config{Rules: []sandbox.Rule{rule}})
		got := a.list(t, ofInterview(""))
		if strconv.Itoa(got.status) != way[:3] || strings.Contains(got.body, `"status"`) {
			t.Errorf("%s: %d %s", way, got.status, got.body)
		}
		if got := a.post(t, invite("ann@example.com")); got.status != 200 {
			t.Errorf("%s: an invitation is answered %d", way, got.status)
		}
	}
}

// A throttle that answers 503, with the time to wait as seconds and as a date.
func TestThrottlesBy503(t *testing.T) {
	for _, date := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			a := serve(t, sandbox.Config{RateLimit: 1, ThrottlesBy503: true, RetryAfter: 1500 * time.Millisecond, RetryAfterDate: date})
			a.post(t, invite("ann@example.com"))
			got := a.post(t, invite("bob@example.com"))
			want := "2"
			if date {
				want = time.Now().Add(2 * time.Second).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
			}
			if got.status != 503 || !strings.HasPrefix(got.body, "<html>") || got.header.Get("Retry-After") != want {
				t.Errorf("%d %s %v, want 503 and %s", got.status, got.body, got.header, want)
			}
			a.wantEverySession(t, 1, "ann@example.com")
		})
	}
}

func TestRetryAfterOnFaults(t *testing.T) {
	a := serve(t, sandbox.Config{
		RetryAfter: time.Minute, RetryAfterOnFaults: true, PostScript: map[int]sandbox.Fault{1: sandbox.Before503, 2: sandbox.After500},
		Rules: []sandbox.Rule{{From: 3, Reply: sandbox.Reply{Status: 403, RetryAfter: 24 * time.Hour}}},
	})
	for _, want := range []string{"60", "60", "86400"} {
		if got := a.post(t, invite("ann@example.com")); got.header.Get("Retry-After") != want {
			t.Errorf("%d with %v, want %s", got.status, got.header, want)
		}
	}
}

// The gateway gives up and the work goes on, person by person.
func TestWorkGoesOnBehindThe504(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := serve(t, sandbox.Config{PerPerson: time.Second, GatewayTimeout: 29 * time.Second})
		if got := a.post(t, invite(people(40)...)); got.status != 504 {
			t.Errorf("%d %s, want 504", got.status, got.body)
		}
		var got []int
		for range 4 {
			time.Sleep(5*time.Second + time.Millisecond)
			got = append(got, len(a.Sessions()))
		}
		if want := []int{34, 39, 40, 40}; !slices.Equal(got, want) {
			t.Errorf("%v sessions, want %v", got, want)
		}
		start := time.Now()
		if got := a.post(t, invite("ann@example.com")); got.status != 200 || time.Since(start) != time.Second {
			t.Errorf("%d after %v", got.status, time.Since(start))
		}
	})
}

// Close ends the work behind a 504 as it ends everything else.
func TestCloseEndsWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := serve(t, sandbox.Config{PerPerson: time.Second, GatewayTimeout: 5 * time.Second})
		a.post(t, invite(people(40)...))
		a.Close()
		if n := len(a.Sessions()); n > 6 {
			t.Errorf("%d sessions after 5 s", n)
		}
	})
}

// What an API does may change while it is up.
func TestRulesAndShapesChange(t *testing.T) {
	a := serve(t, sandbox.Config{Rules: []sandbox.Rule{{Reply: sandbox.Reply{Status: 409}}}, ListShape: sandbox.ListShape{Ends404: true}})
	if post, list := a.post(t, invite("ann@example.com")), a.list(t, ofInterview("")); post.status != 409 || list.status != 404 {
		t.Errorf("%d and %d", post.status, list.status)
	}
	if a.SetRules(nil) != nil || a.SetListShape(sandbox.ListShape{}) != nil {
		t.Error("refused")
	}
	if post, list := a.post(t, invite("ann@example.com")), a.list(t, ofInterview("")); post.status != 200 || list.status != 200 {
		t.Errorf("%d and %d", post.status, list.status)
	}
	if a.SetRules([]sandbox.Rule{{From: -1}}) == nil || a.SetListShape(sandbox.ListShape{Moves: -1}) == nil {
		t.Error("not refused")
	}
}
