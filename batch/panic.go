package batch

import (
	"fmt"
	"runtime/debug"
)

// A Panic is a bug that showed itself: a panic that Guard has caught.
type Panic struct {
	Value string // in words, with e-mail addresses masked
	Stack string // where it was, for those who will mend it
}

func (p *Panic) Error() string {
	return "a bug in bulkinvite (" + p.Value + "), please report it with the log to whoever maintains it"
}

// Guard returns f with a panic in it turned into its error, which is a *Panic.
// Every goroutine that this program starts begins with it: nobody else can
// recover what panics there, errgroup does not, and Go would end the process at
// once, with the exit code that means that nothing was sent.
func Guard(f func() error) func() error {
	return func() (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = &Panic{Value: MaskText(fmt.Sprint(v)), Stack: string(debug.Stack())}
			}
		}()
		return f()
	}
}
