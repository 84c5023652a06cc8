package ledger

import "strings"

// A commonLink is what the links of all people in an answer have in common. Each
// link is mostly a candidate id with the same text around it, and the links
// would be half of the ledger.
type commonLink struct{ before, after string } // the id

const (
	linksKey = `{"links":` // how an answer begins that has such
	idInLink = "{candidate_id}"
)

// text is what stands in the ledger.
func (c *commonLink) text() string { return c.before + idInLink + c.after }

// commonLinks returns what the links of all these people have in common. It is
// nil if anybody's link, or their id, is missing or not plain: then each
// stands for itself. So does the link of one person alone, in which something
// about them may be beside the id.
func commonLinks(outcomes []outcome) *commonLink {
	if len(outcomes) < 2 || outcomes[0].CandidateID == "" {
		return nil
	}
	before, after, found := strings.Cut(outcomes[0].InviteURL, outcomes[0].CandidateID)
	c, ok := parseLinks(before + idInLink + after)
	if !found || !ok {
		return nil
	}
	for i := range outcomes {
		if !c.isOf(&outcomes[i]) {
			return nil
		}
	}
	return c
}

func (c *commonLink) isOf(o *outcome) bool {
	rest, begins := strings.CutPrefix(o.InviteURL, c.before)
	id, ends := strings.CutSuffix(rest, c.after)
	return begins && ends && id == o.CandidateID && id != "" && isPlain(o.InviteURL)
}

// parseLinks reads what text has written: one place for the id, and no other.
func parseLinks(text string) (c *commonLink, ok bool) {
	c = &commonLink{}
	c.before, c.after, ok = strings.Cut(text, idInLink)
	return c, ok && !strings.Contains(c.after, idInLink)
}

// cutLinks takes the common link from the front of what follows the bracket of
// an answer, nil if there is none.
func cutLinks(text string) (c *commonLink, rest string, ok bool) {
	text, found := strings.CutPrefix(text, linksKey+`"`)
	if !found {
		return nil, text, true
	}
	text, rest, _ = strings.Cut(text, `"`)
	if c, ok = parseLinks(text); !ok {
		return nil, "", false
	}
	rest, ok = strings.CutPrefix(rest, `},`)
	return c, rest, ok
}

// join gives somebody their link, if there is a common one, and reports whether
// all is as it was written.
func (c *commonLink) join(o *outcome) bool {
	if c == nil {
		return true
	}
	ok := o.CandidateID != "" && o.InviteURL == ""
	o.InviteURL = c.before + o.CandidateID + c.after
	return ok
}
