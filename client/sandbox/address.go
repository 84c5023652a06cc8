package sandbox

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// An AddressForm says how the API gives back an address that it was sent. The
// books have it as it was sent.
type AddressForm string

// The address forms. The empty AddressForm is as sent.
const (
	Gmail         AddressForm = "gmail"   // lower case; at gmail.com and googlemail.com, which are gmail.com, without dots and +tag
	WithoutTag    AddressForm = "no-tag"  // without +tag, whatever the domain
	UpperCase     AddressForm = "upper"   // in capitals
	LowerCase     AddressForm = "lower"   // in small letters
	UnicodeDomain AddressForm = "unicode" // the domain as U-labels
	ASCIIDomain   AddressForm = "ascii"   // the domain as A-labels
	BlanksAround  AddressForm = "blanks"  // a blank before and behind it
	Alias         AddressForm = "alias"   // an address of the API's own, which tells nothing of the one that was sent
)

// AddressForms returns all forms.
func AddressForms() []AddressForm {
	return []AddressForm{Gmail, WithoutTag, UpperCase, LowerCase, UnicodeDomain, ASCIIDomain, BlanksAround, Alias}
}

func (f AddressForm) validate() error {
	if f == "" || slices.Contains(AddressForms(), f) {
		return nil
	}
	return fmt.Errorf("sandbox: address form %q: must be one of %s", f, AddressForms())
}

// of returns the form of an address.
func (f AddressForm) of(email string) string {
	at := strings.LastIndexByte(email, '@')
	if at < 0 {
		return email
	}
	local, domain := email[:at], email[at+1:]
	switch f {
	case Gmail:
		return canonical(strings.ToLower(local), strings.ToLower(domain))
	case WithoutTag:
		local, _, _ = strings.Cut(local, "+")
		return local + "@" + domain
	case UpperCase:
		return strings.ToUpper(email)
	case LowerCase:
		return strings.ToLower(email)
	case UnicodeDomain:
		return local + "@" + labels(domain, idna.Lookup.ToUnicode)
	case ASCIIDomain:
		return local + "@" + labels(domain, idna.Lookup.ToASCII)
	case BlanksAround:
		return " " + email + " "
	case Alias:
		hash := fnv.New64a()
		_, _ = hash.Write([]byte(strings.ToLower(email)))
		return fmt.Sprintf("relay-%016x@relay.sandbox.invalid", hash.Sum64())
	default:
		return email
	}
}

// canonical is the address as Google itself delivers it.
func canonical(local, domain string) string {
	if domain != "gmail.com" && domain != "googlemail.com" {
		return local + "@" + domain
	}
	local, _, _ = strings.Cut(local, "+")
	return strings.ReplaceAll(local, ".", "") + "@gmail.com"
}

func labels(domain string, convert func(string) (string, error)) string {
	if converted, err := convert(domain); err == nil {
		return converted
	}
	return domain
}
