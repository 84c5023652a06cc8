package pgledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/pgledger"
	"bulkinvite/batch/pgledger/pgtest"
)

func people(n int) (keys []batch.Key) {
	for i := range n {
		keys = append(keys, batch.NewKey("i-1", fmt.Sprintf("p%d@example.com", i)))
	}
	return keys
}

func invitedAnswer(keys []batch.Key) (a batch.Answer) {
	a.StatusCode = 200
	for _, k := range keys {
		a.Outcomes = append(a.Outcomes, batch.Settlement{Key: k, State: batch.StateInvited, CandidateID: "id-" + k.Email})
	}
	return a
}

// inviteAll claims and settles everybody, a few at a time, as often as it takes,
// and returns how many it claimed of whom.
func inviteAll(ctx context.Context, run *pgledger.Run, keys []batch.Key, claimed func(batch.Key)) error {
	for len(keys) > 0 {
		n := min(5, len(keys))
		c, err := run.Claim(ctx, batch.Request{Kind: batch.KindInvite, InterviewID: "i-1", People: keys[:n]})
		if err != nil {
			return err
		}
		var mine []batch.Key
		for i, k := range keys[:n] {
			if c.Held[i] == nil {
				claimed(k)
				mine = append(mine, k)
			}
		}
		if c.ID != 0 {
			if err := run.Settle(ctx, c.ID, invitedAnswer(mine)); err != nil {
				return err
			}
		}
		keys = keys[n:]
	}
	return nil
}

// disturbed runs two stores over the same people while something happens to their
// server again and again: everybody is claimed once, and each is settled.
func disturbed(t *testing.T, dsn string, disturb func()) {
	t.Helper()
	keys := people(200)
	var mu sync.Mutex
	claims := map[batch.Key]int{}
	done := make(chan struct{})
	var g errgroup.Group
	var runs []*pgledger.Run
	for range 2 {
		run := begin(t, open(t, dsn))
		runs = append(runs, run)
		g.Go(func() error {
			return inviteAll(t.Context(), run, keys, func(k batch.Key) {
				mu.Lock()
				defer mu.Unlock()
				claims[k]++
			})
		})
	}
	var disturber errgroup.Group
	disturber.Go(func() error {
		for {
			disturb()
			select {
			case <-done:
				return nil
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	err := g.Wait()
	close(done)
	_ = disturber.Wait()
	if err != nil {
		t.Fatal(err)
	}
	records, err := runs[0].Lookup(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range keys {
		if claims[k] != 1 || records[i].State != batch.StateInvited {
			t.Errorf("%v was claimed %d times, and is %+v", k, claims[k], records[i])
		}
	}
	for _, run := range runs {
		if err := run.End(t.Context(), nil, 0); err != nil {
			t.Error(err)
		}
	}
}

func TestBackendsTerminated(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	disturbed(t, dsn, func() {
		exec(t, dsn, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'bulkinvite'")
	})
}

func TestServerKilled(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	dsn := s.Database(t)
	kills := 0
	disturbed(t, dsn, func() {
		if kills++; kills <= 3 {
			s.Kill(t)
			s.Start(t)
		}
	})
}

// Nobody is taken for dead because the database was away for longer than anybody
// may be silent.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	dsn := s.Database(t)
	one, two := begin(t, open(t, dsn)), begin(t, open(t, dsn))
	ann := people(1)
	c, err := one.Claim(t.Context(), batch.Request{Kind: batch.KindInvite, InterviewID: "i-1", People: ann})
	if err != nil {
		t.Fatal(err)
	}
	look := func() batch.Record {
		records, err := two.Lookup(t.Context(), ann)
		if err != nil {
			t.Fatal(err)
		}
		return records[0]
	}
	if look().Holder == nil {
		t.Error("one lives, and is not waited for")
	}
	s.Kill(t)
	time.Sleep(silent + silent/2)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if one.MayLeave(ctx) == nil {
		t.Error("a request may leave while nobody can be asked")
	}
	s.Start(t)
	if look().Holder == nil {
		t.Error("one was taken for dead")
	}
	if err := one.MayLeave(t.Context()); err != nil {
		t.Error(err)
	}
	if err := one.Settle(t.Context(), c.ID, invitedAnswer(ann)); err != nil {
		t.Error(err)
	}
}

// A server that may lose what it has confirmed is refused, and says what to change.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for setting, word := range map[string]string{
		"synchronous_commit = off":                          "synchronous_commit",
		"synchronous_commit = local":                        "synchronous_commit",
		"default_transaction_isolation = 'repeatable read'": "read committed",
		"default_transaction_read_only = on":                "read_only",
	} {
		dsn := pgtest.Database(t)
		open(t, dsn)
		exec(t, dsn, "do $$ begin execute format('alter database %I set "+strings.ReplaceAll(setting, "'", "''")+"', current_database()); end $$")
		if _, err := pgledger.Open(t.Context(), dsn, pgledger.Options{}); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", setting, err)
		}
	}
	for change, word := range map[string]string{
		"update bulkinvite.epoch set schema_version = 99": "newer bulkinvite",
		"update bulkinvite.epoch set system_id = 'x'":     "copy",
	} {
		dsn := pgtest.Database(t)
		open(t, dsn)
		exec(t, dsn, change)
		if _, err := pgledger.Open(t.Context(), dsn, pgledger.Options{}); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", change, err)
		}
	}
}

// After a promotion, runs are careful for a day.
func TestOtherTimeline(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	if at, err := open(t, dsn).Changed(t.Context()); !at.IsZero() || err != nil {
		t.Errorf("changed at %v, %v", at, err)
	}
	exec(t, dsn, "update bulkinvite.epoch set timeline = '0000000F'")
	if at, err := open(t, dsn).Changed(t.Context()); time.Since(at) > time.Minute || err != nil {
		t.Errorf("changed at %v, %v", at, err)
	}
	exec(t, dsn, "update bulkinvite.epoch set changed_at = changed_at - interval '25 hours'")
	if at, err := open(t, dsn).Changed(t.Context()); !at.IsZero() || err != nil {
		t.Errorf("changed at %v, %v", at, err)
	}
}

// What is wrong with an address is said without the address.
func TestPasswordIsNotTold(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{
		"postgres://u:s3cret@127.0.0.1:1/db?connect_timeout=1", "postgres://u:s3cret@%zz/db", "postgres://u:s3cret@h:port/db",
		"host=127.0.0.1 port=1 password=s3cret connect_timeout=x",
	} {
		_, err := pgledger.Open(t.Context(), dsn, pgledger.Options{})
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v", err)
		}
	}
}

// Behind pgbouncer nothing can be prepared; every verb works without.
func TestWithoutPreparedStatements(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	run := begin(t, open(t, dsn+"&default_query_exec_mode=exec"))
	keys := people(20)
	if err := inviteAll(t.Context(), run, keys, func(batch.Key) {}); err != nil {
		t.Fatal(err)
	}
	_, lookErr := run.Lookup(t.Context(), keys)
	_, slotErr := run.Slot(t.Context())
	paceErr := run.ChangePace(t.Context(), func(p batch.Pace, _ time.Time) batch.Pace { return p })
	owners, ownersErr := run.Owners(t.Context(), []string{"id-" + keys[0].Email})
	if err := errors.Join(lookErr, slotErr, paceErr, ownersErr, run.MayLeave(t.Context()), run.End(t.Context(), nil, 0)); err != nil {
		t.Error(err)
	}
	if len(owners[0]) != 1 {
		t.Errorf("owners: %v", owners)
	}
}
