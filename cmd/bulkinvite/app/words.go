package app

import (
	"math"
	"strconv"
	"strings"
	"time"

	"bulkinvite/batch"
)

// Again is the advice after most ends.
const Again = "run the same command again to go on"

// CountAre is Count with its verb.
func CountAre(n int, noun string) string {
	if n == 1 {
		return batch.Count(n, noun) + " is"
	}
	return batch.Count(n, noun) + " are"
}

// PeopleAre is People with its verb.
func PeopleAre(n int) string {
	if n == 1 {
		return batch.People(n) + " is"
	}
	return batch.People(n) + " are"
}

// Roughly writes a duration without fractions, in at most two units.
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

// Round rounds to two decimal places.
func Round(f float64) float64 { return math.Round(f*100) / 100 }

// firstLine cuts off the hints that cobra adds on further lines.
func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
