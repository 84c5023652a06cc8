package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
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
func (s *Store) Forget(ctx context.Context, t *Traces) error {
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

func (s *Store) remove(ctx context.Context, t *Traces) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to do
	salt := newSalt()   // one, so that a person stays one person in the view and in counts
	for i := range t.Histories {
		h := &t.Histories[i]
		standIn := salt.standIn(h.BaseURL, h.Key).String()
		for j := range h.Requests {
			if r := &h.Requests[j]; !r.Forgotten {
				if err := forgetIn(ctx, tx, r, h.Key.Email, standIn); err != nil {
					return err
				}
			}
		}
	}
	names := t.pattern()
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

// forgetIn takes a person out of a request and the answers to it.
func forgetIn(ctx context.Context, tx *sql.Tx, r *PastRequest, name, standIn string) error {
	var people string
	if err := tx.QueryRowContext(ctx, "select people from requests where id = ?", r.ID).Scan(&people); err != nil {
		return err
	}
	var req request
	if err := req.joinAll(people); err != nil {
		return err
	}
	at := req.find(name, 0)
	if at < 0 {
		return fmt.Errorf("%w: request %d is not as it was read", errDamaged, r.ID)
	}
	req.emails[at] = standIn
	_, err := tx.ExecContext(ctx, "update requests set people = ? where id = ?", string(appendTexts(nil, req.emails)), r.ID)
	if err != nil {
		return err
	}
	alone := len(req.emails) == 1
	if alone {
		_, err = tx.ExecContext(ctx, "update requests set job_application_id = '', candidate_id = '' where id = ?", r.ID)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "update answers set message = ? where request_id = ? and message <> ''", removed, r.ID)
		if err != nil {
			return err
		}
	}
	return forgetInAnswers(ctx, tx, r.ID, at)
}

// forgetInAnswers takes the ids, links and marks of the person at a position in a
// request out of the answers to it.
func forgetInAnswers(ctx context.Context, tx *sql.Tx, request int64, person int) error {
	answers, err := readTexts(ctx, tx, every, "select id, people from answers where request_id = ?", request)
	if err != nil {
		return err
	}
	for id, people := range answers {
		outcomes, err := parseOutcomes(people)
		if err != nil {
			return fmt.Errorf("answer %d: %w", id, err)
		}
		for i := range outcomes {
			if o := &outcomes[i]; o.Person == person {
				o.CandidateID, o.InviteURL, o.Mark = "", "", "" // a mark may be a digest of who they are
			}
		}
		_, err = tx.ExecContext(ctx, "update answers set people = ? where id = ?", string(appendOutcomes(nil, outcomes)), id)
		if err != nil {
			return err
		}
	}
	return nil
}

// pattern matches a text that names the person. An address is found within
// longer ones too, since nobody knows what a message has around it; an id only
// by itself, since it may be short.
func (t *Traces) pattern() *regexp.Regexp {
	expressions := []string{regexp.QuoteMeta(t.Person)}
	if at := strings.LastIndexByte(t.Person, '@'); at >= 0 {
		// The key has an international domain as an A-label; messages may not.
		if domain, err := idna.ToUnicode(t.Person[at+1:]); err == nil {
			expressions = append(expressions, regexp.QuoteMeta(t.Person[:at+1]+domain))
		}
	}
	for _, id := range t.ids {
		expressions = append(expressions, `(?:^|[^\pL\pN])`+regexp.QuoteMeta(id)+`(?:$|[^\pL\pN])`)
	}
	return regexp.MustCompile("(?i)" + strings.Join(expressions, "|"))
}

// A textColumn has texts for people to read.
type textColumn struct{ read, write string }

// remove removes the texts of the column that the pattern matches.
func (c textColumn) remove(ctx context.Context, tx *sql.Tx, names *regexp.Regexp) error {
	texts, err := readTexts(ctx, tx, func(text string) bool { return names.MatchString(norm.NFC.String(text)) }, c.read)
	if err != nil {
		return err
	}
	for id := range texts {
		if _, err := tx.ExecContext(ctx, c.write, removed, id); err != nil {
			return err
		}
	}
	return nil
}

// every wants all texts.
func every(string) bool { return true }

// readTexts returns the texts that are wanted, by the numbers of their rows.
func readTexts(ctx context.Context, db querier, wanted func(string) bool, query string, args ...any) (map[int64]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	texts := map[int64]string{}
	for rows.Next() {
		var id int64
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, err
		}
		if wanted(text) {
			texts[id] = text
		}
	}
	return texts, rows.Err()
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
