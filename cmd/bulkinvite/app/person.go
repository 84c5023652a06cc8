package app

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"bulkinvite/batch"
	"bulkinvite/csvio"
)

// OnePerson takes one EMAIL.
func OnePerson(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return errors.New("name one EMAIL")
	}
	return checkPerson(args[0])
}

// checkPerson refuses what identifies no row, such as a name or a file.
func checkPerson(person string) error {
	if !strings.Contains(person, "@") && (batch.Key{Email: person}).HasAddress() {
		// The error does not repeat it: people put the API key anywhere.
		return errors.New("what is named is no e-mail address; name one, or application:ID or candidate:ID of a row without one")
	}
	return nil
}

// CheckUnknown refuses a person that the ledger does not know and that is no
// address either, such as Ann <ann@example.com>: that is a mistake of the user.
func CheckUnknown(person string) error {
	if (batch.Key{Email: person}).HasAddress() {
		if err := csvio.CheckEmail(person); err != nil {
			return Refusef("what is named is no e-mail address: it %w; nothing is known of it", err)
		}
	} else if _, id, _ := strings.Cut(person, ":"); id == "" {
		return Refusef("%s names no id", person)
	}
	return nil
}
