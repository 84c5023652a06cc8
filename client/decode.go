package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A verdict is the "status" of an answer's envelope.
type verdict int

const (
	silent verdict = iota // none, or null
	vague                 // it means neither yes nor no
	yes
	no
)

// An envelope is what all answers have in common: {status, message, data}.
// Gateways and frameworks in front of the API send {message} alone.
type envelope struct {
	verdict     verdict
	message     string
	invitations list[Invitation] // data.invitations: POST /interview/invite
	entries     list[Entry]      // data itself, if it is an array: GET /interview/invites
}

// A list is an array of things that each name something: one that is null or
// empty could be anybody.
type list[T comparable] struct {
	elements []T   // nil if there is no array
	fault    error // why they are not to be used
}

// parseEnvelope reads a whole body. The names that it knows are matched
// exactly, in any order. An object that has a name twice says two things, and
// which of them is meant nobody knows: then no part of the answer is read.
func parseEnvelope(body []byte) (envelope, error) {
	// Half a character is no reason to throw a list away: a server that cuts
	// names to a length can send one in anybody's name. As U+FFFD it matches
	// no address.
	p := parser{jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowInvalidUTF8(true))}
	env, isObject, err := p.envelope()
	if err == nil {
		_, err = p.ReadToken() // what follows
	}
	if err != io.EOF || !isObject { //nolint:errorlint // jsontext promises it unwrapped
		return envelope{}, errors.New("the answer is not the JSON that the API sends")
	}
	if !env.isOwn() && env.message == "" {
		return envelope{}, errors.New("the answer has no status and no message")
	}
	return env, nil
}

// A parser reads an answer in one pass. The errors of its methods mean that
// the text is no JSON; a value of another kind than expected is none: it is
// passed over, and what its method returns says so.
type parser struct{ *jsontext.Decoder }

func (p parser) envelope() (env envelope, isObject bool, err error) {
	var capital string
	isObject, err = p.object(func(name []byte) (err error) {
		switch string(name) {
		case "status":
			env.verdict, err = p.verdict()
		case "message":
			env.message, err = p.message()
		case "Message": // some AWS errors
			capital, err = p.message()
		case "data":
			err = p.data(&env)
		default:
			err = p.SkipValue()
		}
		return err
	})
	if env.message == "" {
		env.message = capital
	}
	return env, isObject, err
}

// verdict takes the boolean of the contract, and the string of it that
// examples of the same API show.
func (p parser) verdict() (verdict, error) {
	raw, err := p.ReadValue()
	switch strings.ToLower(string(raw)) {
	case `true`, `"true"`:
		return yes, err
	case `false`, `"false"`:
		return no, err
	case `null`:
		return silent, err
	}
	return vague, err
}

// message takes the string of the contract, and a list of strings, which
// frameworks send for several faults at once.
func (p parser) message() (string, error) {
	var parts []string
	whole := true
	part := func() error {
		isNumber := p.PeekKind() == jsontext.KindNumber
		text, isText, err := p.text()
		parts = append(parts, text)
		whole = whole && isText && !isNumber
		return err
	}
	var err error
	if p.PeekKind() == jsontext.KindBeginArray {
		err = p.array(part)
	} else {
		err = part()
	}
	if !whole {
		return "", err
	}
	return strings.Join(parts, "; "), err
}

// data reads what the answer is about, for either endpoint.
func (p parser) data(env *envelope) error {
	var err error
	if p.PeekKind() == jsontext.KindBeginArray {
		env.entries, err = parseList(p, (*Entry).field)
		return err
	}
	_, err = p.object(func(name []byte) (err error) {
		if string(name) != "invitations" {
			return p.SkipValue()
		}
		env.invitations, err = parseList(p, (*Invitation).field)
		return err
	})
	return err
}

// parseList reads an array of objects. field returns where the text under a
// name belongs, nil for a name that it does not know.
func parseList[T comparable](p parser, field func(*T, []byte) *string) (list[T], error) {
	var l list[T]
	if p.PeekKind() != jsontext.KindBeginArray {
		return l, p.SkipValue()
	}
	var nobody T
	l.elements = make([]T, 0, 64) // a usual chunk
	err := p.array(func() error {
		if l.fault != nil {
			return p.SkipValue()
		}
		l.elements = append(l.elements, nobody)
		n := len(l.elements) - 1
		element, readable := &l.elements[n], true
		_, err := p.object(func(name []byte) error {
			to := field(element, name)
			if to == nil {
				return p.SkipValue()
			}
			text, isText, err := p.text()
			*to, readable = text, readable && isText
			return err
		})
		switch {
		case !readable:
			l.fault = fmt.Errorf("an element %d that cannot be read", n)
		case *element == nobody:
			l.fault = fmt.Errorf("an element %d that names nobody", n)
		}
		return err
	})
	return l, err
}

func (i *Invitation) field(name []byte) *string {
	switch string(name) {
	case "candidate_id":
		return &i.CandidateID
	case "candidate_email":
		return &i.CandidateEmail
	case "invite_url":
		return &i.InviteURL
	}
	return nil
}

func (e *Entry) field(name []byte) *string {
	switch string(name) {
	case "candidate_id":
		return &e.CandidateID
	case "interview_id":
		return &e.InterviewID
	case "candidate_email_id":
		return &e.CandidateEmail
	case "date_created":
		return &e.DateCreated
	case "status":
		return &e.Status
	}
	return nil
}

// text takes a string, or what does no harm in its place: a number, by its
// digits (ids are opaque, and some services number them), and null, which is
// empty.
func (p parser) text() (text string, isText bool, err error) {
	switch p.PeekKind() {
	case jsontext.KindString, jsontext.KindNumber:
		token, err := p.ReadToken()
		if err != nil {
			return "", false, err
		}
		return token.String(), true, nil
	case jsontext.KindNull:
		return "", true, p.SkipValue()
	}
	return "", false, p.SkipValue()
}

// object calls member with each name of an object, to read its value. The name
// is gone with that.
func (p parser) object(member func(name []byte) error) (isObject bool, err error) {
	if p.PeekKind() != jsontext.KindBeginObject {
		return false, p.SkipValue()
	}
	if _, err := p.ReadToken(); err != nil {
		return true, err
	}
	for p.PeekKind() == jsontext.KindString {
		raw, err := p.ReadValue()
		if err != nil {
			return true, err
		}
		if err := member(unquoted(raw)); err != nil {
			return true, err
		}
	}
	_, err = p.ReadToken() // the end, or why there is none
	return true, err
}

// array calls element where each element of an array begins, to read it.
func (p parser) array(element func() error) error {
	if _, err := p.ReadToken(); err != nil {
		return err
	}
	for p.PeekKind() != jsontext.KindEndArray {
		if err := element(); err != nil {
			return err
		}
	}
	_, err := p.ReadToken()
	return err
}

// unquoted spares the copy that nearly every name needs not.
func unquoted(raw jsontext.Value) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	name, _ := jsontext.AppendUnquote(nil, raw) // the error is bad UTF-8, which no name of ours has
	return name
}

// use returns the elements, if there is an array and each names something.
func (l list[T]) use(name string) ([]T, error) {
	switch {
	case l.elements == nil:
		return nil, fmt.Errorf("the answer has no %s", name)
	case l.fault != nil:
		return nil, fmt.Errorf("the answer's %s has %w", name, l.fault)
	}
	return l.elements, nil
}

// usableInvitations are those of an answer to POST /interview/invite.
func (env envelope) usableInvitations() ([]Invitation, error) {
	return env.invitations.use("data.invitations")
}

// usableEntries are those of an answer to GET /interview/invites.
//
// Entries may lack what they like, but if none of them names both an interview
// and an address, then the list does not look as the provider's OpenAPI
// document says, and taking it for one that does not show somebody would
// invite them again.
func (env envelope) usableEntries() ([]Entry, error) {
	entries, err := env.entries.use("data")
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
