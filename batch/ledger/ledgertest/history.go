package ledgertest

import (
	"context"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"bulkinvite/batch"
)

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
	_, h.model.shared = h.ledger.(batch.Shared)
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
		h.model.add(want)
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
	if diff := cmp.Diff(h.model.record(k), got, apart); diff != "" {
		t.Fatalf("%v: (- want, + got)\n%s", k, diff)
	}
}
