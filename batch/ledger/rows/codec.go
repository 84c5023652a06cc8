package rows

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"bulkinvite/batch"
)

// An Outcome is what an answer says of one person.
type Outcome struct {
	Person      int // position in requests.people
	State       batch.State
	CandidateID string
	InviteURL   string
	Mark        string
}

// ErrDamaged is of a row that nothing here has written. To read it as well as it
// goes could turn a flipped bit into somebody who was never sent.
var ErrDamaged = errors.New("the ledger is damaged")

// Columns are what a row of answers has of its people, in the order of
// requests.people. But for the states, each is a JSON array of texts, or empty
// if all of these are.
type Columns struct {
	States string // a letter each
	IDs    string
	Links  string // or one JSON text, which is everybody's link with their id in it
	Marks  string
}

const (
	idInLink = "{candidate_id}"
	notTold  = '-' // in states: the answer says nothing of the person
)

// stateLetters are the letters of the states in an answer. A flipped bit makes no
// letter, nor notTold, into another.
var stateLetters = map[batch.State]byte{
	batch.StateInvited: 'i', batch.StateSending: 'o', batch.StateRefused: 'r',
	batch.StateFailed: 'f', batch.StateNoInvitation: 'l', batch.StateNone: 'x',
}

var letterStates = func() (states [256]*batch.State) {
	for state, letter := range stateLetters {
		states[letter] = &state
	}
	return states
}()

// Encode writes outcomes, sorted by person, of an answer to so many people.
func Encode(people int, outcomes []Outcome) Columns {
	states := []byte(strings.Repeat(string(notTold), people))
	for i := range outcomes {
		states[outcomes[i].Person] = stateLetters[outcomes[i].State]
	}
	c := Columns{
		States: string(states),
		IDs:    column(people, outcomes, func(o *Outcome) string { return o.CandidateID }),
		Marks:  column(people, outcomes, func(o *Outcome) string { return o.Mark }),
	}
	if common := commonLinkOf(outcomes); common != nil {
		c.Links = string(appendText(nil, common.text()))
	} else {
		c.Links = column(people, outcomes, func(o *Outcome) string { return o.InviteURL })
	}
	return c
}

func column(people int, outcomes []Outcome, text func(*Outcome) string) string {
	texts, empty := make([]string, people), true
	for i := range outcomes {
		t := text(&outcomes[i])
		texts[outcomes[i].Person], empty = t, empty && t == ""
	}
	if empty {
		return ""
	}
	return string(AppendTexts(make([]byte, 0, 48*people), texts))
}

// A commonLink is what is around the candidate id in the links of an answer.
type commonLink struct{ before, after string }

// commonLinkOf returns it if everybody who has an id has such a link, and nobody
// else has one. The links would be half of the ledger.
func commonLinkOf(outcomes []Outcome) *commonLink {
	var c *commonLink
	for i := range outcomes {
		o := &outcomes[i]
		if c == nil && o.CandidateID != "" {
			before, after, _ := strings.Cut(o.InviteURL, o.CandidateID)
			c = &commonLink{before, after}
		}
		if o.CandidateID != "" && !c.fits(o.InviteURL, o.CandidateID) || o.CandidateID == "" && o.InviteURL != "" {
			return nil
		}
	}
	if c == nil || !utf8.ValidString(c.before) || !utf8.ValidString(c.after) || strings.Count(c.text(), idInLink) != 1 {
		return nil
	}
	return c
}

// text is what stands in the ledger.
func (c *commonLink) text() string { return c.before + idInLink + c.after }

func (c *commonLink) fits(link, id string) bool {
	return len(link) == len(c.before)+len(id)+len(c.after) && strings.HasPrefix(link, c.before) &&
		strings.HasSuffix(link, c.after) && link[len(c.before):][:len(id)] == id && utf8.ValidString(id)
}

// decode reads the outcomes of an answer to so many people.
func (c *Columns) decode(people int) (outcomes []Outcome, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}()
	ids, err := columnTexts(c.IDs, people)
	if err != nil {
		return nil, err
	}
	marks, err := columnTexts(c.Marks, people)
	if err != nil {
		return nil, err
	}
	links, common, err := c.decodeLinks(people)
	if err != nil {
		return nil, err
	}
	if len(c.States) != people {
		return nil, fmt.Errorf("%d states of %d people", len(c.States), people)
	}
	outcomes = make([]Outcome, 0, people)
	for i := range people {
		o := Outcome{i, "", textAt(ids, i), textAt(links, i), textAt(marks, i)}
		if c.States[i] == notTold && o == (Outcome{Person: i}) {
			continue
		}
		state := letterStates[c.States[i]]
		if state == nil {
			return nil, fmt.Errorf("state %q", c.States[i])
		}
		o.State = *state
		if common != nil && o.CandidateID != "" {
			o.InviteURL = common.before + o.CandidateID + common.after
		}
		outcomes = append(outcomes, o)
	}
	return outcomes, nil
}

// decodeLinks reads the column of links: texts, or what they have in common.
func (c *Columns) decodeLinks(people int) ([]string, *commonLink, error) {
	if !strings.HasPrefix(c.Links, `"`) {
		links, err := columnTexts(c.Links, people)
		return links, nil, err
	}
	texts, err := parseTexts("[" + c.Links + "]")
	if err != nil {
		return nil, nil, err
	}
	if len(texts) != 1 || strings.Count(texts[0], idInLink) != 1 {
		return nil, nil, errors.New("no link in common")
	}
	before, after, _ := strings.Cut(texts[0], idInLink)
	return nil, &commonLink{before, after}, nil
}

// columnTexts reads a column: one text for each of so many people, or nil.
func columnTexts(column string, people int) ([]string, error) {
	if column == "" {
		return nil, nil
	}
	texts, err := parseTexts(column)
	if err == nil && len(texts) != people {
		err = fmt.Errorf("%d texts of %d people", len(texts), people)
	}
	return texts, err
}

func textAt(texts []string, i int) string {
	if texts == nil {
		return ""
	}
	return texts[i]
}

// All else is plain JSON, so that any JSON function reads it. Writing
// and reading them is most of the ledger's work, hence the short cuts for what
// has no characters to escape; encoding/json does the rest.

// AppendTexts appends texts as a JSON array.
func AppendTexts(dst []byte, texts []string) []byte {
	dst = append(dst, '[')
	for i, s := range texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(dst, s)
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
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if elements == nil {
		return nil, ErrDamaged
	}
	texts := make([]string, len(elements))
	for i, e := range elements {
		if e == nil {
			return nil, ErrDamaged
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
