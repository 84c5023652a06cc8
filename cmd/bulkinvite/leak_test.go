package main

import (
	"fmt"
	"os"
	"os/signal"
	"testing"

	"go.uber.org/goleak"
)

// A leakChecker runs the tests and then fails if one of them, or what it
// tested, has left a goroutine behind. goleak.VerifyTestMain does the same, but
// so that testscript.Main cannot call it.
type leakChecker struct{ *testing.M }

func (c leakChecker) Run() int {
	if signal.Ignored(os.Interrupt) {
		// Started by a shell's &: the programs that the tests start and
		// interrupt would ignore it, too.
		signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	}
	code := c.M.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
