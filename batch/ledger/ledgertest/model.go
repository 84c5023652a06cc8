package ledgertest

import (
	"context"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"bulkinvite/batch"
)

// A model is a ledger as the doc comments of batch tell it, without regard to
// speed, memory or power cuts.
type model struct {
	base     string
	run      int
	memory   map[[2]string]string // by base URL and name
	requests []*modelRequest      // by number, ascending
	written  int                  // settlements so far
}

type modelRequest struct {
	id        int64
	base      string
	kind      batch.Kind
	applied   string // the job application
	claimedAt time.Time
	order     []batch.Key
	people    map[batch.Key]*modelPerson
}

type modelPerson struct {
	state       batch.State
	run         int // that brought them into the state
	since       time.Time
	mark        string
	candidateID []told
	inviteURL   []told
}

type told struct {
	when int
	text string
}

// where returns the requests that name the key, and who it is there.
func (m *model) where(k batch.Key) (requests []*modelRequest, people []*modelPerson) {
	for _, r := range m.requests {
		if p := r.people[k]; p != nil && r.base == m.base {
			requests, people = append(requests, r), append(people, p)
		}
	}
	return requests, people
}

func (m *model) record(k batch.Key) batch.Record {
	var rec batch.Record
	requests, people := m.where(k)
	newest := func(state batch.State, kinds ...batch.Kind) bool {
		for i := len(requests) - 1; i >= 0; i-- {
			r, p := requests[i], people[i]
			for _, kind := range kinds {
				if r.kind == kind && (p.state == state || state == "any") {
					rec.State, rec.RequestID, rec.Kind, rec.ThisRun = p.state, r.id, r.kind, p.run == m.run
					rec.JobApplicationID, rec.Mark = r.applied, p.mark
					return true
				}
			}
		}
		return false
	}
	_ = newest(batch.StateInvited, batch.KindInvite, batch.KindFound, batch.KindResend) ||
		newest(batch.StateSending, batch.KindInvite, batch.KindFound) ||
		newest("any", batch.KindInvite)

	idWhen, urlWhen := -1, -1
	for i, p := range people {
		if p.state == batch.StateInvited {
			rec.CandidateID, idWhen = newer(rec.CandidateID, idWhen, p.candidateID)
			rec.InviteURL, urlWhen = newer(rec.InviteURL, urlWhen, p.inviteURL)
		}
		maybeSent := p.state == batch.StateInvited || p.state == batch.StateSending
		if requests[i].kind == batch.KindResend && maybeSent && !requests[i].claimedAt.Before(rec.ResentAt) {
			rec.ResentAt, rec.ResentState = requests[i].claimedAt, p.state
		}
	}
	return rec
}

func newer(text string, when int, all []told) (string, int) {
	for _, t := range all {
		if t.when > when {
			text, when = t.text, t.when
		}
	}
	return text, when
}

// holds reports whether the doc comment of Claim holds the person.
func (m *model) holds(req batch.Request, k batch.Key, named bool, now time.Time) bool {
	rec := m.record(k)
	switch req.Kind {
	case batch.KindInvite:
		tried := rec.State == batch.StateRefused || rec.State == batch.StateNoInvitation || rec.State == batch.StateFailed
		return named || rec.State == batch.StateInvited || rec.State == batch.StateSending || tried && rec.ThisRun
	case batch.KindResend:
		return named && req.ResendAfter > 0 || !rec.ResentAt.IsZero() && now.Sub(rec.ResentAt) < req.ResendAfter
	case batch.KindFound:
		return rec.State == batch.StateInvited
	default:
		return false
	}
}

func (m *model) claim(req batch.Request, now time.Time) (claimed *modelRequest, held []bool) {
	claimed = &modelRequest{base: m.base, kind: req.Kind, applied: req.JobApplicationID, claimedAt: now, people: map[batch.Key]*modelPerson{}}
	for _, k := range req.People {
		hold := m.holds(req, k, claimed.people[k] != nil, now)
		held = append(held, hold)
		if !hold && claimed.people[k] == nil {
			claimed.people[k] = &modelPerson{state: batch.StateSending, run: m.run}
			claimed.order = append(claimed.order, k)
		}
	}
	return claimed, held
}

// settle returns whether the settlements are lawful, and if so makes them.
func (m *model) settle(id int64, settlements []batch.Settlement, now time.Time) bool {
	var r *modelRequest
	for _, candidate := range m.requests {
		if candidate.id == id && candidate.base == m.base {
			r = candidate
		}
	}
	if r == nil {
		return false
	}
	states := map[batch.Key]batch.State{}
	for k, p := range r.people {
		states[k] = p.state
	}
	for _, s := range settlements {
		old, in := states[s.Key]
		lookedUp := old == batch.StateNoInvitation && s.State == batch.StateNone
		if !in || s.State != batch.StateInvited && old != batch.StateSending && !lookedUp {
			return false
		}
		states[s.Key] = s.State
	}
	for _, s := range settlements {
		m.written++
		p := r.people[s.Key]
		if p.state != s.State {
			p.state, p.run, p.since, p.mark = s.State, m.run, now, ""
		}
		if s.Mark != "" {
			p.mark = s.Mark
		}
		if s.CandidateID != "" {
			p.candidateID = append(p.candidateID, told{m.written, s.CandidateID})
		}
		if s.InviteURL != "" {
			p.inviteURL = append(p.inviteURL, told{m.written, s.InviteURL})
		}
	}
	return true
}

// members returns the members of an interview.
func (m *model) members(interviewID string) (members []batch.Member) {
	for _, email := range emails {
		k := batch.Key{InterviewID: interviewID, Email: email}
		member := batch.Member{Key: k, CandidateID: m.record(k).CandidateID}
		requests, people := m.where(k)
		applied := false
		for i, r := range requests {
			switch p := people[i]; {
			case p.state != batch.StateInvited || r.kind == batch.KindLink:
			case r.applied != "":
				applied = true
			case applied && r.kind == batch.KindResend:
			case member.RequestID == 0 || p.since.Before(member.Since):
				member.RequestID, member.Since = r.id, p.since
			}
		}
		if member.RequestID != 0 {
			members = append(members, member)
		}
	}
	return members
}

// owners returns the keys that were invited under a candidate id.
func (m *model) owners(candidateID string) (keys []batch.Key) {
	for _, k := range everybody() {
		_, people := m.where(k)
		if slices.ContainsFunc(people, func(p *modelPerson) bool {
			return p.state == batch.StateInvited &&
				slices.ContainsFunc(p.candidateID, func(t told) bool { return t.text == candidateID })
		}) {
			keys = append(keys, k)
		}
	}
	return keys
}

// A history is a random sequence of verbs on a store and on the model.
type history struct {
	*rapid.T
	harness Harness
	bases   []string
	ledger  batch.Ledger
	model   model
}

var (
	interviews = []string{interview, "other"}
	emails     = []string{"a@x.co", "b@x.co", "c@x.co", `"d\"@x.co`, "é@x.co"}
	kinds      = []batch.Kind{batch.KindInvite, batch.KindInvite, batch.KindInvite, batch.KindResend, batch.KindLink, batch.KindFound}
	states     = []batch.State{
		batch.StateInvited, batch.StateInvited, batch.StateNone, batch.StateSending, batch.StateRefused, batch.StateFailed,
		batch.StateNoInvitation,
	}
	candidates = []string{"", "c1", "c2"}
	marks      = []string{"", batch.MarkOtherAddress, `a "digest"`}
	notes      = []string{"keeps_tags", "missing/other"}
	afters     = []time.Duration{0, time.Hour, 24 * time.Hour}
)

func everybody() (keys []batch.Key) {
	for _, id := range interviews {
		for _, email := range emails {
			keys = append(keys, batch.Key{InterviewID: id, Email: email})
		}
	}
	return keys
}

func (h *history) begin() {
	h.model.base = rapid.SampledFrom(h.bases).Draw(h.T, "base")
	h.model.run++
	var err error
	if h.ledger, err = h.harness.Begin(h.model.base); err != nil {
		h.Fatalf("begin: %v", err)
	}
}

func (h *history) restart(t *rapid.T) {
	var err error
	switch rapid.SampledFrom([]string{"kill", "end", "no"}).Draw(t, "restart") {
	case "kill":
		err = h.harness.Kill()
	case "end":
		err = h.harness.End()
	default:
		t.Skip("restarting takes long")
	}
	if err != nil {
		t.Fatalf("restart: %v", err)
	}
	h.T = t
	h.begin()
}

// advance moves the clock, which somebody may also set: by years, or back.
func (h *history) advance(t *rapid.T) {
	hours := rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(-90_000, 90_000)).Draw(t, "hours")
	h.harness.Advance(time.Duration(hours) * time.Hour)
}

func (h *history) claim(t *rapid.T) {
	id := rapid.SampledFrom(interviews).Draw(t, "interview")
	req := batch.Request{
		Kind:        rapid.SampledFrom(kinds).Draw(t, "kind"),
		InterviewID: id,
		ResendAfter: rapid.SampledFrom(afters).Draw(t, "after"),

		JobApplicationID: rapid.SampledFrom([]string{"", "", "app"}).Draw(t, "application"),
	}
	for _, email := range rapid.SliceOfN(rapid.SampledFrom(emails), 0, 4).Draw(t, "emails") {
		req.People = append(req.People, batch.Key{InterviewID: id, Email: email})
	}
	got, err := h.ledger.Claim(context.Background(), req)
	if err != nil {
		t.Fatalf("claim: %v", err)
	}
	want, held := h.model.claim(req, h.harness.Now())
	for i := range held {
		if held[i] != (got.Held[i] != nil) {
			t.Fatalf("%s of %v: held %v, want %v", req.Kind, req.People[i], got.Held[i], held[i])
		}
	}
	if (got.ID != 0) != (len(want.people) > 0) {
		t.Fatalf("the number is %d, and %d are claimed", got.ID, len(want.people))
	}
	if want.id = got.ID; want.id != 0 {
		h.model.requests = append(h.model.requests, want)
	}
	for i, k := range req.People {
		if held[i] {
			h.compare(t, k, *got.Held[i])
		}
	}
}

func (h *history) settle(t *rapid.T) {
	if len(h.model.requests) == 0 {
		t.Skip("nothing was claimed")
	}
	r := rapid.SampledFrom(h.model.requests).Draw(t, "request")
	keys := append([]batch.Key{}, r.order...)
	if rapid.IntRange(0, 19).Draw(t, "stranger") == 0 {
		keys = append(keys, batch.Key{InterviewID: interview, Email: rapid.SampledFrom(emails).Draw(t, "email")})
	}
	var answer batch.Answer
	for _, k := range rapid.SliceOfN(rapid.SampledFrom(keys), 0, 4).Draw(t, "people") {
		answer.Outcomes = append(answer.Outcomes, batch.Settlement{
			Key:         k,
			State:       rapid.SampledFrom(states).Draw(t, "state"),
			CandidateID: rapid.SampledFrom(candidates).Draw(t, "candidate"),
			InviteURL:   rapid.SampledFrom([]string{"", "https://x/?a=1&b=2", "\"\\"}).Draw(t, "url"),
			Mark:        rapid.SampledFrom(marks).Draw(t, "mark"),
		})
	}
	err := h.ledger.Settle(context.Background(), r.id, answer)
	if lawful := h.model.settle(r.id, answer.Outcomes, h.harness.Now()); lawful != (err == nil) {
		t.Fatalf("settle %d with %+v: %v; lawful: %v", r.id, answer.Outcomes, err, lawful)
	}
}

func (h *history) remember(t *rapid.T) {
	name := rapid.SampledFrom(notes).Draw(t, "name")
	value := rapid.SampledFrom([]string{"", "yes", "é\x00\""}).Draw(t, "value")
	if err := h.ledger.Remember(context.Background(), name, value); err != nil {
		t.Fatalf("remember: %v", err)
	}
	h.model.memory[[2]string{h.model.base, name}] = value
}

// check looks everybody up, and asks all that can be asked.
func (h *history) check(t *rapid.T) {
	h.checkPeople(t)
	h.checkMembers(t)
	h.checkOwners(t)
	for _, name := range notes {
		got, err := h.ledger.Recall(context.Background(), name)
		if want := h.model.memory[[2]string{h.model.base, name}]; got != want || err != nil {
			t.Fatalf("recalled %q, %v under %s; want %q", got, err, name, want)
		}
	}
}

func (h *history) checkMembers(t *rapid.T) {
	for _, id := range interviews {
		var got []batch.Member
		last := int64(0)
		err := h.ledger.Members(context.Background(), id, func(m batch.Member) error {
			if m.RequestID < last {
				t.Errorf("a member of request %d comes behind one of request %d", m.RequestID, last)
			}
			last = m.RequestID
			got = append(got, m)
			return nil
		})
		if err != nil {
			t.Fatalf("members: %v", err)
		}
		if diff := cmp.Diff(h.model.members(id), got, cmpopts.SortSlices(func(a, b batch.Member) bool { return lessKey(a.Key, b.Key) })); diff != "" {
			t.Fatalf("members of %s: (- want, + got)\n%s", id, diff)
		}
	}
}

func (h *history) checkOwners(t *rapid.T) {
	asked := []string{"c2", "c1", "c3", "", "c2"}
	got, err := h.ledger.Owners(context.Background(), asked)
	if err != nil || len(got) != len(asked) {
		t.Fatalf("owners: %v, %v", got, err)
	}
	for i, id := range asked {
		var want []batch.Key
		if id != "" {
			want = h.model.owners(id)
		}
		if diff := cmp.Diff(want, got[i], cmpopts.EquateEmpty(), cmpopts.SortSlices(lessKey)); diff != "" {
			t.Fatalf("owners of %q: (- want, + got)\n%s", id, diff)
		}
	}
}

func lessKey(a, b batch.Key) bool {
	return a.InterviewID < b.InterviewID || a.InterviewID == b.InterviewID && a.Email < b.Email
}

// checkPeople looks everybody up.
func (h *history) checkPeople(t *rapid.T) {
	keys := everybody()
	records, err := h.ledger.Lookup(context.Background(), keys)
	if err != nil {
		t.Fatalf("look up: %v", err)
	}
	for i, k := range keys {
		h.compare(t, k, records[i])
	}
}

func (h *history) compare(t *rapid.T, k batch.Key, got batch.Record) {
	if diff := cmp.Diff(h.model.record(k), got); diff != "" {
		t.Fatalf("%v: (- want, + got)\n%s", k, diff)
	}
}
