package confirm

import (
	"context"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/ledger/history"
)

// Assume settles requests of one person by what somebody knows from elsewhere: it
// was sent, or it was not. It is a run of its own in the ledger.
func Assume(ctx context.Context, store *ledger.Store, sent bool, requests []history.OpenRequest) error {
	input, state, message, counted := "confirm --assume sent", batch.StateInvited, "assumed sent by hand", string(batch.StatusConfirmed)
	if !sent {
		input, state, message, counted = "confirm --assume not-sent", batch.StateNone, "assumed not sent by hand", string(batch.CodeNotSent)
	}
	run, err := store.Begin(ctx, ledger.RunInfo{BaseURL: requests[0].BaseURL, Input: input, Rows: 1})
	if err != nil {
		return err
	}
	for _, r := range requests {
		settled := batch.Settlement{Key: r.Key, State: state}
		if err := run.Settle(ctx, r.RequestID, batch.Answer{Message: message, Outcomes: []batch.Settlement{settled}}); err != nil {
			return err
		}
	}
	return run.End(ctx, map[string]int{counted: 1}, batch.ExitOK)
}
