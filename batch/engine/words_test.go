package engine_test

import (
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"bulkinvite/batch"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// What a run says of its rows names the cause that it has, and no other.

// A ledger that breaks is why nothing more is sent, and not the limit.
func TestLedgerBreaksUnderALimit(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.crash, w.opts.Limit = 2, 500
		r := w.run(rows(people(1000, 0)...))
		o := r.outcomes[999]
		if o.Code != batch.CodeNotSent || !strings.Contains(o.Error, "broke off") || !strings.Contains(o.Error, errDied.Error()) || strings.Contains(o.Error, "limit") {
			t.Errorf("%+v", o)
		}
	})
}

// A good answer that names somebody else's address is said to be that.
func TestAnswerNamesOtherAddresses(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		var log strings.Builder
		w.opts.Log = zerolog.New(zerolog.SyncWriter(&log)).Level(zerolog.WarnLevel)
		w.run(rows(named("q", 1, 0)...))
		w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
			return []client.Invitation{{CandidateID: "c-1", CandidateEmail: "q0@example.com"}}, true, nil
		}
		w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) { return nil, true, err500 }
		w.opts.NoPreflight = true
		r := w.withinADay(rows(people(2, 0)...))
		w.counts(r, map[string]int{"uncertain": 2})
		if !strings.Contains(log.String(), "it is not known who was invited, the API's list will tell: the answer names other addresses") {
			t.Errorf("the log says\n%s", &log)
		}
		if o := r.outcomes[0]; !strings.HasPrefix(o.Error, "the API's answer named another address and ") {
			t.Errorf("%+v", o)
		}
	})
}

// No list tells of a re-send, whatever its answer lacked.
func TestResendWithoutAnInvitation(t *testing.T) {
	for why, answers := range map[string]func() error{
		"(the answer leaves this person out)": func() error { return nil },
		"(the API answered 500":               func() error { return err500 },
	} {
		inWorld(t, sandbox.Config{}, func(w *world) {
			c := candidate("ann@example.com", 0)
			c.CandidateID = w.run(rows(c)).outcomes[0].CandidateID
			w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) { return nil, true, answers() }
			o := w.withinADay(rows(c)).outcomes[0]
			if o.Code != batch.CodeUncertain || !strings.HasPrefix(o.Error, "this invitation may have been sent again "+why) ||
				!strings.Contains(o.Error, "no list of the API's shows; it can be re-sent after 20") {
				t.Errorf("%+v", o)
			}
		})
	}
}

// A list that is gone is no API that is down.
func TestListThatIsGoneIsSaidToBe(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.run(rows(people(10, 0)...))
		w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) {
			return nil, true, &client.Error{StatusCode: 405}
		}
		r := w.withinADay(rows(people(10, 1)...))
		if want := "the API's list of invitations was there before and is not there now: no accepted invitation for 5m0s (the API answered 405)"; r.reason != want {
			t.Errorf("the run ended %d: %s", r.end, r.reason)
		}
	})
}
