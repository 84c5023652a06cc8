package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"bulkinvite/batch"
)

// An outcome is one element of answers.people.
type outcome struct {
	Person      int // position in requests.people
	State       batch.State
	CandidateID string
	InviteURL   string
	Mark        string
}

// errDamaged is of a row that nothing here has written. To read it as well as it
// goes could turn a flipped bit into somebody who was never sent.
var errDamaged = errors.New("the ledger is damaged")

// The columns are plain JSON, so that any JSON function reads them. Writing
// and reading them is most of the ledger's work, hence the short cuts for what
// has no characters to escape; encoding/json does the rest.

func appendTexts(dst []byte, texts []string) []byte {
	dst = append(dst, '[')
	for i, s := range texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(dst, s)
	}
	return append(dst, ']')
}

func appendOutcomes(dst []byte, outcomes []outcome) []byte {
	dst = append(dst, '[')
	links := commonLinks(outcomes)
	if links != nil {
		dst = append(appendText(append(dst, linksKey...), links.text()), `},`...)
	}
	for i, o := range outcomes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"person":`...)
		dst = strconv.AppendInt(dst, int64(o.Person), 10)
		dst = appendText(append(dst, `,"state":`...), string(o.State))
		if o.CandidateID != "" {
			dst = appendText(append(dst, `,"candidate_id":`...), o.CandidateID)
		}
		if o.InviteURL != "" && links == nil {
			dst = appendText(append(dst, `,"invite_url":`...), o.InviteURL)
		}
		if o.Mark != "" {
			dst = appendText(append(dst, `,"mark":`...), o.Mark)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendText(dst []byte, s string) []byte {
	if !isPlain(s) || strings.Contains(s, `"`) {
		escaped, _ := json.Marshal(s) // a string is always fine
		return append(dst, escaped...)
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// isPlain reports whether s is ASCII without control characters and
// backslashes, which JSON writes as it is, but for quotes. It looks at eight
// bytes at a time, because it looks at everything that is read.
func isPlain(s string) bool {
	const each = 0x0101010101010101 // times a byte: that byte, eight times
	for ; len(s) >= 8; s = s[8:] {
		w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		control := w - ' '*each         // borrows into the high bit of what is below a space
		slash := (w ^ '\\'*each) - each // and this of what is a backslash
		if (control|slash|w)&(0x80*each) != 0 {
			return false
		}
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '\\' {
			return false
		}
	}
	return true
}

func parseTexts(text string) ([]string, error) {
	if texts, ok := parsePlainTexts(text); ok {
		return texts, nil
	}
	var elements []*string
	if err := json.Unmarshal([]byte(text), &elements); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if elements == nil {
		return nil, errDamaged
	}
	texts := make([]string, len(elements))
	for i, e := range elements {
		if e == nil {
			return nil, errDamaged
		}
		texts[i] = *e
	}
	return texts, nil
}

// parsePlainTexts reads what appendTexts wrote, if nothing in it is escaped.
func parsePlainTexts(text string) (texts []string, ok bool) {
	if len(text) < 4 || !strings.HasPrefix(text, `["`) || !strings.HasSuffix(text, `"]`) || !isPlain(text) {
		return nil, false
	}
	texts = strings.Split(text[2:len(text)-2], `","`)
	return texts, strings.Count(text, `"`) == 2*len(texts) // else a quote is part of a text
}

func parseOutcomes(text string) ([]outcome, error) {
	if outcomes, ok := parsePlainOutcomes(text); ok {
		return outcomes, nil
	}
	var elements []element
	if err := json.Unmarshal([]byte(text), &elements); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if elements == nil {
		return nil, errDamaged
	}
	var links *commonLink
	if len(elements) > 0 && elements[0].Links != nil {
		var ok bool
		if links, ok = elements[0].links(); !ok {
			return nil, errDamaged
		}
		elements = elements[1:]
	}
	outcomes := make([]outcome, len(elements))
	for i := range elements {
		var ok bool
		if outcomes[i], ok = elements[i].outcome(); !ok || !links.join(&outcomes[i]) {
			return nil, errDamaged
		}
	}
	return outcomes, nil
}

// An element is one of answers.people: an outcome, or before all others what
// their links have in common.
type element struct {
	Person      *int    `json:"person"`
	State       *string `json:"state"`
	CandidateID string  `json:"candidate_id"`
	InviteURL   string  `json:"invite_url"`
	Mark        string  `json:"mark"`
	Links       *string `json:"links"`
}

func (e *element) links() (*commonLink, bool) {
	if e.Person != nil || e.State != nil || e.CandidateID != "" || e.InviteURL != "" || e.Mark != "" {
		return nil, false
	}
	return parseLinks(*e.Links)
}

func (e *element) outcome() (o outcome, ok bool) {
	if e.Person == nil || e.State == nil || e.Links != nil {
		return o, false
	}
	state, ok := knownState(*e.State)
	return outcome{*e.Person, state, e.CandidateID, e.InviteURL, e.Mark}, ok
}

// parsePlainOutcomes reads what appendOutcomes wrote, if nothing in it is
// escaped.
func parsePlainOutcomes(text string) (outcomes []outcome, ok bool) {
	rest, ok := strings.CutPrefix(text, "[")
	if !ok || !isPlain(text) {
		return nil, false
	}
	links, rest, ok := cutLinks(rest)
	if !ok {
		return nil, false
	}
	outcomes = make([]outcome, 0, strings.Count(text, `{"person":`))
	for rest != "]" {
		if len(outcomes) > 0 {
			if rest, ok = strings.CutPrefix(rest, ","); !ok {
				return nil, false
			}
		}
		var o outcome
		if rest, ok = o.cut(rest); !ok || !links.join(&o) {
			return nil, false
		}
		outcomes = append(outcomes, o)
	}
	return outcomes, links == nil || len(outcomes) > 0 // else a comma has nobody behind it
}

func (o *outcome) cut(text string) (rest string, ok bool) {
	if rest, ok = strings.CutPrefix(text, `{"person":`); !ok {
		return "", false
	}
	number, rest, _ := strings.Cut(rest, `,"state":"`)
	if o.Person, ok = parsePosition(number); !ok {
		return "", false
	}
	state, rest, _ := strings.Cut(rest, `"`)
	if o.State, ok = knownState(state); !ok {
		return "", false
	}
	if after, found := strings.CutPrefix(rest, `,"candidate_id":"`); found {
		o.CandidateID, rest, _ = strings.Cut(after, `"`)
	}
	if after, found := strings.CutPrefix(rest, `,"invite_url":"`); found {
		o.InviteURL, rest, _ = strings.Cut(after, `"`)
	}
	if after, found := strings.CutPrefix(rest, `,"mark":"`); found {
		o.Mark, rest, _ = strings.Cut(after, `"`)
	}
	return strings.CutPrefix(rest, "}")
}

// parsePosition takes a number as appendOutcomes writes it.
func parsePosition(number string) (int, bool) {
	if number == "" || number[0] < '0' || number[0] > '9' || number[0] == '0' && number != "0" {
		return 0, false
	}
	n, err := strconv.Atoi(number)
	return n, err == nil
}

// knownState returns the constant for a state, so that the text that it was
// read from need not stay in memory.
func knownState(s string) (batch.State, bool) {
	for _, state := range []batch.State{batch.StateInvited, batch.StateNone, batch.StateSending,
		batch.StateRefused, batch.StateFailed, batch.StateNoInvitation} {
		if s == string(state) {
			return state, true
		}
	}
	return "", false
}
