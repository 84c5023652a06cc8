package pgledger

import (
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"bulkinvite/batch/ledger/rows"
)

// An awayError is of a database that does not answer, or not now.
type awayError struct{ err error }

func (e *awayError) Error() string { return "the database does not answer: " + e.err.Error() }
func (e *awayError) Unwrap() error { return e.err }

// passing are the classes and codes of what PostgreSQL says of itself and not of
// what it was asked: connections (08), too many of them, deadlocks, a server that
// is ending or beginning, or that was made a replica.
var passing = []string{"08", "53", "55P03", "57", "40", "25P03", "25006"}

// away marks errors after which a verb is repeated. closed says that the
// connection was lost with it.
func away(err error, closed bool) error {
	var refusal *refusedError
	var marked *awayError
	if err == nil || errors.As(err, &refusal) || errors.As(err, &marked) || errors.Is(err, rows.ErrDamaged) {
		return err
	}
	var said *pgconn.PgError
	if errors.As(err, &said) {
		again := slices.ContainsFunc(passing, func(code string) bool { return strings.HasPrefix(said.Code, code) })
		// An earlier try was committed after all: the next one finds it.
		again = again || said.Code == "23505" && strings.HasSuffix(said.ConstraintName, "_nonce_key")
		if !again {
			return err
		}
	} else if !closed {
		return err
	}
	return &awayError{err}
}
