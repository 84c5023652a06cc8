package pgledger_test

import (
	"strings"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/batch/pgledger/pgtest"
)

// A run needs no more than a role that may make a schema in its database.
func TestOrdinaryRole(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	dsn := s.Database(t)
	exec(t, dsn, "create role inviter login")
	exec(t, dsn, "do $$ begin execute format('grant create on database %I to inviter', current_database()); end $$")
	run := begin(t, open(t, strings.Replace(dsn, "postgres@", "inviter@", 1)))
	if err := inviteAll(t.Context(), run, people(5), func(batch.Key) {}); err != nil {
		t.Error(err)
	}
	if err := run.MayLeave(t.Context()); err != nil {
		t.Error(err)
	}
	if err := run.End(t.Context(), nil, 0); err != nil {
		t.Error(err)
	}
}
