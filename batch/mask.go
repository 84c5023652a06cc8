package batch

import "regexp"

var address = regexp.MustCompile(`([^\s@<>"'(),;:]{1,2})[^\s@<>"'(),;:]*@([^\s@<>"'(),;:]+)`)

// MaskText makes e-mail addresses in a text unrecognisable: logs are read by
// more people than the files are.
func MaskText(s string) string { return address.ReplaceAllString(s, "$1***@$2") }

// WithoutAddresses returns a text with a star for each e-mail address: texts that
// differ in nothing else become one.
func WithoutAddresses(s string) string { return address.ReplaceAllString(s, "*") }
