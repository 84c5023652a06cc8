package csvio

import (
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// providers are the most frequent mail providers, with endings that none of their
// domains has and that are slips of one that it has.
var providers = map[string][]string{
	"gmail":      {"co", "cm", "om", "net", "org", "de", "fr", "it", "es", "co.uk"},
	"googlemail": {"co", "cm", "om", "net", "org", "de", "fr", "it", "es", "co.uk"},
	"icloud":     {"co", "cm", "om", "net", "org", "de", "fr", "it", "es", "co.uk"},
	"hotmail":    {"co", "cm", "om"},
	"outlook":    {"co", "cm", "om"},
	"yahoo":      {"co", "cm", "om"},
	"protonmail": {"co", "cm", "om"},
}

// commonEndings are compared with unknown top-level domains.
var commonEndings = []string{"com", "net", "org", "edu", "gov", "info"}

// isSlippedDomain reports whether a domain is most likely a slip of the pen:
// gmial.com, hotmail.co, or an unknown ending such as .con.
func isSlippedDomain(domain string) bool {
	domain = strings.ToLower(domain)
	if latin := strings.ReplaceAll(domain, "ı", "i"); latin != domain && isProvider(latin) {
		return true // a program set to Turkish has made ı of I
	}
	suffix, _ := publicsuffix.PublicSuffix(domain)
	if len(suffix) == 1 { // no ending has one letter: it was cut off
		return true
	}
	if !strings.Contains(suffix, ".") && isUnknownEnding(suffix) {
		for _, ending := range commonEndings {
			if isSlip(suffix, ending) {
				return true
			}
		}
	}
	label, rest, _ := strings.Cut(domain, ".")
	if rest != suffix { // it is the part of another domain
		return false
	}
	for provider, endings := range providers {
		if label == provider {
			return slices.Contains(endings, rest)
		}
		// Of the first letter it is none: ymail.com and mail.com are other providers.
		if isSlip(label, provider) && (label[0] == provider[0] || len(label) == len(provider) && label[1] == provider[0]) {
			return true
		}
	}
	return false
}

// isProvider reports whether a domain is that of one of the providers.
func isProvider(domain string) bool {
	label, rest, _ := strings.Cut(domain, ".")
	_, known := providers[label]
	return known && rest == "com"
}

// isUnknownEnding reports whether a top-level domain does not exist.
func isUnknownEnding(label string) bool {
	_, icann := publicsuffix.PublicSuffix("example." + label)
	return !icann
}

// isSlip reports whether written differs from meant by one letter added, lost or
// replaced, or by two letters swapped.
func isSlip(written, meant string) bool {
	for written != "" && meant != "" && written[0] == meant[0] {
		written, meant = written[1:], meant[1:]
	}
	for written != "" && meant != "" && written[len(written)-1] == meant[len(meant)-1] {
		written, meant = written[:len(written)-1], meant[:len(meant)-1]
	}
	switch {
	case len(written)+len(meant) == 1, len(written) == 1 && len(meant) == 1:
		return true
	case len(written) == 2 && len(meant) == 2:
		return written[0] == meant[1] && written[1] == meant[0]
	}
	return false
}
