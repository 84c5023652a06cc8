package batch

import (
	"fmt"
	"slices"
	"strings"
)

// Statuses returns all of them, in the order in which people are shown them.
func Statuses() []Status {
	return []Status{StatusInvited, StatusConfirmed, StatusAlreadyInvited, StatusResent, StatusRehearsed, StatusDuplicate}
}

// Codes returns all of them, in the order of the checks that a row goes through.
func Codes() []Code {
	return []Code{
		CodeTooManyFields, CodeMissingInterviewID, CodeInvalidInterviewID, CodeMissingEmail,
		CodeInvalidEmail, CodeMissingName, CodeInvalidValue, CodeRefused,
		CodeInterviewRefused, CodeNoInvitation, CodeAPIError, CodeUncertain, CodeNotSent,
	}
}

// Count writes a number with its noun.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// People writes how many people there are.
func People(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

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

// RatePerHour is the allowed rate among the counts of a run, which are whole
// numbers.
const RatePerHour = "rate_per_hour"
