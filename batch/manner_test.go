package batch

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

// There is no list only if every answer says so.
func TestListMayNotExist(t *testing.T) {
	none := &client.Error{StatusCode: 404}
	for name, c := range map[string]struct {
		answers []error
		seen    bool
		want    bool
	}{
		"never asked":            {nil, false, false},
		"404":                    {[]error{none, none}, false, true},
		"404 after a time-out":   {[]error{&client.Error{Err: errors.New("time-out")}, none}, false, true},
		"404 after a 429":        {[]error{&client.Error{Cause: client.Throttled, StatusCode: 429}, none}, false, true},
		"404 after a 500":        {[]error{&client.Error{StatusCode: 500}, none}, false, false},
		"404 and a good answer":  {[]error{none, nil}, false, false},
		"404 and the API's no":   {[]error{none, &client.Error{Fate: client.Refused, Envelope: true, StatusCode: 404}}, false, false},
		"404, and seen once":     {[]error{none}, true, false},
		"401 says nothing of it": {[]error{&client.Error{Cause: client.BadKey, StatusCode: 401}}, false, false},
		"a cut-off 403":          {[]error{&client.Error{Cause: client.BadKey, StatusCode: 403}}, false, false},
	} {
		var m listManner
		m.seen.Store(c.seen)
		for _, err := range c.answers {
			m.answered(err)
		}
		if got := m.mayNotExist(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
