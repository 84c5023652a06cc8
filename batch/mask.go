package batch

import "regexp"

var address = regexp.MustCompile(`([^\s@<>"'(),;:]{1,2})[^\s@<>"'(),;:]*@([^\s@<>"'(),;:]+)`)

// maskText makes e-mail addresses in a text unrecognisable: logs are read by
// more people than the files are.
func maskText(s string) string { return address.ReplaceAllString(s, "$1***@$2") }

// MaskText is maskText for those who log what they have read.
func MaskText(s string) string { return maskText(s) }
