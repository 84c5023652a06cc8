package batch

import (
	"context"
	"errors"
)

// The exit codes of a program that runs an input, which the ledger keeps of each
// run. They are interface: cron jobs and monitoring act on them. A signal that
// kept rows from going is 128 + its number.
const (
	ExitOK         = 0
	ExitBroken     = 1 // the run broke off: disk, ledger, a bug, taken for dead
	ExitUsage      = 2 // nothing was sent, old outputs are untouched
	ExitFailedRows = 3 // finished, some rows failed, or there are none
	ExitEndedEarly = 4 // the API ended the run: key, quota, down, deadline
	ExitLocked     = 5 // another run holds the ledger; nothing was sent
)

// ExitCode returns the code of a run that did not break off. Where several
// apply, the first of them counts. The cause of a cancelled ctx names the code
// of a stopped run, with a method ExitCode.
func ExitCode(ctx context.Context, end End, failedRows int) int {
	switch {
	case end == Stopped:
		if code, named := CauseCode(ctx); named {
			return code
		}
		return ExitBroken // nothing but a named cause is meant to stop a run
	case end == TakenOver:
		return ExitBroken
	case end != Finished:
		return ExitEndedEarly
	case failedRows > 0:
		return ExitFailedRows
	default:
		return ExitOK
	}
}

// CauseCode returns the exit code that the cause of a cancelled ctx names.
func CauseCode(ctx context.Context) (code int, named bool) {
	var cause interface{ ExitCode() int }
	if named = errors.As(context.Cause(ctx), &cause); named {
		code = cause.ExitCode()
	}
	return code, named
}

// String is what programs call an end.
func (e End) String() string {
	return map[End]string{
		Finished:     "finished",
		Stopped:      "stopped",
		KeyRefused:   "key_refused",
		QuotaUsedUp:  "quota_used_up",
		WrongPath:    "wrong_path",
		APIDown:      "api_down",
		DeadlineOver: "deadline_over",
		TakenOver:    "taken_over",
	}[e]
}

// An End says why a run ended.
type End int

// The ends of a run.
const (
	Finished     End = iota // every row was dealt with
	Stopped                 // the context was cancelled and rows are left
	KeyRefused              // 401 or 403
	QuotaUsedUp             // 429 "Limit Exceeded"
	WrongPath               // the base URL leads nowhere
	APIDown                 // no accepted invitation for Options.GiveUpAfter
	DeadlineOver            // Options.Deadline
	TakenOver               // another run on the same ledger took this one for dead
)
