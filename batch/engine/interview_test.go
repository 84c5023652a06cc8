package engine

import "testing"

// What an interview's people may do follows from what happened to it, whatever
// the order.
func TestInterviewStates(t *testing.T) {
	for _, tc := range []struct {
		name   string
		events []interviewEvent
		want   interviewState
	}{
		{"the list first", []interviewEvent{listWanted}, beingRead},
		{"no list wanted", []interviewEvent{listNotWanted}, trying},
		{"the list was read", []interviewEvent{listWanted, listDone}, trying},
		{"the list cannot be read", []interviewEvent{listWanted, listFailed}, shut},
		{"shut stays shut", []interviewEvent{listWanted, listFailed, acceptance, listDone}, shut},
		{"the list is refused", []interviewEvent{listWanted, listRefused}, unlisted},
		{"and somebody is accepted: it is read again", []interviewEvent{listWanted, listRefused, acceptance}, readAgain},
		{"and then it is open", []interviewEvent{listWanted, listRefused, acceptance, listDone}, open},
		{"or cannot be read", []interviewEvent{listWanted, listRefused, acceptance, listFailed}, shut},
		{"accepted while the list is read", []interviewEvent{listWanted, acceptance, listDone}, open},
		{"several refused", []interviewEvent{listNotWanted, severalRefused}, alone},
		{"several refused, then one accepted", []interviewEvent{listNotWanted, severalRefused, acceptance}, open},
		{"the list is refused in a look", []interviewEvent{listNotWanted, severalRefused, listRefused}, unlisted},
		{"refusals after an acceptance", []interviewEvent{listNotWanted, acceptance, severalRefused, listRefused, refusal}, open},
		{"refused", []interviewEvent{listNotWanted, severalRefused, refusal}, refusing},
		{"refused stays refused", []interviewEvent{listNotWanted, refusal, acceptance, listDone}, refusing},
	} {
		s := unread
		for _, e := range tc.events {
			s = s.after(e)
		}
		if s != tc.want {
			t.Errorf("%s: state %d, want %d", tc.name, s, tc.want)
		}
	}
}

// Until somebody is accepted one request is out at a time, and nothing goes
// while a list is read or nobody may go.
func TestInterviewLetsPeopleGo(t *testing.T) {
	for s := unread; s <= refusing; s++ {
		want := s == trying || s == alone || s == unlisted || s == open
		if got := (&interview{state: s}).mayGo(); got != want {
			t.Errorf("state %d, nothing out: may go %v", s, got)
		}
		for _, iv := range []*interview{{state: s, out: 1}, {state: s, testing: 1}} {
			if got := iv.mayGo(); got != (s == open) {
				t.Errorf("state %d, one out: may go %v", s, got)
			}
		}
		p := &person{}
		if got := (&interview{state: s}).turnsAway(p); got != (s == shut || s == refusing) {
			t.Errorf("state %d: turns people away %v", s, got)
		}
	}
}
