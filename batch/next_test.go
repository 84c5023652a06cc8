package batch

import (
	"testing"
	"time"
)

func TestNext(t *testing.T) {
	const resendAfter = 20 * time.Hour
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	ann := Candidate{Name: "Ann", Email: "ann@example.com", InterviewID: "i"}
	again := Candidate{Name: "Ann", Email: "ann@example.com", InterviewID: "i", CandidateID: "c"}
	invited := Record{State: StateInvited, RequestID: 1}
	resent := func(ago time.Duration, state State) Record {
		return Record{State: StateInvited, RequestID: 1, ResentAt: now.Add(-ago), ResentState: state}
	}
	for name, test := range map[string]struct {
		record Record
		row    Candidate
		want   Next
	}{
		"nothing is known":        {Record{}, ann, Invite},
		"known not sent":          {Record{RequestID: 1}, ann, Invite},
		"invited":                 {invited, ann, SkipInvited},
		"invited by this run":     {Record{State: StateInvited, ThisRun: true}, ann, SkipInvited},
		"found elsewhere":         {Record{State: StateInvited, Kind: KindFound}, ann, SkipInvited},
		"invited, then forgotten": {Record{State: StateInvited, Forgotten: true}, ann, SkipForgotten},
		"in doubt":                {Record{State: StateSending}, ann, Ask},
		"in doubt, and another address was answered":  {Record{State: StateSending, Mark: MarkOtherAddress}, ann, Ask},
		"in doubt by this run":                        {Record{State: StateSending, ThisRun: true}, ann, Ask},
		"another run has them":                        {Record{State: StateSending, Holder: &Holder{}}, ann, Wait},
		"refused by an earlier run":                   {Record{State: StateRefused}, ann, Invite},
		"refused by this run":                         {Record{State: StateRefused, ThisRun: true}, ann, SkipTried},
		"failed in an earlier run":                    {Record{State: StateFailed}, ann, Invite},
		"failed in this run":                          {Record{State: StateFailed, ThisRun: true}, ann, SkipTried},
		"left out by an earlier run":                  {Record{State: StateNoInvitation, Mark: ann.Digest()}, ann, SkipLeftOut},
		"left out by an earlier run, since corrected": {Record{State: StateNoInvitation, Mark: "another row's"}, ann, Invite},
		"left out by this run":                        {Record{State: StateNoInvitation, ThisRun: true}, ann, SkipTried},
		"re-sent, and the row does not ask for it":    {resent(time.Hour, StateInvited), ann, SkipInvited},

		"again: nothing is known":           {Record{}, again, Resend},
		"again: invited":                    {invited, again, Resend},
		"again: in doubt":                   {Record{State: StateSending}, again, Resend},
		"again: refused in this run":        {Record{State: StateRefused, ThisRun: true}, again, Resend},
		"again: left out":                   {Record{State: StateNoInvitation, Mark: again.Digest()}, again, Resend},
		"again: forgotten":                  {Record{State: StateInvited, Forgotten: true}, again, SkipForgotten},
		"again: re-sent of late":            {resent(resendAfter-1, StateInvited), again, SkipResent},
		"again: re-sent long ago":           {resent(resendAfter, StateInvited), again, Resend},
		"again: maybe re-sent of late":      {resent(0, StateSending), again, SkipMaybeResent},
		"again: another run may re-send":    {Record{ResentAt: now, ResentState: StateSending, Holder: &Holder{}}, again, Wait},
		"again: maybe re-sent long ago":     {resent(resendAfter, StateSending), again, Resend},
		"again: re-sent ahead of the clock": {resent(-time.Hour, StateInvited), again, SkipResent},
	} {
		if got := test.record.Next(test.row, now, resendAfter); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}
