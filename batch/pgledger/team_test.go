package pgledger_test

import (
	"context"
	"testing"
	"time"

	"bulkinvite/batch/ledger/ledgertest"
	"bulkinvite/batch/pgledger"
	"bulkinvite/batch/pgledger/pgtest"
)

// Short times, so that a run is soon taken for dead.
const (
	valid   = 200 * time.Millisecond
	silent  = 1500 * time.Millisecond
	timeout = 300 * time.Millisecond
)

func TestShared(t *testing.T) {
	ledgertest.RunShared(t, func(t *testing.T, f func(*testing.T, ledgertest.Team)) { f(t, newTeam(t)) })
}

// A team is a database that several runs have open, each with a store of its own.
type team struct{ dsn string }

func newTeam(t *testing.T) *team {
	dsn := pgtest.Database(t)
	open(t, dsn)
	// Nothing is heard of those who are in the table mute: the server lets their
	// beats fail.
	exec(t, dsn, `create table bulkinvite.mute (run bigint primary key);
		create function bulkinvite.refuse() returns trigger language plpgsql as $$ begin
			if new.beat <> old.beat and exists (select from bulkinvite.mute where run = old.id) then raise exception 'muted'; end if;
			return new;
		end $$;
		create trigger refuse before update on bulkinvite.runs for each row execute function bulkinvite.refuse()`)
	return &team{dsn}
}

func (*team) Times() (time.Duration, time.Duration, time.Duration) { return valid, silent, timeout }

func (m *team) Begin(t *testing.T) ledgertest.TeamRun {
	return &member{T: t, Run: begin(t, open(t, m.dsn)), dsn: m.dsn}
}

// open opens a store that is closed when the test ends.
func open(t *testing.T, dsn string) *pgledger.Store {
	t.Helper()
	s, err := pgledger.Open(t.Context(), dsn, pgledger.Options{Valid: valid, Silent: silent, Beat: silent / 6, GiveUp: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// begin begins a run that is dead when the test ends, if it has not ended.
func begin(t *testing.T, s *pgledger.Store) *pgledger.Run {
	t.Helper()
	run, err := s.Begin(t.Context(), pgledger.RunInfo{BaseURL: baseURL, Timeout: timeout, Rate: 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = run.Leave() })
	return run
}

// A member is a run of a team.
type member struct {
	*testing.T
	*pgledger.Run
	dsn string
}

func (m *member) Mute(muted bool) {
	if muted {
		exec(m.T, m.dsn, "insert into bulkinvite.mute values ($1)", m.ID())
	} else {
		exec(m.T, m.dsn, "delete from bulkinvite.mute where run = $1", m.ID())
	}
}

func (m *member) End() error { return m.Run.End(context.Background(), nil, 0) }
