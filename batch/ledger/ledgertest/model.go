package ledgertest

import (
	"slices"
	"time"

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
	shared   bool                 // several runs go on at once
	strict   bool                 // all the same, as if this one were alone

	naming map[namedKey][]*modelRequest
	keys   []namedKey // in the order in which they came
}

// A namedKey is a key at a base URL.
type namedKey struct {
	base string
	key  batch.Key
}

// add takes a claimed request in.
func (m *model) add(r *modelRequest) {
	m.requests = append(m.requests, r)
	if m.naming == nil {
		m.naming = map[namedKey][]*modelRequest{}
	}
	for _, k := range r.order {
		named := namedKey{m.base, k}
		if m.naming[named] == nil {
			m.keys = append(m.keys, named)
		}
		m.naming[named] = append(m.naming[named], r)
	}
}

// everybody returns the keys that requests have named.
func (m *model) everybody() (keys []batch.Key) {
	for _, named := range m.keys {
		if named.base == m.base {
			keys = append(keys, named.key)
		}
	}
	return keys
}

type modelRequest struct {
	id        int64
	base      string
	run       int
	kind      batch.Kind
	applied   string // the job application
	claimedAt time.Time
	order     []batch.Key
	// handedOver: its run leaves it at not knowing whom it invited.
	handedOver bool
	people     map[batch.Key]*modelPerson
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
	requests = m.naming[namedKey{m.base, k}]
	for _, r := range requests {
		people = append(people, r.people[k])
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
	var anyID, linkID string
	for i, p := range people {
		if p.state == batch.StateInvited {
			id, idAt := newer("", -1, p.candidateID)
			url, urlAt := newer("", -1, p.inviteURL)
			if idAt > idWhen {
				anyID, idWhen = id, idAt
			}
			if urlAt > urlWhen {
				rec.InviteURL, linkID, urlWhen = url, id, urlAt
			}
		}
		maybeSent := p.state == batch.StateInvited || p.state == batch.StateSending
		if requests[i].kind == batch.KindResend && maybeSent && !requests[i].claimedAt.Before(rec.ResentAt) {
			rec.ResentAt, rec.ResentState = requests[i].claimedAt, p.state
		}
	}
	if rec.CandidateID = linkID; linkID == "" { // no id is put beside the link of another
		rec.CandidateID = anyID
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
	claimed = &modelRequest{base: m.base, run: m.run, kind: req.Kind, applied: req.JobApplicationID, claimedAt: now, people: map[batch.Key]*modelPerson{}}
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
	kept := settlements[:0:0]
	for _, s := range settlements {
		old, in := states[s.Key]
		if in && m.shared && !m.strict && m.isPassedOver(r, s, old) {
			continue
		}
		kept = append(kept, s)
		lookedUp := old == batch.StateNoInvitation && s.State == batch.StateNone
		if !in || s.State != batch.StateInvited && old != batch.StateSending && !lookedUp {
			return false
		}
		states[s.Key] = s.State
	}
	for _, s := range kept {
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

// isPassedOver reports whether somebody whose state another run has written is left
// as they are: two runs may find out what became of a request, and its sender, too.
func (m *model) isPassedOver(r *modelRequest, s batch.Settlement, old batch.State) bool {
	switch {
	case old == batch.StateSending || r.people[s.Key].run == m.run:
		return false
	case s.State == batch.StateInvited:
		return old != batch.StateInvited && r.run != m.run
	default:
		return old != batch.StateNoInvitation || s.State != batch.StateNone
	}
}

// members returns the members of an interview.
func (m *model) members(interviewID string) (members []batch.Member) {
	for _, k := range m.everybody() {
		if k.InterviewID != interviewID {
			continue
		}
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
	for _, k := range m.everybody() {
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
