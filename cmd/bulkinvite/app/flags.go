package app

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// A value is a flag that refuses impossible values at once, with an error that
// names the flag or its environment variable.
type value[T any] struct {
	variable *T     // holds the default
	kind     string // stands for the value in help
	format   func(T) string
	parse    func(string) (T, error)
	words    []string // which shells complete
}

// NewFlag returns a flag of a kind. Its variable holds the default.
func NewFlag[T any](variable *T, kind string, format func(T) string, parse func(string) (T, error)) pflag.Value {
	return value[T]{variable, kind, format, parse, nil}
}

func (v value[T]) String() string { return v.format(*v.variable) }

func (v value[T]) Type() string { return v.kind }

func (v value[T]) Set(s string) error {
	parsed, err := v.parse(s)
	if err == nil {
		*v.variable = parsed
	}
	return err
}

func (v value[T]) completions() []string { return v.words }

// A Repeated flag may be given several times, and keeps all values: its Set adds
// one.
type Repeated struct{ pflag.Value }

// Whole returns an int flag between min and max.
func Whole(variable *int, min, max int) pflag.Value {
	return NewFlag(variable, "N", strconv.Itoa, func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		switch {
		case err == nil && min <= n && n <= max:
			return n, nil
		case max == math.MaxInt:
			return 0, fmt.Errorf("must be a whole number of at least %d", min)
		default:
			return 0, fmt.Errorf("must be a whole number between %d and %d", min, max)
		}
	})
}

// Fraction returns a float flag between min and max, where openMin leaves out
// min itself.
func Fraction(variable *float64, min, max float64, openMin bool) pflag.Value {
	return NewFlag(variable, "N", FormatFloat, func(s string) (float64, error) {
		n, err := strconv.ParseFloat(s, 64)
		switch {
		case err == nil && n <= max && (n > min || n == min && !openMin): // false for NaN
			return n, nil
		case openMin:
			return 0, fmt.Errorf("must be a number above %s and at most %s", FormatFloat(min), FormatFloat(max))
		default:
			return 0, fmt.Errorf("must be a number between %s and %s", FormatFloat(min), FormatFloat(max))
		}
	})
}

// Span returns a duration flag above 0.
func Span(variable *time.Duration) pflag.Value { return span(variable, false) }

// SpanOrZero returns a duration flag that may be 0.
func SpanOrZero(variable *time.Duration) pflag.Value { return span(variable, true) }

func span(variable *time.Duration, zero bool) pflag.Value {
	return NewFlag(variable, "TIME", FormatDuration, func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		switch {
		case err != nil:
			return 0, errors.New("must be a time with a unit, such as 40s, 5m or 2h")
		case d < 0:
			return 0, errors.New("must not be negative")
		case d == 0 && !zero:
			return 0, errors.New("must be above 0")
		}
		return d, nil
	})
}

// Choice returns a flag that takes one of some words.
func Choice[T ~string](variable *T, words ...T) pflag.Value {
	var texts []string
	for _, word := range words {
		texts = append(texts, string(word))
	}
	return value[T]{variable, "WORD", func(word T) string { return string(word) }, func(s string) (T, error) {
		if !slices.Contains(texts, s) {
			return "", fmt.Errorf("must be %s", OneOf(words))
		}
		return T(s), nil
	}, texts}
}

// OneOf writes words as a, b or c.
func OneOf[T ~string](words []T) string {
	text := string(words[0])
	for n, word := range words[1:] {
		separator := ", "
		if n == len(words)-2 {
			separator = " or "
		}
		text += separator + string(word)
	}
	return text
}

// Text returns a flag whose value must not be empty. check, unless nil, refuses
// other values; shells complete words.
func Text(variable *string, check func(string) error, words ...string) pflag.Value {
	return value[string]{variable, "TEXT", unchanged, func(s string) (string, error) {
		err := refuseEmpty(s)
		if err == nil && check != nil {
			err = check(s)
		}
		return s, err
	}, words}
}

// refuseEmpty refuses an empty value: it mostly comes from a variable that a
// script did not set, and the default is then not what the script wants. Without
// quotes around the variable the next flag would become the value: with --results
// $OUT --no-email everybody would get an e-mail.
func refuseEmpty(s string) error {
	switch {
	case s == "":
		return errors.New("must not be empty")
	case strings.HasPrefix(s, "--"):
		return errors.New("must not begin with --: its own value may be missing")
	}
	return nil
}

// kindFile is the kind of flags that name files. Shells complete them, and ~/ is
// expanded in them.
const kindFile = "FILE"

// File returns a flag that names a file.
func File(variable *string) pflag.Value {
	return NewFlag(variable, kindFile, unchanged, func(s string) (string, error) { return s, refuseEmpty(s) })
}

// KindURL is the kind of flags whose values errors do not repeat, because people
// paste keys into URLs. See hidesValue.
const KindURL = "URL"

func unchanged(s string) string { return s }
