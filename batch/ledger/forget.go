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
	names := t.Pattern()
	for _, texts := range []textColumn{
		{"select id, message from answers where message <> ''", "update answers set message = ? where id = ?"},
		{"select id, input from runs", "update runs set input = ? where id = ?"},
	} {
		if err := texts.remove(ctx, tx, names); err != nil {
			return err
		}
	}
	if err := forgetInMemory(ctx, tx, names); err != nil {
		return err
	}
	return tx.Commit()
}

// forgetInMemory takes out what runs remember about the API and that names the
// person. Half of it would not be understood, and all of it can be found out
// again.
func forgetInMemory(ctx context.Context, tx *sql.Tx, names *regexp.Regexp) error {
	rows, err := tx.QueryContext(ctx, "select base_url, name, value from memory")
	if err != nil {
		return err
	}
	defer rows.Close()
	var naming [][2]string
	for rows.Next() {
		var key [2]string
		var value string
		if err := rows.Scan(&key[0], &key[1], &value); err != nil {
			return err
		}
		if names.MatchString(norm.NFC.String(value)) {
			naming = append(naming, key)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, key := range naming {
		if _, err := tx.ExecContext(ctx, "delete from memory where base_url = ? and name = ?", key[0], key[1]); err != nil {
			return err
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

// A textColumn has texts for people to read.
type textColumn struct{ read, write string }

// remove removes the texts of the column that the pattern matches.
func (c textColumn) remove(ctx context.Context, tx *sql.Tx, names *regexp.Regexp) error {
	ids, err := c.matching(ctx, tx, names)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := tx.ExecContext(ctx, c.write, removed, id); err != nil {
			return err
		}
	}
	return nil
}

func (c textColumn) matching(ctx context.Context, tx *sql.Tx, names *regexp.Regexp) (ids []int64, err error) {
	rows, err := tx.QueryContext(ctx, c.read)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, err
		}
		if names.MatchString(norm.NFC.String(text)) {
			ids = append(ids, id)
		}
	}
	return ids, rows.Err()
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
