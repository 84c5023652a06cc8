package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// RunInfo is what the ledger keeps of a run.
type RunInfo struct {
	BaseURL string // in normal form: people of another base URL are somebody else
	Input   string // the input's name
	SHA256  string // of the input, in hexadecimal
	Rows    int    // in the input
	Claims  int    // people who are claimed, at a guess: memory is reserved for them
}

// A Run is one run's view of the ledger. It implements batch.Ledger.
type Run struct {
	rows.Finder
	store *Store

	// Guarded by Cache, until the writer is gone.
	lastRequest int64
	lastAnswer  int64
	next        *group // what is written next; nil if nothing waits
	stopping    bool   // nothing is decided any more
	broken      error  // the failed commit after which nothing is written

	addRequest, addAnswer, remember *sql.Stmt

	wake   chan struct{} // one for each group that waits
	writer errgroup.Group
}

var _ batch.Ledger = (*Run)(nil)

// Begin writes that a run has started. An open ledger has one run at a time:
// one that is still under way is cut off, as if it had died.
func (s *Store) Begin(ctx context.Context, info RunInfo) (*Run, error) {
	if s.run != nil {
		s.run.stop()
	}
	if err := s.indexPeople(ctx); err != nil {
		return nil, fmt.Errorf("ledger: begin: %w", err)
	}
	r := &Run{
		Finder: rows.Finder{BaseURL: info.BaseURL},
		store:  s,
		wake:   make(chan struct{}, 1),
	}
	if err := r.begin(ctx, info); err != nil {
		return nil, fmt.Errorf("ledger: begin: %w", err)
	}
	s.run = r
	r.writer.Go(r.writeGroups)
	return r, nil
}

func (r *Run) begin(ctx context.Context, info RunInfo) error {
	db := r.store.write
	err := db.QueryRowContext(ctx, `insert into runs (started_at, base_url, input, sha256, row_count)
		values (?, ?, ?, ?, ?) returning id`,
		r.store.now().UnixMicro(), info.BaseURL, info.Input, info.SHA256, info.Rows).Scan(&r.RunID)
	if err != nil {
		return err
	}
	err = db.QueryRowContext(ctx, `select coalesce((select max(id) from requests), 0),
		coalesce((select max(id) from answers), 0)`).Scan(&r.lastRequest, &r.lastAnswer)
	if err != nil {
		return err
	}
	if err := r.Open(ctx, r.store.read, r.lastRequest); err != nil {
		return err
	}
	// Mostly a file names those of earlier runs again, or nobody of them.
	r.Cache.Tail.Reserve(info.Claims - r.Index.Len())
	// The lists of people come as bytes, and are cast: a string would be one more
	// copy of the longest that is written.
	r.addRequest, err = db.PrepareContext(ctx, `insert into requests (id, run_id, kind, interview_id, job_application_id,
		candidate_id, email_disabled, claimed_at, people) values (?, ?, ?, ?, ?, ?, ?, ?, cast(? as text))`)
	if err != nil {
		return err
	}
	r.addAnswer, err = db.PrepareContext(ctx, `insert into answers (id, request_id, run_id, at, status_code, message,
		states, candidate_ids, invite_urls, marks) values (?, ?, ?, ?, ?, ?, ?, nullif(?, ''), nullif(?, ''), nullif(?, ''))`)
	if err != nil {
		return err
	}
	r.remember, err = db.PrepareContext(ctx, `insert into memory (base_url, name, value, at) values (?, ?, ?, ?)
		on conflict do update set value = excluded.value, at = excluded.at`)
	return err
}

// ID returns the run's number in the ledger.
func (r *Run) ID() int64 { return r.RunID }

// End writes that the run is over, with counts for people to read and the exit
// code, and brings the index up to date, which takes part of a second per
// million people of the run. All verbs are refused from now on. The end is
// written whether or not ctx is cancelled: a stopped run has not died.
func (r *Run) End(ctx context.Context, counts map[string]int, exitCode int) error {
	r.stop()
	if r.broken != nil {
		return r.broken
	}
	if r.store.run != r {
		return rows.ErrEnded
	}
	text, err := json.Marshal(counts)
	if err != nil {
		return fmt.Errorf("ledger: end: %w", err)
	}
	t := r.Cache.Close()
	if t == nil {
		return rows.ErrEnded
	}
	if err := r.store.checkPlace(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	_, err = r.store.write.ExecContext(ctx, "update runs set ended_at = ?, counts = ?, exit_code = ? where id = ?",
		r.store.now().UnixMicro(), string(text), exitCode, r.RunID)
	if err == nil && r.lastRequest > t.Base {
		err = r.store.addToIndex(ctx, r.Index, t, r.lastRequest)
	}
	if err != nil {
		return fmt.Errorf("ledger: end: %w", err)
	}
	return nil
}
