package app

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"pgregory.net/rapid"
)

func TestFlagValues(t *testing.T) {
	var (
		n    int
		f    float64
		d    time.Duration
		word string
	)
	count := Whole(&n, 1, 1000)
	rate := Fraction(&f, 0, 1e6, true)
	probability := Fraction(&f, 0, 1, false)
	timeout := Span(&d)
	deadline := SpanOrZero(&d)
	links := Choice(&word, "confirmed", "all", "none")
	tests := []struct {
		flag  pflag.Value
		text  string
		wants string // "" or what the error must say
	}{
		{count, "1", ""},
		{count, "1000", ""},
		{count, "0", "between 1 and 1000"},
		{count, "1001", "between 1 and 1000"},
		{count, "-5", "between 1 and 1000"},
		{count, "5.0", "whole number"},
		{count, "99999999999999999999", "whole number"},
		{Whole(&n, 1, math.MaxInt), "0", "at least 1"},
		{rate, "0.1", ""},
		{rate, "1e6", ""},
		{rate, "0", "above 0"},
		{rate, "-1", "above 0"},
		{rate, "NaN", "above 0"},
		{rate, "Inf", "above 0"},
		{rate, "fast", "above 0"},
		{probability, "0", ""},
		{probability, "1", ""},
		{probability, "1.01", "between 0 and 1"},
		{timeout, "40s", ""},
		{timeout, "1h30m", ""},
		{timeout, "0", "above 0"},
		{timeout, "40", "unit"},
		{timeout, "-1s", "negative"},
		{deadline, "0", ""},
		{links, "all", ""},
		{links, "", "confirmed, all or none"},
		{links, "ALL", "confirmed, all or none"},
	}
	for _, test := range tests {
		err := test.flag.Set(test.text)
		switch {
		case test.wants == "" && err != nil:
			t.Errorf("%T %q: %v", test.flag, test.text, err)
		case test.wants != "" && (err == nil || !strings.Contains(err.Error(), test.wants)):
			t.Errorf("%T %q: error %v, must say %q", test.flag, test.text, err, test.wants)
		}
	}
}

// What help shows as a default must be taken as a value.
func TestDurationsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(100*time.Hour)).Draw(t, "d")).Round(time.Millisecond)
		if again, err := time.ParseDuration(FormatDuration(d)); err != nil || again != d {
			t.Fatalf("%v is written %q, which reads as %v (%v)", d, FormatDuration(d), again, err)
		}
	})
}

func TestDurationsLookAsTyped(t *testing.T) {
	for _, text := range []string{"40s", "5m", "24h", "1h30m", "2m30s", "0s", "10h", "10m", "1.5s"} {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := FormatDuration(d); got != text {
			t.Errorf("%v is written %q, want %q", d, got, text)
		}
	}
}
