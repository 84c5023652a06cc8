package app

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"bulkinvite/batch"
	"bulkinvite/csvio"
)

// OnePerson is cobra's ExactArgs(1) in this program's words.
func OnePerson(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return errors.New("name one EMAIL")
	}
	return checkPerson(args[0])
}

// checkPerson refuses what no row can be known by: mostly a name, or a file.
func checkPerson(person string) error {
	if !strings.Contains(person, "@") && (batch.Key{Email: person}).HasAddress() {
		// Not repeated: people have been seen to put the API key anywhere.
		return errors.New("what is named is no e-mail address; name one, or application:ID or candidate:ID of a row without one")
	}
	return nil
}

// CheckUnknown is for a person of whom nothing is known: that is an answer
// about an address, and a mistake if it is none, such as Ann <ann@example.com>.
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
