package outlet

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"bulkinvite/batch"
	"bulkinvite/client"
)

// foreign are the entries of a list that are other interviews'. An API that
// ignores for which interview it is asked shows them; one that knows the interview
// by another id seems to.
type foreign struct {
	entries int
	ids     map[string]struct{} // of the interviews, in normal form
}

// maxForeign is how many interviews are looked at.
const maxForeign = 1000

func (f *foreign) add(id string) {
	f.entries++
	if f.ids == nil {
		f.ids = map[string]struct{}{}
	}
	if len(f.ids) < maxForeign {
		f.ids[batch.NormalInterviewID(id)] = struct{}{}
	}
}

// emptyList returns why a list that shows only these entries does not prove that
// nobody is invited to an interview, or nil. It does if all ids look like the one
// that was asked for, and one is that of an interview that we invite to: then this
// is how the API spells ids, and ours is not among them.
func (o *Outlet) emptyList(ctx context.Context, f *foreign, id string) error {
	unproven := &client.Error{Err: fmt.Errorf("the list shows %d invitations and none of them for the interview that was asked for", f.entries)}
	if len(f.ids) == maxForeign {
		return unproven
	}
	known := false
	for other := range f.ids {
		if idShape(other) != idShape(id) || strings.EqualFold(other, id) {
			return unproven
		}
		if !known {
			var err error
			if known, err = o.hooks.Knows(ctx, other); err != nil {
				return err
			}
		}
	}
	if !known {
		return unproven
	}
	return nil
}

// isSameInterview reports whether an entry is one of an interview, whose id is in
// normal form: a UUID may be shown in capitals, in braces or without dashes.
func isSameInterview(shown, id string) bool {
	return shown == id || batch.NormalInterviewID(shown) == id || batch.IsUUID(id) && bareUUID(shown) == bareUUID(id)
}

// bareUUID returns the digits of a UUID.
func bareUUID(id string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "{", "", "}", "", "urn:uuid:", "").Replace(id))
}

// idShape is what ids of one kind have in common: that they are UUIDs, numbers, or
// have so many letters and digits between the same signs.
func idShape(id string) string {
	if batch.IsUUID(id) {
		return "UUID"
	}
	if strings.Trim(id, "0123456789") == "" {
		return "number"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return 'a'
		}
		return r
	}, id)
}
