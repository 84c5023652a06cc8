package pgledger

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"bulkinvite/batch"
)

// takeSlot takes the next place. Above 100 a second places are a little wider: what
// the database and the network add to one place must not put two into one. Places
// that lie far ahead of all that was asked for are some accident's.
const (
	gap      = "make_interval(secs => case when least(allowed, $2::float8) > 100 then 1.02 else 1 end / least(allowed, $2::float8))"
	free     = "greatest(clock_timestamp(), until)"
	takeSlot = "update bulkinvite.rates set tat = case when tat > " + free + " + interval '10 minutes' then " + free + " else greatest(tat, " + free + ") end + " + gap +
		" where base_url = $1 returning extract(epoch from tat - " + gap + " - clock_timestamp())::float8," +
		" allowed < $2::float8 and clock_timestamp() - grown_at > interval '1 second'"
)

// Slot implements batch.Shared. That a place is taken need not be durable: nobody is
// lost or sent twice if a crash gives it back.
func (r *Run) Slot(ctx context.Context) (wait time.Duration, err error) {
	var ahead float64
	var grow bool
	err = r.do(ctx, "slot", func(ctx context.Context, c *pgx.Conn, _ bool) error {
		b := &pgx.Batch{} // one round trip
		b.Queue("begin isolation level read committed")
		b.Queue("set local synchronous_commit = off")
		b.Queue(takeSlot, r.info.BaseURL, r.info.Rate).QueryRow(func(row pgx.Row) error { return row.Scan(&ahead, &grow) })
		b.Queue("commit")
		return c.SendBatch(ctx, b).Close()
	})
	if err != nil {
		return 0, err
	}
	asked := time.Now()
	if grow {
		err = r.ChangePace(ctx, func(p batch.Pace, now time.Time) batch.Pace { return p.Grow(now, r.info.Rate) })
	}
	return seconds(ahead) - time.Since(asked), err
}

// ChangePace implements batch.Shared. The times of a pace are the server's.
func (r *Run) ChangePace(ctx context.Context, f func(p batch.Pace, now time.Time) batch.Pace) error {
	return r.do(ctx, "change the rate", func(ctx context.Context, c *pgx.Conn, _ bool) error {
		for {
			changed, err := r.changePace(ctx, c, f)
			if changed || err != nil {
				return err
			}
		}
	})
}

// changePace changes the pace unless another run does so meanwhile.
func (r *Run) changePace(ctx context.Context, c *pgx.Conn, f func(p batch.Pace, now time.Time) batch.Pace) (bool, error) {
	var p batch.Pace
	var until, halved, grown pgtype.Timestamptz
	var now time.Time
	var version int64
	err := c.QueryRow(ctx, `select allowed, heard_at, until, halved_at, grown_at, version, clock_timestamp() from bulkinvite.rates where base_url = $1`,
		r.info.BaseURL).Scan(&p.Allowed, &p.HeardAt, &until, &halved, &grown, &version, &now)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, errors.New("the ledger has lost the schedule of this API; begin again")
	}
	if err != nil {
		return false, err
	}
	p.Until, p.Halved, p.Grown = until.Time, halved.Time, grown.Time // the zero time for -infinity
	p = f(p, now)
	tag, err := c.Exec(ctx, `update bulkinvite.rates set allowed = $3, heard_at = $4, until = $5, halved_at = $6, grown_at = $7, version = version + 1
		where base_url = $1 and version = $2`, r.info.BaseURL, version, p.Allowed, p.HeardAt, stamp(p.Until), stamp(p.Halved), stamp(p.Grown))
	return tag.RowsAffected() > 0, err
}

// stamp is a time as a pace's column has it.
func stamp(t time.Time) pgtype.Timestamptz {
	if t.IsZero() {
		return pgtype.Timestamptz{InfinityModifier: pgtype.NegativeInfinity, Valid: true}
	}
	return pgtype.Timestamptz{Time: t, Valid: true}
}
