package app

import (
	"testing"
	"time"
)

func TestRoughly(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                     "0s",
		20 * time.Millisecond:                 "1s",
		12345 * time.Millisecond:              "12s",
		3*time.Minute + 14*time.Second:        "3m10s",
		2*time.Hour + 5*time.Minute + 40*1e9:  "2h6m",
		26 * time.Hour:                        "26h",
		59*time.Minute + 59*time.Second + 9e8: "1h",
	} {
		if got := Roughly(d); got != want {
			t.Errorf("%v is roughly %s, want %s", d, got, want)
		}
	}
}
