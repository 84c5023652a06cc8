package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"bulkinvite/client"
)

// A Rule says how certain requests are answered, whatever the API would say.
// All of its conditions that are set must hold.
type Rule struct {
	List      bool    // for GET /interview/invites, not for POST /interview/invite
	From, To  int     // requests, by their number among all that arrived at the endpoint; 0: from the first, without end
	Every     int     // one in so many of them, the first among it; 0: each
	Chance    float64 // of each, drawn from Seed; 0: all
	Interview string  // that the request names
	Address   string  // somebody's address in the request begins with it, in any letter case; "" takes re-sends as well
	After     int     // pages that the list shows: the rule is for those behind them

	Reply Reply
	Acts  Acts // what a POST does all the same
}

// Acts is what the API does before it answers as a Rule says.
type Acts string

// What is done before an answer. The empty Acts is nothing.
const (
	ActsForAll    Acts = "all"
	ActsForOthers Acts = "others" // all but those whose address begins with Rule.Address
	ActsUpTo      Acts = "up-to"  // those before the first whose address begins with Rule.Address
)

// A Reply is an answer. The zero Reply resets the connection.
type Reply struct {
	Status int // HTTP status
	Form   Form
	// Message is what the answer says. In it, {n} stands for the number of the
	// request, {id} for an id, {date} for the time, and {address} for the first
	// address that begins with Rule.Address.
	Message    string
	RetryAfter time.Duration // as Config.RetryAfter
}

// A Form is what the body of a Reply looks like.
type Form string

// The forms of a Reply. The empty Form is the API's own.
const (
	Enveloped Form = ""     // {"status": false, "message": …}
	Bare      Form = "bare" // {"message": …}, as the gateway says it
	HTML      Form = "html"
)

// NoList returns the rule of an API without a list, which says so in one of the
// NoListWays.
func NoList(way string) (Rule, error) {
	reply, known := noList[way]
	if !known {
		return Rule{}, fmt.Errorf("no list %q: there are %s", way, strings.Join(NoListWays(), ", "))
	}
	return Rule{List: true, Reply: reply}, nil
}

var noList = map[string]Reply{
	"404-html":      {Status: 404, Form: HTML, Message: "Cannot GET /interview/invites"},
	"404-json":      {Status: 404, Form: Bare, Message: "Not Found"},
	"405":           {Status: 405, Form: HTML, Message: "Method Not Allowed"},
	"501":           {Status: 501, Form: HTML, Message: "Not Implemented"},
	"403-missing":   {Status: 403, Form: Bare, Message: "Missing Authentication Token"},
	"403-forbidden": {Status: 403, Form: Bare, Message: "Forbidden"},
}

// NoListWays returns the names that NoList knows.
func NoListWays() []string { return slices.Sorted(maps.Keys(noList)) }

// SetRules puts other rules in the place of those there are.
func (s *Server) SetRules(rules []Rule) error {
	for i := range rules {
		if err := rules[i].validate(); err != nil {
			return fmt.Errorf("sandbox: rule %d: %w", i+1, err)
		}
	}
	rules = slices.Clone(rules)
	s.rules.Store(&rules)
	return nil
}

func (r *Rule) validate() error {
	switch {
	case min(r.From, r.To, r.Every, r.After) < 0, r.To > 0 && r.To < r.From:
		return errors.New("a number must not be negative, nor the last below the first")
	case !(r.Chance >= 0 && r.Chance <= 1):
		return fmt.Errorf("chance %v must be between 0 and 1", r.Chance)
	case r.Reply.RetryAfter < 0:
		return errors.New("a time must not be negative")
	case r.Reply.Status != 0 && (r.Reply.Status < 200 || r.Reply.Status > 999):
		return fmt.Errorf("status %d is none", r.Reply.Status)
	case r.List && (r.Acts != "" || r.Address != ""):
		return errors.New("a list neither acts nor has addresses")
	case !r.List && r.After > 0:
		return errors.New("an invitation has no pages")
	case (r.Acts == ActsForOthers || r.Acts == ActsUpTo) && r.Address == "":
		return fmt.Errorf("acts %q needs an address", r.Acts)
	case !slices.Contains([]Acts{"", ActsForAll, ActsForOthers, ActsUpTo}, r.Acts):
		return fmt.Errorf("acts %q: must be all, others or up-to", r.Acts)
	case !slices.Contains([]Form{Enveloped, Bare, HTML}, r.Reply.Form):
		return fmt.Errorf("form %q: must be bare, html or empty", r.Reply.Form)
	}
	return nil
}

// What a request asks, as far as a Rule looks at it.
type asked struct {
	list       bool
	n          int
	interview  string // normal
	candidates []client.Candidate
	page       int // from 0
	chance     *rand.Rand
}

// rule returns the first rule that applies to a request, or nil.
func (s *Server) rule(q asked) *Rule {
	rules := *s.rules.Load()
	for i := range rules {
		if r := &rules[i]; r.applies(q) {
			return r
		}
	}
	return nil
}

func (r *Rule) applies(q asked) bool {
	from := max(r.From, 1)
	switch {
	case r.List != q.list, q.n < from, r.To > 0 && q.n > r.To:
	case r.Every > 0 && (q.n-from)%r.Every != 0:
	case r.Interview != "" && normalID(r.Interview) != q.interview:
	case r.Address != "" && r.first(q.candidates) == len(q.candidates):
	case r.After > 0 && q.page < r.After:
	case r.Chance > 0 && q.chance.Float64() >= r.Chance:
	default:
		return true
	}
	return false
}

func (r *Rule) names(c client.Candidate) bool { return hasPrefixFold(c.Email, r.Address) }

// first returns the index of the first candidate that the rule names.
func (r *Rule) first(candidates []client.Candidate) int {
	if i := slices.IndexFunc(candidates, r.names); i >= 0 {
		return i
	}
	return len(candidates)
}

// invites returns the candidates that the API invites before it answers as the rule
// says.
func (r *Rule) invites(candidates []client.Candidate) []client.Candidate {
	switch r.Acts {
	case ActsForAll:
		return candidates
	case ActsUpTo:
		return candidates[:r.first(candidates)]
	case ActsForOthers:
		return slices.DeleteFunc(slices.Clone(candidates), r.names)
	}
	return nil
}

// answer returns what the rule has the API say to a request.
func (r *Rule) answer(q asked) answer {
	address := ""
	if i := r.first(q.candidates); i < len(q.candidates) {
		address = q.candidates[i].Email
	}
	message := strings.NewReplacer(
		"{n}", strconv.Itoa(q.n),
		"{id}", fmt.Sprintf("%08x-0000-4000-8000-%012x", q.chance.Uint32(), q.n),
		"{date}", time.Now().UTC().Format(time.RFC3339),
		"{address}", address,
	).Replace(r.Reply.Message)
	var a answer
	switch {
	case r.Reply.Status == 0:
		return dropped
	case r.Reply.Form == HTML:
		a = htmlAnswer(r.Reply.Status, "<html><body><h1>"+http.StatusText(r.Reply.Status)+"</h1><pre>"+message+"</pre></body></html>")
	case r.Reply.Form == Bare:
		a = gatewayAnswer(r.Reply.Status, message)
	default:
		a = *refusal(r.Reply.Status, message)
	}
	a.retryAfter = r.Reply.RetryAfter
	return a
}
