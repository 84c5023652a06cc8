package outlet

import (
	"errors"
	"testing"

	"bulkinvite/client"
)

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
		m.Seen.Store(c.seen)
		for _, err := range c.answers {
			m.answered(err)
		}
		if got := m.MayNotExist(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
