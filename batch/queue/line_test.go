package queue

import "testing"

// What an interview's people may do follows from what happened to it, whatever
// the order.
func TestInterviewStates(t *testing.T) {
	for _, tc := range []struct {
		name   string
		events []Event
		want   State
	}{
		{"the list first", []Event{ListWanted}, BeingRead},
		{"no list wanted", []Event{ListNotWanted}, Trying},
		{"the list was read", []Event{ListWanted, ListDone}, Trying},
		{"the list cannot be read", []Event{ListWanted, ListFailed}, Shut},
		{"shut stays shut", []Event{ListWanted, ListFailed, Acceptance, ListDone}, Shut},
		{"the list is refused", []Event{ListWanted, ListRefused}, Unlisted},
		{"and somebody is accepted: it is read again", []Event{ListWanted, ListRefused, Acceptance}, ReadAgain},
		{"and then it is open", []Event{ListWanted, ListRefused, Acceptance, ListDone}, Open},
		{"or cannot be read", []Event{ListWanted, ListRefused, Acceptance, ListFailed}, Shut},
		{"accepted while the list is read", []Event{ListWanted, Acceptance, ListDone}, Open},
		{"several refused", []Event{ListNotWanted, SeveralRefused}, Alone},
		{"several refused, then one accepted", []Event{ListNotWanted, SeveralRefused, Acceptance}, Open},
		{"the list is refused in a look", []Event{ListNotWanted, SeveralRefused, ListRefused}, Unlisted},
		{"refusals after an acceptance", []Event{ListNotWanted, Acceptance, SeveralRefused, ListRefused, Refusal}, Open},
		{"refused", []Event{ListNotWanted, SeveralRefused, Refusal}, Refusing},
		{"refused stays refused", []Event{ListNotWanted, Refusal, Acceptance, ListDone}, Refusing},
	} {
		s := Unread
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
	for s := Unread; s <= Refusing; s++ {
		want := s == Trying || s == Alone || s == Unlisted || s == Open
		if got := (&Line{State: s}).mayGo(); got != want {
			t.Errorf("state %d, nothing out: may go %v", s, got)
		}
		for _, iv := range []*Line{{State: s, Out: 1}, {State: s, testing: 1}} {
			if got := iv.mayGo(); got != (s == Open) {
				t.Errorf("state %d, one out: may go %v", s, got)
			}
		}
		p := &Person{}
		if got := (&Line{State: s}).TurnsAway(p); got != (s == Shut || s == Refusing) {
			t.Errorf("state %d: turns people away %v", s, got)
		}
	}
}
