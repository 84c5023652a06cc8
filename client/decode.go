package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// A verdict is the "status" of an answer's envelope.
type verdict int

const (
	silent verdict = iota // none, or nothing that means yes or no
	yes
	no
)

// An envelope is what all answers have in common: {status, message, data}.
// Gateways and frameworks in front of the API send {message} alone.
type envelope struct {
	verdict verdict
	message string
	data    json.RawMessage // nil if there is none
}

// parseEnvelope reads a whole body. Names are matched exactly, which
// encoding/json does for maps only: an answer with "status" and "STATUS" must
// not say yes by the wrong one.
func parseEnvelope(body []byte) (envelope, error) {
	fields, err := parseObject(body)
	if err != nil {
		return envelope{}, errors.New("the answer is not the JSON that the API sends")
	}
	message := parseMessage(fields["message"])
	if message == "" {
		message = parseMessage(fields["Message"]) // some AWS errors
	}
	env := envelope{verdict: parseVerdict(fields["status"]), message: message, data: fields["data"]}
	if env.verdict == silent && env.message == "" {
		return envelope{}, errors.New("the answer has no status and no message")
	}
	return env, nil
}

func parseObject(raw []byte) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	if fields == nil {
		return nil, errors.New("null in place of an object")
	}
	return fields, nil
}

// parseVerdict takes the boolean of the contract, and the string of it that
// examples of the same API show.
func parseVerdict(raw json.RawMessage) verdict {
	switch strings.ToLower(string(raw)) {
	case `true`, `"true"`:
		return yes
	case `false`, `"false"`:
		return no
	}
	return silent
}

// parseMessage takes the string of the contract, and a list of strings, which
// frameworks send for several faults at once.
func parseMessage(raw json.RawMessage) string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return one
	}
	var many []string
	if json.Unmarshal(raw, &many) == nil {
		return strings.Join(many, "; ")
	}
	return ""
}

// parseInvitations reads the data of an answer to POST /interview/invite.
func parseInvitations(data json.RawMessage) ([]Invitation, error) {
	fields, err := parseObject(data)
	if err != nil {
		return nil, errors.New("the answer has no data.invitations")
	}
	return parseList(fields["invitations"], "data.invitations", looseInvitation.strict)
}

// parseEntries reads the data of an answer to GET /interview/invites.
//
// Entries may lack what they like, but if none of them names both an interview
// and an address, then the list does not look as the provider's OpenAPI
// document says, and taking it for one that does not show somebody would
// invite them again.
func parseEntries(data json.RawMessage) ([]Entry, error) {
	entries, err := parseList(data, "data", looseEntry.strict)
	if err != nil || len(entries) == 0 {
		return entries, err
	}
	for _, e := range entries {
		if e.InterviewID != "" && e.CandidateEmail != "" {
			return entries, nil
		}
	}
	return nil, errors.New("the list names no interview_id with a candidate_email_id")
}

// parseList reads an array whose elements each name something: one that is
// null or empty could be anybody. Where a text is no string it is read again
// as L, which takes longer and nearly no answer needs.
func parseList[T comparable, L any](raw json.RawMessage, name string, strict func(L) T) ([]T, error) {
	var list []T
	if len(raw) > 0 && json.Unmarshal(raw, &list) != nil {
		var loose []L
		if err := json.Unmarshal(raw, &loose); err != nil {
			return nil, fmt.Errorf("the answer's %s cannot be read: %w", name, err)
		}
		list = make([]T, len(loose))
		for i, l := range loose {
			list[i] = strict(l)
		}
	}
	if list == nil {
		return nil, fmt.Errorf("the answer has no %s", name)
	}
	var zero T
	for i, element := range list {
		if element == zero {
			return nil, fmt.Errorf("the answer's %s has an element %d that names nobody", name, i)
		}
	}
	return list, nil
}

// A looseInvitation is an Invitation that takes numbers and null in place of
// strings, see text.
type looseInvitation struct {
	CandidateID    text `json:"candidate_id"`
	CandidateEmail text `json:"candidate_email"`
	InviteURL      text `json:"invite_url"`
}

func (l looseInvitation) strict() Invitation {
	return Invitation{
		CandidateID:    string(l.CandidateID),
		CandidateEmail: string(l.CandidateEmail),
		InviteURL:      string(l.InviteURL),
	}
}

// A looseEntry is an Entry that takes numbers and null in place of strings.
type looseEntry struct {
	CandidateID    text `json:"candidate_id"`
	InterviewID    text `json:"interview_id"`
	CandidateEmail text `json:"candidate_email_id"`
	DateCreated    text `json:"date_created"`
	Status         text `json:"status"`
}

func (l looseEntry) strict() Entry {
	return Entry{
		CandidateID:    string(l.CandidateID),
		InterviewID:    string(l.InterviewID),
		CandidateEmail: string(l.CandidateEmail),
		DateCreated:    string(l.DateCreated),
		Status:         string(l.Status),
	}
}

// A text is a JSON string, or what does no harm in its place: a number, by its
// digits (ids are opaque, and some services number them), and null, which is
// empty.
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	switch c := raw[0]; {
	case c == '"':
		return json.Unmarshal(raw, (*string)(t))
	case c == '-' || '0' <= c && c <= '9':
		*t = text(raw)
		return nil
	case c == 'n':
		*t = ""
		return nil
	default:
		return errors.New("a text was expected")
	}
}
