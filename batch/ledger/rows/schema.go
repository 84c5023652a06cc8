package rows

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed schema.sql
var schema string

//go:embed view.sql
var view string

const (
	applicationID = 0x62696e76 // "binv": tells the ledger from other SQLite files
	schemaVersion = 1
)

// DSN returns a data source name that escapes path, so that nothing of it is taken
// for a parameter. The pragmas stand in it because only so they reach every
// connection of the pool.
func DSN(path, mode string, pragmas ...string) string {
	query := url.Values{"mode": {mode}, "_txlock": {"immediate"}}
	query["_pragma"] = append([]string{"busy_timeout(10000)"}, pragmas...)
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query.Encode()}).String()
}

// A Querier is a database, or a transaction, which shows one state of it.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// Select returns a value for each row of a query, as read makes it of the row.
func Select[T any](ctx context.Context, db Querier, read func(row *sql.Rows) (T, error), query string, args ...any) (values []T, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		value, err := read(rows)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, rows.Err()
}

// OpenDSN opens an SQLite database with so many connections, which stay open.
func OpenDSN(dsn string, conns int) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// Inspect refuses what is not a ledger. It changes nothing: the file may be
// somebody else's.
func Inspect(ctx context.Context, path string) error {
	db, err := OpenDSN(DSN(path, "ro"), 1)
	if err != nil {
		return err
	}
	defer db.Close()
	return CheckSchema(ctx, db)
}

// CheckSchema refuses a database that is not a ledger of this schema.
func CheckSchema(ctx context.Context, db *sql.DB) error {
	var id, version, objects int
	err := db.QueryRowContext(ctx, `select application_id, user_version, (select count(*) from sqlite_schema)
		from pragma_application_id, pragma_user_version`).Scan(&id, &version, &objects)
	var sqliteErr *sqlite.Error
	switch {
	case errors.As(err, &sqliteErr) && sqliteErr.Code()&0xff == sqlite3.SQLITE_NOTADB:
		return errors.New("is not a ledger of bulkinvite, nor any SQLite database; name another file")
	case err != nil:
		return fmt.Errorf("cannot be read: %w", err)
	case id == 0 && version == 0 && objects == 0:
		return errors.New("is empty, and no run leaves it so: it has lost what it knew; restore it, or remove it if nobody was invited")
	case id != applicationID:
		return errors.New("is an SQLite database of another program; name another file")
	case version > schemaVersion:
		return fmt.Errorf("made by a newer bulkinvite (schema %d, this one knows %d): update bulkinvite",
			version, schemaVersion)
	case version != schemaVersion:
		return fmt.Errorf("schema %d is unknown; this file is damaged", version)
	}
	return nil
}

// CreateSchema makes all that a ledger consists of in an empty file, and marks
// it as ours.
func CreateSchema(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("cannot be written: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to do
	mark := fmt.Sprintf("pragma application_id = %d; pragma user_version = %d;", applicationID, schemaVersion)
	if _, err := tx.ExecContext(ctx, schema+view+mark); err != nil {
		return fmt.Errorf("cannot be written: %w", err)
	}
	return tx.Commit()
}
