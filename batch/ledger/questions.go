package ledger

import (
	"context"
	"fmt"

	"bulkinvite/batch/ledger/history"
)

// The questions to a ledger that is open for runs. No run may be under way.

// Traces is what Reader.Traces is, in all interviews, for Forget.
func (s *Store) Traces(ctx context.Context, person string) (*history.Traces, error) {
	t, err := history.TracesOf(ctx, s.read, person, "")
	return t, s.wrap(err)
}

// InDoubt returns the open requests of everybody who is in doubt at any base URL,
// re-sends included, in the order of their numbers. Settling all of somebody's
// ends the doubt. It reads the whole ledger: about a second per million people.
func (s *Store) InDoubt(ctx context.Context) ([]history.OpenRequest, error) {
	open, err := history.InDoubt(ctx, s.read)
	return open, s.wrap(err)
}

// LeftOut is InDoubt for everybody in StateNoInvitation, each in the request that
// this comes from.
func (s *Store) LeftOut(ctx context.Context) ([]history.OpenRequest, error) {
	open, err := history.LeftOut(ctx, s.read)
	return open, s.wrap(err)
}

// Members calls f for everybody in every request for these interviews that
// counts: with StateInvited or StateSending, once for each request.
func (s *Store) Members(ctx context.Context, baseURL string, interviewIDs []string, f func(history.Member)) error {
	return s.wrap(history.Members(ctx, s.read, baseURL, interviewIDs, f))
}

func (s *Store) wrap(err error) error {
	if err != nil {
		return fmt.Errorf("ledger %s: %w", s.path, err)
	}
	return nil
}
