package history

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"

	"golang.org/x/net/idna"
)

// Traces are what the ledger has of a person, under every name that it knows
// them by: an address, and keys of rows that named them by an id.
type Traces struct {
	Person    string    // as the ledger compares it
	Histories []History // one for each name, base URL and interview
	aliases   []alias
	ids       []string // as a candidate, and of their job applications
}

// An alias is what a person is known by: an address, or what stands for one.
type alias struct {
	baseURL string // at which it is theirs; "" if everywhere
	name    string
}

// Traces finds what the ledger has of a person in the interview, or in all of
// them if that is "", for every base URL. The person is an address in any
// spelling, or what stands for one, see batch.Candidate.Key. It reads the index
// of people and the requests of this person, besides those that are not indexed
// yet: of a run that died or is not over.
func (q Questions) Traces(ctx context.Context, person, interviewID string) (*Traces, error) {
	return ask(ctx, q, func(db rows.Querier) (*Traces, error) {
		t := &Traces{Person: normalName(person)}
		return t, t.find(ctx, db, interviewID)
	})
}

func normalName(person string) string {
	if k := (batch.Key{Email: person}); !k.HasAddress() {
		return person // ids are opaque
	}
	return batch.NewKey("", person).Email
}

func (t *Traces) find(ctx context.Context, db rows.Querier, interviewID string) error {
	t.aliases = []alias{{name: t.Person}}
	for seen := 0; seen < len(t.aliases); {
		unseen := t.aliases[seen:]
		seen = len(t.aliases)
		found, err := histories(ctx, db, unseen, interviewID)
		if err != nil {
			return err
		}
		t.Histories = append(t.Histories, found...)
		for i := range found {
			t.learn(&found[i])
		}
	}
	return nil
}

// learn notes the ids that a history names, and the names that stand for the
// person because of them.
func (t *Traces) learn(h *History) {
	learn := func(id string, key batch.Key) {
		if id == "" {
			return
		}
		if !slices.Contains(t.ids, id) {
			t.ids = append(t.ids, id)
		}
		known := func(a alias) bool { return a.name == key.Email && (a.baseURL == "" || a.baseURL == h.BaseURL) }
		if !slices.ContainsFunc(t.aliases, known) {
			t.aliases = append(t.aliases, alias{h.BaseURL, key.Email})
		}
	}
	for i := range h.Requests {
		r := &h.Requests[i]
		if r.People == 1 { // else the ids would be of all of them
			learn(r.CandidateID, batch.Candidate{CandidateID: r.CandidateID}.Key())
			learn(r.JobApplicationID, batch.Candidate{JobApplicationID: r.JobApplicationID}.Key())
		}
		for _, a := range r.Answers {
			learn(a.CandidateID, batch.Candidate{CandidateID: a.CandidateID}.Key())
		}
	}
}

// InDoubt returns a history whose outcome is unknown, nil if there is none. It has
// to be settled before the person is forgotten: the API can only be asked about a
// known address.
func (t *Traces) InDoubt() *History {
	i := slices.IndexFunc(t.Histories, func(h History) bool { return h.Record.State == batch.StateSending })
	if i < 0 {
		return nil
	}
	return &t.Histories[i]
}

// Requests returns in how many requests the person is, and in how many of them
// they are forgotten.
func (t *Traces) Requests() (all, forgotten int) {
	for i := range t.Histories {
		for j := range t.Histories[i].Requests {
			all++
			if t.Histories[i].Requests[j].Forgotten {
				forgotten++
			}
		}
	}
	return all, forgotten
}

// Pattern matches a text that names the person. An address is found within
// longer ones too, since nobody knows what a message has around it; an id only
// by itself, since it may be short.
func (t *Traces) Pattern() *regexp.Regexp {
	expressions := []string{regexp.QuoteMeta(t.Person)}
	if at := strings.LastIndexByte(t.Person, '@'); at >= 0 {
		// The key has an international domain as an A-label; messages may not.
		if domain, err := idna.ToUnicode(t.Person[at+1:]); err == nil {
			expressions = append(expressions, regexp.QuoteMeta(t.Person[:at+1]+domain))
		}
	}
	for _, id := range t.ids {
		expressions = append(expressions, `(?:^|[^\pL\pN])`+regexp.QuoteMeta(id)+`(?:$|[^\pL\pN])`)
	}
	return regexp.MustCompile("(?i)" + strings.Join(expressions, "|"))
}
