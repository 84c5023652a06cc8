package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"

	"golang.org/x/text/unicode/norm"

	"bulkinvite/batch/ledger/history"
	"bulkinvite/batch/ledger/rows"
)

// removed is left of a text that named somebody who was forgotten.
const removed = "(removed: it named somebody who was forgotten)"

// Forget removes what was found of a person: their address, ids and links, and
// every message that names them. What is left is which requests they were in,
// what state they are in, and a salted hash, so that a later run still does not
// invite them twice. It is refused for somebody in doubt.
//
// The whole ledger is written anew at the end, which takes as much room again
// twice for a while: SQLite leaves what is deleted in free parts of its pages.
// If that fails, forgetting the same person again makes up for it.
func (s *Store) Forget(ctx context.Context, t *history.Traces) error {
	if h := t.InDoubt(); h != nil {
		return fmt.Errorf("ledger: forget: it is not known whether %s was invited to interview %s", h.Key.Email, h.Key.InterviewID)
	}
	if err := s.remove(ctx, t); err != nil {
		return fmt.Errorf("ledger: forget: %w", err)
	}
	if err := s.scrub(ctx); err != nil {
		return fmt.Errorf("ledger: forget: what was removed can still be in free parts of its files: %w", err)
	}
	return nil
}

func (s *Store) remove(ctx context.Context, t *history.Traces) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()    //nolint:errcheck // after Commit it has nothing to do
	salt := rows.NewSalt() // one, so that a person stays one person in the view and in counts
	for i := range t.Histories {
		h := &t.Histories[i]
		mark := salt.Mark(h.BaseURL, h.Key).String()
		for j := range h.Requests {
			if r := &h.Requests[j]; !r.Forgotten {
				if err := forgetIn(ctx, tx, r.ID, h.Key.Email, mark); err != nil {
					return err
				}
			}
		}
	}
	if err := removeTexts(ctx, tx, t.Pattern()); err != nil {
		return err
	}
	return tx.Commit()
}

// texts are the columns that may name somebody in words, and what becomes of a
// text that does. Half of what runs remember about the API would not be
// understood, and all of it can be found out again.
var texts = []struct{ read, remove string }{
	{"select distinct message from answers", "update answers set message = ?1 where message = ?2"},
	{"select distinct input from runs", "update runs set input = ?1 where input = ?2"},
	{"select distinct value from memory", "delete from memory where value = ?2"},
}

// removeTexts removes the texts that the pattern matches.
func removeTexts(ctx context.Context, tx *sql.Tx, names *regexp.Regexp) error {
	for _, column := range texts {
		all, err := rows.Select(ctx, tx, func(row *sql.Rows) (text string, err error) { return text, row.Scan(&text) }, column.read)
		if err != nil {
			return err
		}
		for _, text := range all {
			if !names.MatchString(norm.NFC.String(text)) {
				continue
			}
			if _, err := tx.ExecContext(ctx, column.remove, removed, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetIn takes a person out of a request, and ids, link and mark of theirs out
// of the answers to it. A mark may be a digest of who they are.
func forgetIn(ctx context.Context, tx *sql.Tx, id int64, name, mark string) error {
	var r *rows.Request
	for read, err := range rows.Requests(ctx, tx, "where r.id = ?", id) {
		if err != nil {
			return err
		}
		r = read
	}
	at := -1
	if r != nil {
		at = r.Find(name, 0)
	}
	if at < 0 {
		return fmt.Errorf("%w: request %d is not as it was read", rows.ErrDamaged, id)
	}
	r.Emails[at] = mark
	_, err := tx.ExecContext(ctx, "update requests set people = ? where id = ?", string(rows.AppendTexts(nil, r.Emails)), id)
	if err == nil && len(r.Emails) == 1 { // else ids and messages are of others, too
		_, err = tx.ExecContext(ctx, `update requests set job_application_id = '', candidate_id = '' where id = ?1;
			update answers set message = ?2 where request_id = ?1 and message <> ''`, id, removed)
	}
	for _, a := range r.Answers {
		for i := range a.Outcomes {
			if o := &a.Outcomes[i]; o.Person == at {
				o.CandidateID, o.InviteURL, o.Mark = "", "", ""
			}
		}
		if err == nil {
			c := rows.Encode(len(r.Emails), a.Outcomes)
			_, err = tx.ExecContext(ctx, `update answers set candidate_ids = nullif(?, ''), invite_urls = nullif(?, ''), marks = nullif(?, '')
				where id = ?`, c.IDs, c.Links, c.Marks, a.ID)
		}
	}
	return err
}

// scrub writes the ledger anew without what was deleted in it, and empties the
// WAL.
func (s *Store) scrub(ctx context.Context) error {
	if _, err := s.write.ExecContext(ctx, "vacuum"); err != nil {
		return err
	}
	var busy, pages, written int
	err := s.write.QueryRowContext(ctx, "pragma wal_checkpoint(truncate)").Scan(&busy, &pages, &written)
	if err == nil && busy != 0 {
		err = errors.New("another process is reading the ledger")
	}
	return err
}
