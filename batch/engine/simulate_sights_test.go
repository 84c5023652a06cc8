package engine_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/engine"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// longRun is from how many seeds on each of the rare states has to be reached.
const longRun = 500

// A sight is a state that worlds seldom get into: a simulation that never does
// says nothing about it.
type sight string

// The sights that are seen from outside, beside those that follow from a step
// at which a process dies, and those of the outputs.
const (
	ledgerBroke      sight = "the ledger broke in the middle of a run"
	middleRefusal    sight = "a request was refused and some of it were invited"
	harmlessRefusal  sight = "a request was refused and nobody of it was invited"
	refusedAlone     sight = "somebody alone was refused who made others be refused"
	poisonTogether   sight = "a poison row made a request of several fail"
	poisonAlone      sight = "a poison row stood alone"
	workGoesOn       sight = "work went on behind a 504"
	deadsWork        sight = "the work of a killed run went on in the next"
	lookAnew         sight = "somebody of a request showed after a look that showed others of it"
	showedLate       sight = "somebody showed after a look that had shown nobody of their request"
	nobodyShowed     sight = "a request in doubt had invited nobody, and went again"
	strangerAnswered sight = "an answer named somebody whom nobody asked for"
	otherForm        sight = "an answer named somebody by another form of their address"
	otherPerson      sight = "an answer to one person named another one"
	emptyAnswer      sight = "a good answer named nobody"
	withoutList      sight = "somebody was invited though there is no list"
	listGone         sight = "a list that was there was gone"
	listRefused      sight = "a page of the list was refused"
	endBy404         sight = "a page of the list that is empty was a 404"
	smallerPages     sight = "a list was read with the length of its first page as limit"
	nullAddress      sight = "an entry of the list had no address"
	foreignEntry     sight = "an entry of the list was another interview's"
	repeatedEntry    sight = "a list showed an entry twice in one read"
	bareRefusal      sight = "the gateway refused the key"
	ownRefusal       sight = "the API refused the key in its own envelope"
	own429           sight = "the API itself said that there are too many requests"
	busy503          sight = "a proxy answered 503 to what came too soon"
	secondSession    sight = "a request by candidate id made a second session"
	inventedID       sight = "a request by candidate id was answered with an id that nobody has"
	unlisted         sight = "somebody known to be invited was taken out of the list"
	allHidden        sight = "a list hid people of whom the run knew"
	writtenOff       sight = "people missing from the list were written off"
	runWarned        sight = "a run ended with a warning"
)

var sightsFromOutside = []sight{
	ledgerBroke, middleRefusal, harmlessRefusal, refusedAlone, poisonTogether, poisonAlone, workGoesOn, deadsWork, lookAnew,
	showedLate, nobodyShowed, strangerAnswered, otherForm, otherPerson, emptyAnswer, withoutList, listGone, listRefused, endBy404,
	smallerPages, nullAddress, foreignEntry, repeatedEntry, bareRefusal, ownRefusal, own429, busy503, secondSession, inventedID,
	unlisted, allHidden, writtenOff, runWarned,
}

// allSights returns every state that a long run has to reach.
func allSights() []sight {
	all := slices.Clone(sightsFromOutside)
	for _, at := range []step{ledgerOpen, runBegun, beforeClaim, afterClaim, beforeSend, afterSend, beforeSettle, afterSettle, afterRemember,
		inOutputs, betweenFiles, beforeEnd, beforeClose, atSomeTime} {
		all = append(all, killed(at))
	}
	for _, end := range []batch.End{batch.Finished, batch.Stopped, batch.KeyRefused, batch.APIDown, batch.DeadlineOver} {
		all = append(all, ended(end))
	}
	for _, status := range []batch.Status{batch.StatusInvited, batch.StatusConfirmed, batch.StatusAlreadyInvited, batch.StatusResent, batch.StatusDuplicate} {
		all = append(all, said(string(status)))
	}
	for _, code := range []batch.Code{batch.CodeRefused, batch.CodeInterviewRefused, batch.CodeNoInvitation, batch.CodeAPIError, batch.CodeUncertain, batch.CodeNotSent} {
		all = append(all, said(string(code)))
	}
	return all
}

func killed(at step) sight   { return sight("killed: " + at) }
func said(what string) sight { return sight("a row was " + what) }

func ended(end batch.End) sight {
	return sight("a run " + map[batch.End]string{
		batch.Finished: "finished", batch.Stopped: "was stopped", batch.KeyRefused: "ended because the key was refused",
		batch.APIDown: "ended because the API was down", batch.DeadlineOver: "ended because its time was over",
	}[end])
}

// A logbook counts how many worlds have reached each state.
type logbook struct {
	mu     sync.Mutex
	counts map[sight]int
}

func (b *logbook) addAll(sights map[sight]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range sights {
		b.counts[s]++
	}
}

// check tells in how many worlds each state was reached, and fails a long run
// that has missed one.
func (b *logbook) check(t *testing.T) {
	t.Helper()
	missed := slices.DeleteFunc(allSights(), func(s sight) bool { return b.counts[s] > 0 })
	var told strings.Builder
	for _, s := range slices.Sorted(maps.Keys(b.counts)) {
		fmt.Fprintf(&told, "\n%6d %s", b.counts[s], s)
	}
	t.Logf("in how many of %d worlds:%s\nand in none: %q", *seeds, &told, missed)
	for _, s := range missed {
		if *seeds >= longRun && *kindsDrawn == "" {
			t.Errorf("no world in which %s", s)
		}
	}
}

// A lookout sees what a world gets into.
type lookout struct {
	mu    sync.Mutex
	seen  map[sight]bool
	asked map[batch.Key]*inquiry // requests whose fate the run does not know, by their people
}

// An inquiry is a request of several whose people are looked for in the list.
type inquiry struct {
	people []batch.Key
	shown  map[batch.Key]time.Time
	ended  time.Time
}

func newLookout() *lookout { return &lookout{seen: map[sight]bool{}, asked: map[batch.Key]*inquiry{}} }

func (l *lookout) see(s sight, is bool) {
	if !is {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen[s] = true
}

// watchInvite sees what came of a request.
func (s *simulation) watchInvite(req client.InviteRequest, invitations []client.Invitation, err error) {
	if req.CandidateID != "" {
		s.watchByID(req, invitations)
		return
	}
	invited, broken, several := 0, false, len(req.Candidates) > 1
	for _, c := range req.Candidates {
		id, _ := s.api.Link(sandbox.Person{InterviewID: req.InterviewID, Email: c.Email})
		if id != "" {
			invited++
		}
		broken = broken || strings.HasPrefix(strings.ToLower(c.Email), "broken")
	}
	var apiErr *client.Error
	if !errors.As(err, &apiErr) {
		s.watchAnswer(req, invitations)
		return
	}
	refused, status := apiErr.Fate == client.Refused, apiErr.StatusCode
	l := s.lookout
	l.see(middleRefusal, refused && several && invited > 0 && invited < len(req.Candidates))
	l.see(harmlessRefusal, refused && several && invited == 0)
	l.see(refusedAlone, refused && !several)
	l.see(poisonTogether, broken && several && (status >= 500 || status == 409))
	l.see(poisonAlone, broken && !several && (status >= 500 || status == 409))
	l.see(workGoesOn, status == 504 && s.cfg.GatewayTimeout > 0 && s.api.Books().Pending > 0)
	l.see(bareRefusal, (status == 401 || status == 403) && !apiErr.Envelope)
	l.see(ownRefusal, (status == 401 || status == 403) && apiErr.Envelope)
	l.see(own429, status == 429 && apiErr.Envelope)
	l.see(busy503, status == 503 && s.cfg.ThrottlesBy503)
	if apiErr.Fate == client.Unknown && several {
		l.inquire(req)
	}
}

func (l *lookout) inquire(req client.InviteRequest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := &inquiry{shown: map[batch.Key]time.Time{}, ended: time.Now()}
	for _, c := range req.Candidates {
		key := batch.NewKey(req.InterviewID, c.Email)
		q.people = append(q.people, key)
		l.asked[key] = q
	}
}

// watchAnswer sees whom a good answer names.
func (s *simulation) watchAnswer(req client.InviteRequest, invitations []client.Invitation) {
	asked := map[batch.Key]bool{}
	forms := map[string]bool{}
	for _, c := range req.Candidates {
		asked[batch.NewKey(req.InterviewID, c.Email)] = true
		forms[loose(c.Email)] = true
	}
	l := s.lookout
	l.see(emptyAnswer, len(invitations) == 0)
	l.see(withoutList, s.noList && len(invitations) > 0)
	for _, inv := range invitations {
		foreign := !asked[batch.NewKey(req.InterviewID, inv.CandidateEmail)] && inv.CandidateEmail != "" && req.JobApplicationID == ""
		l.see(otherForm, foreign && forms[loose(inv.CandidateEmail)])
		l.see(strangerAnswered, foreign && !forms[loose(inv.CandidateEmail)])
		l.see(otherPerson, foreign && len(req.Candidates) == 1 && s.isOf("crossed"))
	}
}

// watchByID sees what a request by candidate id made.
func (s *simulation) watchByID(req client.InviteRequest, invitations []client.Invitation) {
	for _, inv := range invitations {
		_, known := s.api.Owner(inv.CandidateID)
		s.lookout.see(secondSession, known && inv.CandidateID != req.CandidateID && s.second)
		s.lookout.see(inventedID, !known && s.cfg.OtherIDByID)
	}
}

// watchList sees what a page of the list was like.
func (s *simulation) watchList(q client.ListRequest, entries []client.Entry, err error) {
	l := s.lookout
	var apiErr *client.Error
	if errors.As(err, &apiErr) {
		l.see(endBy404, apiErr.StatusCode == 404 && apiErr.Envelope && s.listShape.Ends404)
		l.see(listRefused, apiErr.Fate == client.Refused && apiErr.StatusCode != 404)
		l.see(listGone, s.listSeen && !apiErr.Envelope && slices.Contains([]int{403, 404, 405, 501}, apiErr.StatusCode))
		return
	}
	l.see(smallerPages, len(entries) > 0 && q.Limit > 0 && q.Limit < 100)
	keys := map[batch.Key]bool{}
	for _, e := range entries {
		l.see(nullAddress, e.CandidateEmail == "")
		l.see(foreignEntry, e.InterviewID != "" && !strings.EqualFold(e.InterviewID, q.InterviewID))
		key := batch.NewKey(e.InterviewID, e.CandidateEmail)
		l.see(repeatedEntry, keys[key] && e.CandidateEmail != "")
		keys[key] = true
	}
	l.look(keys)
}

// look notes who of the requests in doubt a page shows.
func (l *lookout) look(shown map[batch.Key]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for key := range shown {
		q := l.asked[key]
		if q == nil || !q.shown[key].IsZero() {
			continue
		}
		for _, at := range q.shown {
			if now.Sub(at) > 10*time.Second { // in another look
				l.seen[lookAnew] = true
			}
		}
		if len(q.shown) == 0 && now.Sub(q.ended) > time.Minute {
			l.seen[showedLate] = true
		}
		q.shown[key] = now
	}
}

// again sees that somebody goes again of whose request nobody was found.
func (l *lookout) again(req client.InviteRequest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range req.Candidates {
		q := l.asked[batch.NewKey(req.InterviewID, c.Email)]
		if q != nil && len(q.shown) == 0 {
			l.seen[nobodyShowed] = true
		}
	}
}

// watchEnd sees how a run ended, and what it said.
func (s *simulation) watchEnd(engine *engine.Engine) {
	end, _ := engine.End()
	s.lookout.see(ended(end), true)
	for _, warning := range engine.Warnings() {
		s.lookout.see(runWarned, true)
		s.lookout.see(writtenOff, strings.Contains(warning, "as in the runs before"))
	}
}

// watchRows sees what the outputs say.
func (s *simulation) watchRows(rows []outputRow) {
	for _, r := range rows {
		s.lookout.see(said(string(r.status)+string(r.code)), true)
	}
}
