package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The reference reads answers with encoding/json, in as many passes as it
// takes. FuzzAnswer holds the client's one pass against it.
//
// Two things set it apart from how encoding/json reads structs, both on
// purpose: names are matched exactly in elements, too, and an answer in which
// an object has a name twice is not read, where the last one would count.

type members = map[string]json.RawMessage

func referenceInvitations(a answer) ([]Invitation, *Error) {
	env, data, err := referenceEnvelope(a)
	list := parseMembers(parseMap(data)["invitations"])
	env.invitations.elements = make([]Invitation, len(list))
	return referenceList(a, env, list, err, func(texts func(string) string) Invitation {
		return Invitation{texts("candidate_id"), texts("candidate_email"), texts("invite_url")}
	})
}

func referenceEntries(a answer) ([]Entry, *Error) {
	env, data, err := referenceEnvelope(a)
	env.invitations.elements = make([]Invitation, len(parseMembers(parseMap(data)["invitations"])))
	entries, failure := referenceList(a, env, parseMembers(data), err, func(texts func(string) string) Entry {
		return Entry{texts("candidate_id"), texts("interview_id"), texts("candidate_email_id"), texts("date_created"), texts("status")}
	})
	for _, e := range entries {
		if e.InterviewID != "" && e.CandidateEmail != "" {
			return entries, failure
		}
	}
	if len(entries) > 0 {
		return nil, a.failure(envelope{}, errors.New("no list"))
	}
	return entries, failure
}

// referenceEnvelope returns the envelope, and the data as they came.
func referenceEnvelope(a answer) (envelope, json.RawMessage, error) {
	if a.broken != nil || a.status >= 300 && a.status < 400 {
		return envelope{}, nil, errors.New("not read")
	}
	fields := parseMap(a.body)
	if fields == nil || hasTwice(a.body) {
		return envelope{}, nil, errors.New("no JSON")
	}
	env := envelope{message: referenceMessage(fields["message"])}
	if env.message == "" {
		env.message = referenceMessage(fields["Message"])
	}
	switch strings.ToLower(string(fields["status"])) {
	case `true`, `"true"`:
		env.verdict = yes
	case `false`, `"false"`:
		env.verdict = no
	case ``, `null`:
	default:
		env.verdict = vague
	}
	if env.verdict <= vague && env.message == "" {
		return envelope{}, nil, errors.New("neither status nor message")
	}
	return env, fields["data"], nil
}

func referenceMessage(raw json.RawMessage) string {
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

func referenceList[T comparable](a answer, env envelope, list []json.RawMessage, err error, element func(func(string) string) T) ([]T, *Error) {
	if a.status != http.StatusOK || env.verdict != yes {
		return nil, a.failure(env, err)
	}
	if list == nil {
		return nil, a.failure(envelope{}, errors.New("no list"))
	}
	elements := make([]T, len(list))
	for i, raw := range list {
		fields, readable := parseMap(raw), true
		elements[i] = element(func(name string) string {
			text, isText := referenceText(fields[name])
			readable = readable && isText
			return text
		})
		var nobody T
		if elements[i] == nobody || !readable {
			return nil, a.failure(envelope{}, errors.New("bad element"))
		}
	}
	return elements, nil
}

func referenceText(raw json.RawMessage) (string, bool) {
	var text string
	var number json.Number
	switch {
	case raw == nil || json.Unmarshal(raw, &text) == nil:
		return text, true
	case raw[0] != '"' && json.Unmarshal(raw, &number) == nil:
		return string(raw), true
	}
	return "", false
}

func parseMap(raw json.RawMessage) members {
	var m members
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

func parseMembers(raw json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}

// hasTwice reports whether an object in valid JSON has a name twice.
func hasTwice(body []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(body))
	type level struct {
		names  map[string]bool // nil in an array
		isName bool
	}
	levels := []level{{}}
	for {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		top := &levels[len(levels)-1]
		if delim, ok := token.(json.Delim); ok {
			switch delim {
			case '{':
				top.isName = true // after the value
				levels = append(levels, level{map[string]bool{}, true})
			case '[':
				top.isName = true
				levels = append(levels, level{})
			default:
				levels = levels[:len(levels)-1]
			}
			continue
		}
		if top.names != nil && top.isName {
			name := token.(string)
			if top.names[name] {
				return true
			}
			top.names[name] = true
		}
		top.isName = !top.isName
	}
}

// oddAnswers are such as no API should send.
var oddAnswers = func() []string {
	var odd []string
	for _, element := range []string{
		`{}`, `null`, `7`, `""`, `[]`, `[{"candidate_id":"c"}]`, `{"x":1}`,
		`{"candidate_id":"c","candidate_id":"c"}`,
		`{"candidate_id":"c","CANDIDATE_EMAIL":"a@b.co"}`,
		`{"Candidate_Id":"c","INTERVIEW_ID":"i"}`,
		`{"candidate\u005fid":"c","interview_id":"i","candidate_\u0065mail_id":"a@b.co"}`,
		`{"candidate_id":-0.10e+2,"interview_id":17,"candidate_email_id":1E400}`,
		`{"candidate_id":01}`, `{"candidate_id":+1}`, `{"candidate_id":.5}`, `{"candidate_id":NaN}`,
		`{"candidate_id":true,"interview_id":"i","candidate_email_id":"a@b.co"}`,
		`{"candidate_id":["c"],"interview_id":"i","candidate_email_id":"a@b.co"}`,
		`{"interview_id":"i","candidate_email_id":"a@b.co","x":{"y":[1,{"z":1}],"w":null}}`,
		`{"interview_id":"i","candidate_email_id":"a@b.co","x":{"y":1,"y":2}}`,
		`{"candidate_id":"\ud83d","candidate_email":"\ud83d\ude00@b.co","invite_url":"\ude00\ud83d\u0041"}`,
		"{\"candidate_id\":\"\xff\xed\xa0\x80\",\"candidate_email\":\"a\xc3@b.co\"}",
		"{\"candidate_id\":\"c\",\"\xff\":1,\"\xfe\":2}",
		"{\"candidate_id\":\"a\nb\"}", `{"candidate_id":"\x41"}`, `{"candidate_id":"\u00"}`,
		`{"candidate_id":"\u0000\"\\\/\b\f\n\r\t\u2028"}`,
		`{"candidate_id":"c",}`, `{"candidate_id" "c"}`, `{candidate_id:"c"}`, `{"candidate_id":"c"`, `,`, `{]`, `}`,
		strings.Repeat("[", 20_000), strings.Repeat(`{"x":`, 20_000),
		strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000),
	} {
		list := `[{"candidate_id":"c0","interview_id":"i0","candidate_email_id":"x@y.co"},` + element + `]`
		for _, status := range []string{"true", "false"} {
			odd = append(odd,
				`{"status":`+status+`,"data":{"invitations":[`+element+`]}}`,
				`{"data":{"x":`+element+`,"invitations":`+list+`},"message":"m","status":`+status+`}`,
				`{"data":`+list+`,"x":`+element+`,"status":`+status+`}`,
				`{"data":`+element+`,"message":`+element+`,"status":`+status+`}`)
		}
	}
	for _, message := range []string{
		`7`, `null`, `[]`, `[null]`, `["a",null,"b"]`, `["a",7]`, `["a",["b"]]`, `{"a":"b"}`, `true`, `"\ud83d"`, `""`,
		`"a","message":"b"`, `"","Message":"M"`, `7,"Message":["M","N"]`, `"m","Message":"M"`, `"m","\u006dessage":"n"`,
	} {
		odd = append(odd, `{"message":`+message+`}`, `{"status":false,"message":`+message+`,"data":{"invitations":[]}}`)
	}
	for _, status := range []string{
		`TRUE`, `"TRUE"`, `" true"`, `"\u0074rue"`, `"FALSE"`, `0`, `[true]`, `{"true":true}`, `true,"status":false`,
		`true,"status":true`, `true,"STATUS":false`, `tru`, `true x`, `true,"data":null`,
	} {
		odd = append(odd, `{"data":{"invitations":[{"candidate_id":"c"}]},"status":`+status+`}`)
	}
	for _, around := range []string{"%", "\ufeff%", " \t\r\n% \t\r\n", "%\x00", "%,", "%}", "%null", "%//", "\v%", "[%]", "%%"} {
		odd = append(odd, strings.ReplaceAll(around, "%", oneInvited))
	}
	return odd
}()

// assertAsReference checks that an answer is read as the reference does.
func assertAsReference(t *testing.T, a answer) {
	t.Helper()
	invitations, err := a.invitations()
	wantInvitations, wantErr := referenceInvitations(a)
	assertSame(t, a, invitations, wantInvitations, err, wantErr)
	entries, err := a.entries()
	wantEntries, wantErr := referenceEntries(a)
	assertSame(t, a, entries, wantEntries, err, wantErr)
}

func assertSame[T any](t *testing.T, a answer, got, want []T, err, wantErr *Error) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%d %q is read otherwise (-want +got):\n%s", a.status, a.body, diff)
	}
	if (err == nil) != (wantErr == nil) {
		t.Errorf("%d %q: error %v; want %v", a.status, a.body, err, wantErr)
	}
	if err == nil || wantErr == nil {
		return
	}
	if (err.Err == nil) != (wantErr.Err == nil) {
		t.Errorf("%d %q: because of %v; want %v", a.status, a.body, err.Err, wantErr.Err)
	}
	without, wantWithout := *err, *wantErr
	without.Err, wantWithout.Err = nil, nil
	if without != wantWithout {
		t.Errorf("%d %q: %+v; want %+v", a.status, a.body, without, wantWithout)
	}
}

// A name that is there twice, or is not quite ours, must not decide who is
// invited.
func TestAmbiguousNamesAreNotRead(t *testing.T) {
	for _, body := range []string{
		`{"status":false,"status":true,"data":{"invitations":[{"candidate_id":"c"}]}}`,
		`{"status":true,"stat\u0075s":true,"data":{"invitations":[{"candidate_id":"c"}]}}`,
		`{"status":true,"data":{"invitations":[]},"data":{"invitations":[{"candidate_id":"c"}]}}`,
		`{"status":true,"data":{"invitations":[{"candidate_id":"c"}],"invitations":[]}}`,
		`{"status":true,"data":{"invitations":[{"candidate_email":"a@b.co","candidate_email":"z@b.co"}]}}`,
		`{"status":true,"data":{"invitations":[{"CANDIDATE_EMAIL":"a@b.co"}]}}`,
		`{"status":true,"data":[{"interview_id":"i","candidate_email_id":"a@b.co","candidate_email_id":"z@b.co"}]}`,
		`{"status":true,"data":[{"Interview_Id":"i","Candidate_Email_Id":"a@b.co"}]}`,
		`{"status":false,"message":"refused","status":false}`,
	} {
		for _, status := range []int{200, 400} {
			a := answer{status: status, body: []byte(body)}
			if got, err := a.invitations(); err == nil || err.Fate != Unknown {
				t.Errorf("%d %s: invitations %v, %v", status, body, got, err)
			}
			if got, err := a.entries(); err == nil || err.Fate != Unknown {
				t.Errorf("%d %s: entries %v, %v", status, body, got, err)
			}
		}
	}
}

// Bodies are read into buffers that are used again: what was read of one must
// not change with it.
func TestAnswersOutliveTheirBodies(t *testing.T) {
	for _, body := range append(oddAnswers, oneInvited, oneListed) {
		for _, status := range []int{200, 400} {
			a := answer{status: status, body: []byte(body)}
			invitations, invitationsErr := a.invitations()
			entries, entriesErr := a.entries()
			for i := range a.body {
				a.body[i] = '#'
			}
			a.body = []byte(body)
			want, wantErr := a.invitations()
			assertSame(t, a, invitations, want, invitationsErr, wantErr)
			wantEntries, wantErr := a.entries()
			assertSame(t, a, entries, wantEntries, entriesErr, wantErr)
		}
	}
}
