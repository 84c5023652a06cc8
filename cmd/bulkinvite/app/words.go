package app

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"bulkinvite/batch"
)

// Again is what to do after most ends.
const Again = "run the same command again to go on"

// Count writes a number with its noun.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// CountAre is Count with its verb.
func CountAre(n int, noun string) string {
	if n == 1 {
		return Count(n, noun) + " is"
	}
	return Count(n, noun) + " are"
}

// People writes how many people there are.
func People(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// PeopleAre is People with its verb.
func PeopleAre(n int) string {
	if n == 1 {
		return People(n) + " is"
	}
	return People(n) + " are"
}

// Roughly writes a time as people tell it: no fractions, at most two units.
func Roughly(d time.Duration) string {
	switch {
	case d > 0 && d < time.Second:
		return "1s"
	case d < time.Minute:
		return FormatDuration(d.Round(time.Second))
	case d < time.Hour:
		return FormatDuration(d.Round(10 * time.Second))
	default:
		return FormatDuration(d.Round(time.Minute))
	}
}

// FormatDuration writes 5m and not 5m0s, as people type it.
func FormatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// FormatFloat writes a number as people type it.
func FormatFloat(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// Round leaves two places: more say nothing.
func Round(f float64) float64 { return math.Round(f*100) / 100 }

// OneLine makes several errors, which errors.Join puts on a line each, one.
// Many may have met with the same, such as a full disk: that is told once.
func OneLine(s string) string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

// firstLine leaves out the hints that cobra puts on lines of their own.
func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// StatusOrder is the order in which statuses are listed for people.
var StatusOrder = []batch.Status{
	batch.StatusInvited, batch.StatusConfirmed, batch.StatusAlreadyInvited, batch.StatusResent, batch.StatusRehearsed, batch.StatusDuplicate,
}

// CodeOrder is the order in which codes are listed for people: that of
// failed.csv's description.
var CodeOrder = []batch.Code{
	batch.CodeTooManyFields, batch.CodeMissingInterviewID, batch.CodeInvalidInterviewID, batch.CodeMissingEmail,
	batch.CodeInvalidEmail, batch.CodeMissingName, batch.CodeInvalidValue, batch.CodeRefused,
	batch.CodeInterviewRefused, batch.CodeNoInvitation, batch.CodeAPIError, batch.CodeUncertain, batch.CodeNotSent,
}

// RatePerHour is the allowed rate among the counts, which are whole numbers.
const RatePerHour = "rate_per_hour"
