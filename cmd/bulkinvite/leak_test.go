package main

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// A leakChecker runs the tests and then fails if one of them, or what it
// tested, has left a goroutine behind. goleak.VerifyTestMain does the same, but
// so that testscript.Main cannot call it.
type leakChecker struct{ *testing.M }

func (c leakChecker) Run() int {
	code := c.M.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
