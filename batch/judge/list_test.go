package judge

import (
	"errors"
	"testing"

	"bulkinvite/client"
)

func TestList(t *testing.T) {
	html404 := &client.Error{StatusCode: 404, Err: errors.New("not JSON")}
	bare404 := &client.Error{Fate: client.Refused, StatusCode: 404, Message: "Not Found"}
	own404 := &client.Error{Fate: client.Refused, Envelope: true, StatusCode: 404, Message: "no such interview"}
	bare401 := &client.Error{Fate: client.NotSent, Cause: client.BadKey, StatusCode: 401, Message: "Unauthorized"}
	bare403 := &client.Error{Fate: client.NotSent, Cause: client.BadKey, StatusCode: 403, Message: "Forbidden"}
	own403 := &client.Error{Fate: client.Refused, Envelope: true, StatusCode: 403, Message: "no access"}
	noPath := &client.Error{Fate: client.Denied, Cause: client.NoSuchPath, StatusCode: 403, Message: "Missing Authentication Token"}
	none405 := &client.Error{StatusCode: 405}
	none501 := &client.Error{StatusCode: 501}
	down := &client.Error{StatusCode: 500}
	lost := &client.Error{Err: errors.New("reset")}
	for _, c := range []struct {
		name                    string
		err                     *client.Error
		nobody, elsewhere, here ListVerdict // was accepted; while all answers say that there is no list
		seen                    ListVerdict // somebody of the interview was accepted, and the list was readable once
	}{
		{"404 in HTML", html404, InviteOne, NoList, NoList, ListUnreadable},
		{"404 of the gateway", bare404, InviteOne, NoList, NoList, ListUnreadable},
		{"405", none405, InviteOne, NoList, NoList, ListUnreadable},
		{"501", none501, InviteOne, NoList, NoList, ListUnreadable},
		{"bare 403", bare403, InviteOne, NoList, NoList, ListUnreadable},
		{"no such path", noPath, InviteOne, NoList, NoList, ListUnreadable},
		{"bare 401", bare401, InviteOne, InviteOne, ListUnreadable, ListUnreadable},
		{"404 of the API", own404, InviteOne, InviteOne, ListClosed, ListClosed},
		{"403 of the API", own403, InviteOne, InviteOne, ListClosed, ListClosed},
		{"500", down, ListUnreadable, ListUnreadable, ListUnreadable, ListUnreadable},
		{"reset", lost, ListUnreadable, ListUnreadable, ListUnreadable, ListUnreadable},
	} {
		got := [4]ListVerdict{
			List(c.err, false, false, true), List(c.err, false, true, true),
			List(c.err, true, true, true), List(c.err, true, true, false),
		}
		if want := [4]ListVerdict{c.nobody, c.elsewhere, c.here, c.seen}; got != want {
			t.Errorf("%s: %v, want %v", c.name, got, want)
		}
	}
	if got := List(nil, false, false, false); got != ListKnown {
		t.Errorf("no error: %v", got)
	}
}
