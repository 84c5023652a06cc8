package client

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const redacted = "[redacted]"

// A Key is the API key. However it is printed, logged or encoded, it shows as
// [redacted]; only the x-api-key header of a request has its value. The zero
// Key is no key.
type Key struct {
	// A function and not a string: fmt, reflection and deep printers cannot
	// look into it, not even where they find a Key in an unexported field,
	// whose methods fmt does not call.
	reveal func() string
}

// NewKey returns the key that s holds. One line break and one space at the end
// are trimmed, as files and copied texts have them. What cannot be a key is an
// error that does not show s.
func NewKey(s string) (Key, error) {
	s = strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
	s = strings.TrimSuffix(s, " ")
	if s == "" {
		return Key{}, errors.New("the API key is empty")
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' {
			return Key{}, fmt.Errorf("the API key has a character at position %d that no key has (only visible ASCII is allowed): copy it anew, alone on one line", i+1)
		}
	}
	return Key{reveal: func() string { return s }}, nil
}

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return k.reveal == nil }

func (k Key) String() string { return redacted }

// Format prints [redacted] for every verb and flag.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText is for encoders of any kind, those of logs too.
func (k Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// redact returns s without the key: as it is, or as %q writes it, which is how
// net/http quotes what a server sent.
func (k Key) redact(s string) string {
	if k.IsZero() {
		return s
	}
	secret := k.reveal()
	s = strings.ReplaceAll(s, secret, redacted)
	quoted := strconv.Quote(secret)
	s = strings.ReplaceAll(s, quoted[1:len(quoted)-1], redacted)
	if strings.Contains(s, secret) {
		return "" // the mark itself has it: a key like "red"
	}
	return s
}
