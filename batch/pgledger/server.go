package pgledger

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed schema.sql
var schema string

const schemaVersion = 1

// A refusedError is why a server is not used, however often it is asked.
type refusedError struct{ why string }

func (e *refusedError) Error() string { return e.why }

func refuse(format string, args ...any) error { return &refusedError{fmt.Sprintf(format, args...)} }

// An identity is what makes a server this one and no copy.
type identity struct{ system, timeline string }

const askIdentity = "(select system_identifier::text from pg_control_system()), substring(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"

// recognise looks at every new connection: behind the same name may be another
// server by now.
func (s *Store) recognise(ctx context.Context, c *pgx.Conn) error {
	var inRecovery bool
	if err := c.QueryRow(ctx, "select pg_is_in_recovery()").Scan(&inRecovery); err != nil {
		return err
	}
	if inRecovery {
		// While one is promoted, this passes.
		return &awayError{errors.New("it is a replica, which cannot be written to; name the primary")}
	}
	var now identity
	if err := c.QueryRow(ctx, "select "+askIdentity).Scan(&now.system, &now.timeline); err != nil {
		return err
	}
	if s.server != (identity{}) && now != s.server {
		return refuse("the database is another one than when this began (a replica was promoted, or it was restored): send the same input again")
	}
	return checkSettings(ctx, c)
}

// checkSettings refuses a server that may lose what it has confirmed, or show a
// claim less than there is.
func checkSettings(ctx context.Context, c *pgx.Conn) error {
	var version int
	var fsync, commit, isolation, readOnly string
	err := c.QueryRow(ctx, `select current_setting('server_version_num')::int, current_setting('fsync'),
		current_setting('synchronous_commit'), current_setting('default_transaction_isolation'),
		current_setting('default_transaction_read_only')`).Scan(&version, &fsync, &commit, &isolation, &readOnly)
	switch {
	case err != nil:
		return err
	case version < 130_000:
		return refuse("the server is PostgreSQL %d; it takes 13 or newer", version/10_000)
	case fsync != "on":
		return refuse("the server has fsync off: after a power cut it would not know who was invited; set it on")
	case commit == "off" || commit == "local":
		return refuse("synchronous_commit is %s: the server says that something is written before it is; set it on", commit)
	case isolation != "read committed":
		return refuse("default_transaction_isolation is %q; a ledger needs \"read committed\"", isolation)
	case readOnly != "off":
		return refuse("default_transaction_read_only is %s, and a ledger is written to", readOnly)
	}
	return nil
}

// checkEpoch makes the tables if there are none, and compares the server with the
// one that they were made on. It holds the lock of the epoch.
func (s *Store) checkEpoch(ctx context.Context, tx pgx.Tx) error {
	var now identity
	var pages string
	if err := tx.QueryRow(ctx, "select "+askIdentity+", current_setting('full_page_writes')").Scan(&now.system, &now.timeline, &pages); err != nil {
		return err
	}
	var there bool
	if err := tx.QueryRow(ctx, "select to_regclass('bulkinvite.epoch') is not null").Scan(&there); err != nil {
		return err
	}
	if !there {
		s.isNew = true
		if err := create(ctx, tx, now); err != nil {
			return err
		}
	}
	var version int
	var noted identity
	var trusts bool
	err := tx.QueryRow(ctx, "select schema_version, system_id, timeline, trusts_storage from bulkinvite.epoch").
		Scan(&version, &noted.system, &noted.timeline, &trusts)
	switch {
	case err != nil:
		return err
	case version > schemaVersion:
		return refuse("it was made by a newer bulkinvite (schema %d, this one knows %d): update bulkinvite", version, schemaVersion)
	case version != schemaVersion:
		return refuse("its schema %d is unknown", version)
	case noted.system != now.system:
		return refuse("this is a copy of a ledger: it was made on another server, which may know of more people")
	case pages != "on" && !trusts:
		return refuse("the server has full_page_writes off: after a power cut it may not know who was invited; set it on")
	}
	if noted.timeline != now.timeline {
		_, err = tx.Exec(ctx, "update bulkinvite.epoch set timeline = $1, changed_at = clock_timestamp()", now.timeline)
	}
	s.server = now
	return err
}

func create(ctx context.Context, tx pgx.Tx, now identity) error {
	if _, err := tx.Exec(ctx, schema); err != nil {
		return fmt.Errorf("its tables cannot be made: %w", err)
	}
	_, err := tx.Exec(ctx, "insert into bulkinvite.epoch (schema_version, system_id, timeline) values ($1, $2, $3)", schemaVersion, now.system, now.timeline)
	return err
}

// caution is how long runs are careful after a replica was promoted.
const caution = 24 * time.Hour

// Changed returns when the server's history was last found to be another one, if
// that was within a day: what was confirmed just before may be lost, and the API
// has to be asked. It is zero otherwise.
func (s *Store) Changed(ctx context.Context) (at time.Time, err error) {
	err = s.do(ctx, "epoch", func(ctx context.Context, c *pgx.Conn, _ bool) error {
		var age *float64
		err := c.QueryRow(ctx, "select extract(epoch from clock_timestamp() - changed_at)::float8 from bulkinvite.epoch").Scan(&age)
		if err == nil && age != nil && seconds(*age) < caution {
			at = time.Now().Add(-seconds(*age))
		}
		return err
	})
	return at, err
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
