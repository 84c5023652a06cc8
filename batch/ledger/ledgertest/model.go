package ledgertest

import (
	"context"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulkinvite/batch"
)

// A model is a ledger as the doc comments of batch tell it, without regard to
// speed, memory or power cuts.
type model struct {
	base     string
	run      int
	requests []*modelRequest // by number, ascending
	written  int             // settlements so far
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
					rec.JobApplicationID = r.applied
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
		tried := rec.State == batch.StateRefused || rec.State == batch.StateFailed
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
func (m *model) settle(id int64, settlements []batch.Settlement) bool {
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
		if old, in := states[s.Key]; !in || s.State != batch.StateInvited && old != batch.StateSending {
			return false
		}
		states[s.Key] = s.State
	}
	for _, s := range settlements {
		m.written++
		p := r.people[s.Key]
		if p.state != s.State {
			p.state, p.run = s.State, m.run
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
	}
	afters = []time.Duration{0, time.Hour, 24 * time.Hour}
)

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
			CandidateID: rapid.SampledFrom([]string{"", "c1", "c2"}).Draw(t, "candidate"),
			InviteURL:   rapid.SampledFrom([]string{"", "https://x/?a=1&b=2", "\"\\"}).Draw(t, "url"),
		})
	}
	err := h.ledger.Settle(context.Background(), r.id, answer)
	if lawful := h.model.settle(r.id, answer.Outcomes); lawful != (err == nil) {
		t.Fatalf("settle %d with %+v: %v; lawful: %v", r.id, answer.Outcomes, err, lawful)
	}
}

// check looks everybody up.
func (h *history) check(t *rapid.T) {
	var keys []batch.Key
	for _, id := range interviews {
		for _, email := range emails {
			keys = append(keys, batch.Key{InterviewID: id, Email: email})
		}
	}
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
