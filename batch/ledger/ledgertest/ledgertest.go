// Package ledgertest is the suite that every store of the ledger must pass. It
// knows the verbs of batch.Ledger alone. It must not know how a store keeps what
// it is told.
package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bulkinvite/batch"
)

// A Harness is a store under test, with the runs that use it one after the
// other, each as a process of its own would.
type Harness interface {
	// Begin starts a run on the store. None is under way.
	Begin(baseURL string) (batch.Ledger, error)
	// End ends the run as a run ends that is through.
	End() error
	// Kill ends the run as kill -9 does: nothing is said to the store.
	Kill() error
	// Now is the store's clock, in whole milliseconds; it moves by Advance.
	Now() time.Time
	Advance(time.Duration)
}

// Run runs the suite. open returns an empty store, which lives as long as the
// test that it is given.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for _, test := range []struct {
		name string
		run  func(*fixture)
	}{
		{"LookupUnknown", lookupUnknown},
		{"LookupKeepsOrder", lookupKeepsOrder},
		{"ClaimInvite", claimInvite},
		{"ClaimNamedTwice", claimNamedTwice},
		{"ClaimNobody", claimNobody},
		{"ClaimAgain", claimAgain},
		{"BaseURLsAreApart", baseURLsAreApart},
		{"InDoubt", inDoubt},
		{"SettlePartly", settlePartly},
		{"SettleInvitedStays", settleInvitedStays},
		{"SettleEndsOnce", settleEndsOnce},
		{"SettleRefusesStrangers", settleRefusesStrangers},
		{"SettleLaterLink", settleLaterLink},
		{"SettleOtherID", settleOtherID},
		{"NoInvitation", noInvitation},
		{"Marks", settleMarks},
		{"Members", members},
		{"MembersByApplication", membersByApplication},
		{"MembersWhileSettling", membersWhileSettling},
		{"ManyMembers", manyMembers},
		{"InDoubtInAnInterview", inDoubtIn},
		{"Owners", owners},
		{"Memory", memory},
		{"Resend", resend},
		{"ResendInDoubt", resendInDoubt},
		{"ClockSetBack", clockSetBack},
		{"Link", link},
		{"Found", found},
		{"Cancelled", cancelled},
		{"AnyText", anyText},
		{"Overlapping", overlapping},
		{"Model", againstModel},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(&fixture{T: t, Harness: open(t)})
		})
	}
}

const (
	baseURL   = "https://api.example"
	interview = "123e4567-e89b-12d3-a456-426614174000"
)

var (
	ann = key("ann@example.com")
	bob = key("bob@example.com")
	cyd = key("cyd@example.com")
)

func key(email string) batch.Key { return batch.NewKey(interview, email) }

// apart compares records but for when a run was over: no model knows.
var apart = cmpopts.IgnoreFields(batch.Record{}, "OverAt")

// A fixture is a test of the suite with the words that they share. Its verbs
// fail the test on any error.
type fixture struct {
	*testing.T
	Harness
	ledger batch.Ledger
}

func (f *fixture) begin() { f.follow(nil, baseURL) }

// nextRun lets the run end and another begin.
func (f *fixture) nextRun() { f.follow(f.End, baseURL) }

// die kills the run and begins another.
func (f *fixture) die() { f.follow(f.Kill, baseURL) }

// elsewhere lets the run end and another begin at another base URL.
func (f *fixture) elsewhere() { f.follow(f.End, "https://other.example") }

func (f *fixture) follow(end func() error, baseURL string) {
	f.Helper()
	if end != nil {
		f.must(end())
	}
	var err error
	f.ledger, err = f.Begin(baseURL)
	f.must(err)
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) claim(kind batch.Kind, keys ...batch.Key) batch.Claim {
	f.Helper()
	return f.claimRequest(batch.Request{Kind: kind, InterviewID: interview, People: keys, ResendAfter: 24 * time.Hour})
}

func (f *fixture) claimRequest(req batch.Request) batch.Claim {
	f.Helper()
	c, err := f.ledger.Claim(f.Context(), req)
	f.must(err)
	if len(c.Held) != len(req.People) {
		f.Fatalf("claim of %d people says of %d who is held", len(req.People), len(c.Held))
	}
	return c
}

// claimed claims and demands that nobody is held.
func (f *fixture) claimed(kind batch.Kind, keys ...batch.Key) int64 {
	f.Helper()
	c := f.claim(kind, keys...)
	for i, held := range c.Held {
		if held != nil {
			f.Fatalf("%s of %v is held: %+v", kind, keys[i], *held)
		}
	}
	if c.ID == 0 {
		f.Fatal("a claim without a number")
	}
	return c.ID
}

// held claims one person and demands that they are held; it returns why.
func (f *fixture) held(kind batch.Kind, key batch.Key) batch.Record {
	f.Helper()
	c := f.claim(kind, key)
	if c.Held[0] == nil || c.ID != 0 {
		f.Fatalf("%s of %v is not held, but claimed as %d", kind, key, c.ID)
	}
	return *c.Held[0]
}

func (f *fixture) settle(id int64, state batch.State, keys ...batch.Key) {
	f.Helper()
	f.must(f.trySettle(id, state, keys...))
}

func (f *fixture) trySettle(id int64, state batch.State, keys ...batch.Key) error {
	answer := batch.Answer{StatusCode: 200}
	for _, k := range keys {
		answer.Outcomes = append(answer.Outcomes, batch.Settlement{Key: k, State: state})
	}
	return f.ledger.Settle(f.Context(), id, answer)
}

func (f *fixture) settleWith(id int64, s batch.Settlement) {
	f.Helper()
	f.must(f.ledger.Settle(f.Context(), id, batch.Answer{StatusCode: 200, Outcomes: []batch.Settlement{s}}))
}

func (f *fixture) lookup(key batch.Key) batch.Record {
	f.Helper()
	records, err := f.ledger.Lookup(f.Context(), []batch.Key{key})
	f.must(err)
	if len(records) != 1 {
		f.Fatalf("%d records for one key", len(records))
	}
	return records[0]
}

// knows demands that this is what is known of the key.
func (f *fixture) knows(key batch.Key, want batch.Record) {
	f.Helper()
	f.same(f.lookup(key), want)
}

func (f *fixture) same(got, want batch.Record) {
	f.Helper()
	if diff := cmp.Diff(want, got, apart); diff != "" {
		f.Fatalf("(- want, + got)\n%s", diff)
	}
}
