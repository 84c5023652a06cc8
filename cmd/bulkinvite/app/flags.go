package app

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// The flag values below refuse impossible values at once, with an error that
// names the flag or its environment variable. Each takes a pointer to its
// variable, which holds the default.

// Whole returns an int flag between min and max.
func Whole(value *int, min, max int) pflag.Value { return whole{value, min, max} }

// Fraction returns a float flag between min and max, where openMin leaves out
// min itself.
func Fraction(value *float64, min, max float64, openMin bool) pflag.Value {
	return fraction{value, min, max, openMin}
}

// Span returns a duration flag above 0.
func Span(value *time.Duration) pflag.Value { return span{value: value} }

// SpanOrZero returns a duration flag that may be 0.
func SpanOrZero(value *time.Duration) pflag.Value { return span{value: value, zero: true} }

// Choice returns a flag that takes one of some words.
func Choice(value *string, words ...string) pflag.Value { return choice{value, words} }

// Text returns a flag whose value must not be empty. check, unless nil, refuses
// other values; shells complete words.
func Text(value *string, check func(string) error, words ...string) pflag.Value {
	return text{value, check, words}
}

// File returns a flag that names a file, which shells complete.
func File(value *string) pflag.Value { return fileFlag{text{value: value}} }

type whole struct {
	value    *int
	min, max int
}

func (w whole) String() string { return FormatPointer(w.value, strconv.Itoa) }

func (w whole) Type() string { return "N" }

func (w whole) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < w.min || n > w.max {
		if w.max == math.MaxInt {
			return fmt.Errorf("must be a whole number of at least %d", w.min)
		}
		return fmt.Errorf("must be a whole number between %d and %d", w.min, w.max)
	}
	*w.value = n
	return nil
}

type fraction struct {
	value    *float64
	min, max float64
	openMin  bool
}

func (f fraction) String() string { return FormatPointer(f.value, FormatFloat) }

func (f fraction) Type() string { return "N" }

func (f fraction) Set(s string) error {
	n, err := strconv.ParseFloat(s, 64)
	// All comparisons with NaN are false: this form refuses it.
	ok := err == nil && n <= f.max && (n > f.min || n == f.min && !f.openMin)
	switch {
	case ok:
		*f.value = n
		return nil
	case f.openMin:
		return fmt.Errorf("must be a number above %s and at most %s", FormatFloat(f.min), FormatFloat(f.max))
	default:
		return fmt.Errorf("must be a number between %s and %s", FormatFloat(f.min), FormatFloat(f.max))
	}
}

type span struct {
	value *time.Duration
	zero  bool // 0 is a value of its own
}

func (d span) String() string { return FormatPointer(d.value, FormatDuration) }

func (d span) Type() string { return "TIME" }

func (d span) Set(s string) error {
	t, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return errors.New("must be a time with a unit, such as 40s, 5m or 2h")
	case t < 0:
		return errors.New("must not be negative")
	case t == 0 && !d.zero:
		return errors.New("must be above 0")
	}
	*d.value = t
	return nil
}

type choice struct {
	value *string
	words []string
}

func (c choice) String() string { return FormatPointer(c.value, func(s string) string { return s }) }

func (c choice) Type() string { return "WORD" }

func (c choice) Set(s string) error {
	for _, word := range c.words {
		if s == word {
			*c.value = s
			return nil
		}
	}
	last := len(c.words) - 1
	return fmt.Errorf("must be %s or %s", strings.Join(c.words[:last], ", "), c.words[last])
}

// A text refuses an empty value: it mostly comes from a variable that a script
// did not set, and the default is then not what the script wants. Without quotes
// around the variable the next flag would become the value: with --results $OUT
// --no-email everybody would get an e-mail.
type text struct {
	value *string
	check func(string) error // what else it must be; nil: anything will do
	words []string           // some that it may be, for the shells
}

func (t text) String() string { return FormatPointer(t.value, func(s string) string { return s }) }

func (t text) Type() string { return "TEXT" }

func (t text) Set(s string) error {
	if s == "" {
		return errors.New("must not be empty")
	}
	if strings.HasPrefix(s, "--") {
		return errors.New("must not begin with --: its own value may be missing")
	}
	if t.check != nil {
		if err := t.check(s); err != nil {
			return err
		}
	}
	*t.value = s
	return nil
}

type fileFlag struct{ text }

func (f fileFlag) Type() string { return "FILE" }

// TypeURL is the Type of flags whose values errors do not repeat, because people
// paste keys into URLs. See hidesValue.
const TypeURL = "URL"

// FormatPointer formats *p, and a nil p as nothing: pflag makes flag values
// without a variable to find out what a zero default looks like.
func FormatPointer[T any](p *T, format func(T) string) string {
	if p == nil {
		return ""
	}
	return format(*p)
}
