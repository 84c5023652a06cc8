package engine_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client/sandbox"
)

var kindsDrawn = flag.String("kinds", "", "kinds of APIs that every world has, such as addresses,work; none: those that are drawn by chance alone")

// A kind is a way of an API to behave that nothing documented excludes.
type kind struct {
	name string
	draw func(s *simulation, r *rand.Rand)
}

var kinds = []kind{
	{name: "addresses", draw: (*simulation).drawAddresses},
	{name: "work", draw: drawWork},
	{name: "blocked", draw: drawBlocked},
	{name: "broken", draw: drawBroken},
	{name: "forbidden", draw: drawForbidden},
	{name: "firewall", draw: drawFirewall},
	{name: "nolist", draw: drawNoList},
	{name: "busy", draw: drawBusy},
	{name: "throttled", draw: drawThrottled},
	{name: "shape", draw: drawShape},
	{name: "crossed", draw: drawCrossed},
	{name: "stranger", draw: drawStranger},
	{name: "second", draw: drawSecond},
	{name: "pages", draw: drawPages},
	{name: "foreign", draw: drawForeign},
	{name: "late", draw: drawLate},
	{name: "deleted", draw: func(s *simulation, _ *rand.Rand) { s.deletes = map[sandbox.Person]bool{} }},
}

// A nature is what the checks have to know of the kinds of a world's API.
type nature struct {
	kinds     []string
	rules     []sandbox.Rule
	listShape sandbox.ListShape
	email     func(i int) string // the address of the ith line
	prefixes  []string           // of addresses that the API does not invite, which are drawn
	share     float64            // of such lines
	stopped   string             // the prefix of one that does not get through to the API
	forbidden []string           // interviews that this key may not use
	noList    bool
	listSeen  bool                    // the ledger knows that there is a list
	invented  bool                    // answers may have ids and links that nobody has
	second    bool                    // a request by candidate id may make a second session
	lacking   bool                    // answers may lack ids or links
	deletes   map[sandbox.Person]bool // people whom somebody deleted in the dashboard; nil: nobody does that
}

// drawKinds draws the kinds of APIs that the world's is. It has a source of
// chance of its own, so that another kind changes no other world.
func (s *simulation) drawKinds(seed uint64) {
	r := rand.New(rand.NewPCG(seed, 9))
	s.nature = nature{email: func(i int) string { return fmt.Sprintf("p%d@example.com", i) }}
	always := strings.Split(*kindsDrawn, ",")
	for _, k := range kinds {
		drawn := rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
		if r.IntN(6) == 0 || slices.Contains(always, k.name) {
			k.draw(s, drawn)
			s.kinds = append(s.kinds, k.name)
		}
	}
	s.cfg.Rules, s.cfg.ListShape = s.rules, s.listShape
}

func (s *simulation) isOf(kind string) bool { return slices.Contains(s.kinds, kind) }

// drawAddresses has addresses come back in another form, those of answers and
// of the list each in its own.
func (s *simulation) drawAddresses(r *rand.Rand) {
	forms := append(sandbox.AddressForms(), "", sandbox.Gmail, sandbox.WithoutTag)
	s.cfg.AnswerAddresses = pick(r, forms...)
	s.cfg.ListAddresses = pick(r, s.cfg.AnswerAddresses, s.cfg.AnswerAddresses, pick(r, forms...))
	seed := r.Uint64()
	s.email = func(i int) string {
		return fmt.Sprintf(pick(rand.New(rand.NewPCG(seed, uint64(i))), "p%d@example.com", "p.%d@gmail.com", "p%d@gmail.com",
			"p.%d@googlemail.com", "p%d+jobs@example.com", "p%d+jobs@gmail.com", "jobs+p%d@example.com", "p%d@bücher.example",
			"p%d@xn--bcher-kva.example", "P%d@Example.com"), i)
	}
}

// drawWork has each person take their time, also behind the gateway's 504.
func drawWork(s *simulation, r *rand.Rand) {
	s.cfg.PerPerson = pick(r, 300*time.Millisecond, time.Second, 3*time.Second)
	s.cfg.GatewayTimeout = pick(r, 0, 5*time.Second, 29*time.Second)
}

// drawBlocked has some people refused after others of their request were
// invited, with messages of which no two are alike.
func drawBlocked(s *simulation, r *rand.Rand) {
	s.afflict("blocked", 0.02+r.Float64()/10)
	message := pick(r, "Candidate is blocked", "{address} is blocked", "Request {n} of {date} failed, see {id}")
	s.rules = append(s.rules,
		sandbox.Rule{Address: "blocked", Acts: pick(r, sandbox.ActsUpTo, sandbox.ActsForOthers), Reply: sandbox.Reply{Status: pick(r, 400, 404, 422), Message: message}},
		sandbox.Rule{Address: "poison", Reply: sandbox.Reply{Status: 400, Message: message}})
}

// drawBroken has some people's data break the API, which then does nothing.
func drawBroken(s *simulation, r *rand.Rand) {
	s.afflict("broken", 0.02)
	s.rules = append(s.rules, sandbox.Rule{Address: "broken", Reply: sandbox.Reply{
		Status: pick(r, 500, 500, 409, 504), Form: pick(r, sandbox.Enveloped, sandbox.Bare), Message: "broken",
	}})
}

// afflict has a share of the people's addresses begin with a prefix.
func (s *simulation) afflict(prefix string, share float64) {
	s.prefixes = append(s.prefixes, prefix)
	s.share += share
}

// drawForbidden has an interview that this key may not use.
func drawForbidden(s *simulation, r *rand.Rand) {
	id := interviewID(0)
	s.forbidden = append(s.forbidden, id)
	reply := sandbox.Reply{Status: pick(r, 401, 403), Message: "You do not have access to this interview"}
	s.rules = append(s.rules, sandbox.Rule{Interview: id, Reply: reply})
	if r.IntN(2) == 0 {
		s.rules = append(s.rules, sandbox.Rule{List: true, Interview: id, Reply: reply})
	}
}

// drawFirewall has one person's data stopped before the API.
func drawFirewall(s *simulation, r *rand.Rand) {
	email := s.email
	i := r.IntN(20)
	s.stopped = "waf"
	s.email = func(n int) string {
		if n == i {
			return s.stopped + email(n)
		}
		return email(n)
	}
	s.rules = append(s.rules, sandbox.Rule{Address: s.stopped, Reply: sandbox.Reply{Status: 403, Form: pick(r, sandbox.Bare, sandbox.HTML), Message: "Forbidden"}})
}

// drawNoList has an API without a list. Nobody can know there who was invited
// elsewhere.
func drawNoList(s *simulation, r *rand.Rand) {
	rule, err := sandbox.NoList(pick(r, sandbox.NoListWays()...))
	if err != nil {
		panic(err)
	}
	s.noList = true
	s.rules = append([]sandbox.Rule{rule}, s.rules...)
}

// drawBusy has a proxy that answers 503 to what comes too soon.
func drawBusy(s *simulation, r *rand.Rand) {
	s.cfg.ThrottlesBy503, s.cfg.RateLimit = true, pick(r, 1.0, 3, 10)
	s.cfg.RetryAfterDate, s.cfg.RetryAfterOnFaults = r.IntN(2) == 0, r.IntN(2) == 0
}

// drawThrottled has the API itself say that there are too many requests, after
// it has acted or without.
func drawThrottled(s *simulation, r *rand.Rand) {
	s.rules = append(s.rules, sandbox.Rule{
		Chance: 0.1, To: 300, Acts: pick(r, "", sandbox.ActsForAll), Reply: sandbox.Reply{Status: 429, Message: "Too Many Requests"},
	})
}

// drawShape has good answers look otherwise than documented.
func drawShape(s *simulation, r *rand.Rand) {
	field := pick(r, "candidate_id", "candidate_email", "invite_url")
	shape := pick(r,
		sandbox.AnswerShape{Code: 201}, sandbox.AnswerShape{Status: "1"}, sandbox.AnswerShape{Status: "null"},
		sandbox.AnswerShape{Status: `"true"`}, sandbox.AnswerShape{Null: []string{field}}, sandbox.AnswerShape{Absent: []string{field}},
		sandbox.AnswerShape{Doubled: true}, sandbox.AnswerShape{Nobody: true},
		sandbox.AnswerShape{Holes: true}, sandbox.AnswerShape{Array: true})
	shape.Chance = pick(r, 0, 0.2)
	s.cfg.Shape = &shape
	s.lacking = s.lacking || shape.Doubled || len(shape.Null)+len(shape.Absent) > 0
}

// drawCrossed has answers to one person name the one of the answer before.
func drawCrossed(s *simulation, r *rand.Rand) {
	s.cfg.Shape = &sandbox.AnswerShape{Crossed: true, Chance: pick(r, 0, 0.5)}
}

// drawStranger has answers name somebody whom nobody asked for, and leave out
// one who was invited.
func drawStranger(s *simulation, r *rand.Rand) {
	s.cfg.Shape = &sandbox.AnswerShape{Stranger: true, Chance: pick(r, 0, 0.2)}
}

// drawSecond has requests by candidate id make second sessions, or name ids
// that nobody has.
func drawSecond(s *simulation, r *rand.Rand) {
	s.cfg.SecondSessionOnResend, s.cfg.SecondSessionOnLink = r.IntN(2) == 0, r.IntN(2) == 0
	s.cfg.OtherIDByID = r.IntN(3) == 0
	s.second, s.invented = true, s.invented || s.cfg.OtherIDByID
}

// drawPages has the list cut into pages in an unusual way.
func drawPages(s *simulation, r *rand.Rand) {
	s.listShape = pick(r, sandbox.ListShape{Repeats: true}, sandbox.ListShape{Twins: true}, sandbox.ListShape{Skips: true},
		sandbox.ListShape{Strict: true}, sandbox.ListShape{Ends404: true}, sandbox.ListShape{Skips: true, Ends404: true})
}

// drawForeign has a list that shows everybody of all interviews.
func drawForeign(s *simulation, _ *rand.Rand) { s.listShape.Foreign = true }

// drawLate has entries that are there before their addresses.
func drawLate(s *simulation, r *rand.Rand) {
	s.listShape.NullsFor = pick(r, 5*time.Second, 38*time.Second)
}

// loose is the form of an address in which people are found who come back under
// another one.
func loose(email string) string {
	local, domain, _ := strings.Cut(strings.ToLower(strings.TrimSpace(email)), "@")
	local, _, _ = strings.Cut(local, "+")
	domain = strings.ReplaceAll(domain, "xn--bcher-kva", "bücher")
	if domain == "gmail.com" || domain == "googlemail.com" {
		return strings.ReplaceAll(local, ".", "") + "@gmail.com"
	}
	return local + "@" + domain
}

// ambiguous reports whether another line's person of the same interview may
// come back under the same address.
func (s *simulation) ambiguous(l *line) bool {
	if !s.isOf("addresses") {
		return false
	}
	return slices.ContainsFunc(s.lines, func(other *line) bool {
		return other.person != l.person && other.person.InterviewID == l.person.InterviewID && loose(other.person.Email) == loose(l.person.Email)
	})
}

// misnames reports whether the API may name people whom nobody can tell from
// others, or has two forms of their addresses: then a list may show anybody under another address.
func (s *simulation) misnames() bool {
	doubled := s.cfg.Shape != nil && s.cfg.Shape.Doubled && s.anyApplication() // two for an applicant are nobody's
	other := s.cfg.AnswerAddresses == sandbox.Alias || s.cfg.AnswerAddresses != s.cfg.ListAddresses
	return other || doubled || s.isOf("stranger") || s.isOf("crossed")
}

// findable reports whether a list shows a person so that somebody can find
// them who knows nothing but their address.
func (s *simulation) findable(l *line) bool {
	switch s.cfg.ListAddresses {
	case sandbox.Alias:
		return false
	case sandbox.Gmail, sandbox.WithoutTag, sandbox.BlanksAround:
		email := l.person.Email
		return !s.ambiguous(l) && (!strings.Contains(email, "+") && loose(email) == email)
	}
	return true
}

// A mood is a way of an API to behave for one run.
type mood struct {
	name string
	draw func(s *simulation, shape *sandbox.ListShape) []sandbox.Rule
}

var moods = []mood{
	{name: "ties", draw: func(_ *simulation, shape *sandbox.ListShape) []sandbox.Rule { shape.Ties = true; return nil }},
	{name: "moves", draw: func(s *simulation, shape *sandbox.ListShape) []sandbox.Rule { shape.Moves = 1 + s.IntN(5); return nil }},
	{name: "stale", draw: func(s *simulation, shape *sandbox.ListShape) []sandbox.Rule {
		shape.Stale = !s.refusesInTheMiddle() // an age at which somebody was shown says nothing there
		return nil
	}},
	{name: "shortlist", draw: func(s *simulation, _ *sandbox.ListShape) []sandbox.Rule {
		reply := sandbox.Reply{Status: pick(s.Rand, 400, 403, 422), Message: "page is too large"}
		return []sandbox.Rule{{List: true, After: 1 + s.IntN(3), Reply: reply}}
	}},
	{name: "gone", draw: func(s *simulation, _ *sandbox.ListShape) []sandbox.Rule {
		rule, err := sandbox.NoList(pick(s.Rand, sandbox.NoListWays()...))
		s.must(err)
		return s.unlessStrange(rule)
	}},
	{name: "flapping", draw: func(s *simulation, _ *sandbox.ListShape) []sandbox.Rule {
		return []sandbox.Rule{s.flapping(pick(s.Rand, 401, 403))}
	}},
	{name: "flappinglist", draw: func(s *simulation, _ *sandbox.ListShape) []sandbox.Rule {
		rule := s.flapping(pick(s.Rand, 401, 403))
		rule.List = true
		return s.unlessStrange(rule)
	}},
}

// flapping is a key that the gateway refuses now and then.
func (s *simulation) flapping(status int) sandbox.Rule {
	return sandbox.Rule{Chance: pick(s.Rand, 0.05, 0.3), Reply: sandbox.Reply{Status: status, Form: sandbox.Bare, Message: "Forbidden"}}
}

// unlessStrange returns a rule by which the list is refused, unless people were
// invited elsewhere of whom a run could not know then: it does not know that
// there is a list, or invites one of them to see whether the key is good.
func (s *simulation) unlessStrange(rule sandbox.Rule) []sandbox.Rule {
	denied := rule.Reply.Status == 401 || rule.Reply.Status == 403
	if len(s.elsewhere) > 0 && (denied || !s.listSeen) {
		return nil
	}
	return []sandbox.Rule{rule}
}

// drawMood draws how the API behaves in the next run.
func (s *simulation) drawMood() {
	shape, rules := s.listShape, slices.Clone(s.rules)
	always := strings.Split(*kindsDrawn, ",")
	for _, m := range moods {
		drawn := s.IntN(20) == 0
		if s.noList || !drawn && !slices.Contains(always, m.name) {
			continue
		}
		rules = append(m.draw(s, &shape), rules...)
		s.log.add("the list's mood: %s", m.name)
	}
	s.must(s.api.SetListShape(shape))
	s.must(s.api.SetRules(rules))
}

// refusesInTheMiddle reports whether the API may refuse a request after it has
// invited somebody of it.
func (s *simulation) refusesInTheMiddle() bool {
	return s.halfway || s.cfg.PartialRefusals || s.isOf("blocked")
}

// delete takes somebody out of the list whom the ledger knows to be invited.
func (s *simulation) delete() {
	if s.deletes == nil || s.IntN(1+4*len(s.deletes)) > 0 {
		return
	}
	for _, l := range s.lines {
		if l.listed() && s.remembered[l.Key()] == batch.StateInvited && s.api.Sessions()[l.person] > 0 && s.IntN(4) == 0 {
			s.api.Unlist(l.person)
			s.deletes[l.person] = true
			s.lookout.see(unlisted, true)
			s.log.add("%v is deleted in the dashboard", l.person)
			return
		}
	}
}

// lacksSomebody reports whether the list of a row's interview lacks somebody who
// was deleted, and may not be believed because of that.
func (s *simulation) lacksSomebody(row outputRow) bool {
	if row.code != batch.CodeUncertain && row.code != batch.CodeNotSent {
		return false
	}
	for p := range s.deletes {
		if p.InterviewID == row.line.InterviewID {
			return true
		}
	}
	return false
}
