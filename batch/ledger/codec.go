package ledger

import (
	"encoding/json"
	"strconv"
	"strings"

	"bulkinvite/batch"
)

// An outcome is one element of answers.people.
type outcome struct {
	Person      int         `json:"person"` // position in requests.people
	State       batch.State `json:"state"`
	CandidateID string      `json:"candidate_id,omitempty"`
	InviteURL   string      `json:"invite_url,omitempty"`
}

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
		if o.InviteURL != "" {
			dst = appendText(append(dst, `,"invite_url":`...), o.InviteURL)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendText(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			escaped, _ := json.Marshal(s) // a string is always fine
			return append(dst, escaped...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

func parseTexts(text string) ([]string, error) {
	if len(text) > 4 && !strings.Contains(text, `\`) && strings.HasPrefix(text, `["`) && strings.HasSuffix(text, `"]`) {
		return strings.Split(text[2:len(text)-2], `","`), nil // no quote is part of a text
	}
	var texts []string
	if err := json.Unmarshal([]byte(text), &texts); err != nil {
		return nil, err
	}
	return texts, nil
}

func parseOutcomes(text string) ([]outcome, error) {
	if outcomes, ok := parsePlainOutcomes(text); ok {
		return outcomes, nil
	}
	var outcomes []outcome
	if err := json.Unmarshal([]byte(text), &outcomes); err != nil {
		return nil, err
	}
	return outcomes, nil
}

// parsePlainOutcomes reads what appendOutcomes wrote, if nothing in it is
// escaped.
func parsePlainOutcomes(text string) (outcomes []outcome, ok bool) {
	rest, ok := strings.CutPrefix(text, "[")
	if !ok || strings.Contains(text, `\`) {
		return nil, false
	}
	outcomes = make([]outcome, 0, strings.Count(text, `{"person":`))
	for rest != "]" {
		var o outcome
		if rest, ok = o.cut(rest); !ok {
			return nil, false
		}
		rest = strings.TrimPrefix(rest, ",")
		outcomes = append(outcomes, o)
	}
	return outcomes, true
}

func (o *outcome) cut(text string) (rest string, ok bool) {
	rest, _ = strings.CutPrefix(text, `{"person":`)
	number, rest, _ := strings.Cut(rest, `,"state":"`)
	person, err := strconv.Atoi(number)
	if err != nil {
		return "", false
	}
	o.Person = person
	state, rest, ok := strings.Cut(rest, `"`)
	if !ok {
		return "", false
	}
	o.State = knownState(state)
	if after, found := strings.CutPrefix(rest, `,"candidate_id":"`); found {
		o.CandidateID, rest, _ = strings.Cut(after, `"`)
	}
	if after, found := strings.CutPrefix(rest, `,"invite_url":"`); found {
		o.InviteURL, rest, _ = strings.Cut(after, `"`)
	}
	return strings.CutPrefix(rest, "}")
}

// knownState returns the constant for a state, so that the text that it was
// read from need not stay in memory.
func knownState(s string) batch.State {
	for _, state := range []batch.State{batch.StateInvited, batch.StateNone, batch.StateSending,
		batch.StateRefused, batch.StateFailed} {
		if s == string(state) {
			return state
		}
	}
	return batch.State(s)
}
