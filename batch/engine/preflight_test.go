package engine

import (
	"errors"
	"testing"

	"bulkinvite/client"
)

func TestJudgeList(t *testing.T) {
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
		nobody, elsewhere, here listVerdict // was accepted; while all answers say that there is no list
		seen                    listVerdict // somebody of the interview was accepted, and the list was readable once
	}{
		{"404 in HTML", html404, inviteOne, noList, noList, listUnreadable},
		{"404 of the gateway", bare404, inviteOne, noList, noList, listUnreadable},
		{"405", none405, inviteOne, noList, noList, listUnreadable},
		{"501", none501, inviteOne, noList, noList, listUnreadable},
		{"bare 403", bare403, inviteOne, noList, noList, listUnreadable},
		{"no such path", noPath, inviteOne, noList, noList, listUnreadable},
		{"bare 401", bare401, inviteOne, inviteOne, listUnreadable, listUnreadable},
		{"404 of the API", own404, inviteOne, inviteOne, listClosed, listClosed},
		{"403 of the API", own403, inviteOne, inviteOne, listClosed, listClosed},
		{"500", down, listUnreadable, listUnreadable, listUnreadable, listUnreadable},
		{"reset", lost, listUnreadable, listUnreadable, listUnreadable, listUnreadable},
	} {
		got := [4]listVerdict{
			judgeList(c.err, false, false, true), judgeList(c.err, false, true, true),
			judgeList(c.err, true, true, true), judgeList(c.err, true, true, false),
		}
		if want := [4]listVerdict{c.nobody, c.elsewhere, c.here, c.seen}; got != want {
			t.Errorf("%s: %v, want %v", c.name, got, want)
		}
	}
	if got := judgeList(nil, false, false, false); got != listKnown {
		t.Errorf("no error: %v", got)
	}
}
