package pgledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// An other is a run beside this one, as far as it was seen.
type other struct {
	beat   int64
	at     time.Time // when the beat was first seen
	own    int64     // how often this run had beaten by then
	overAt time.Time // nothing of it is under way from then on; zero: not known
}

// A held is a request in which somebody is StateSending.
type held struct {
	request   int64
	run       int64
	handed    bool
	resend    bool
	claimedAt int64
}

// A known is what is known of a key: the record, and who has it.
type known struct {
	rows.Fold
	open []held // by other runs
}

// add takes in what a request says of the person.
func (k *known) add(run int64, p *named) {
	k.Add(run, &p.request, &p.person)
	if p.person.State == batch.StateSending && p.request.RunID != run && p.request.Kind != batch.KindLink {
		k.open = append(k.open, held{p.request.ID, p.request.RunID, p.handed, p.request.Kind == batch.KindResend, p.request.ClaimedAt.UnixMicro()})
	}
}

// matters reports whether what becomes of a request changes the record.
func (k *known) matters(h *held) bool {
	if h.resend {
		return k.Rec.ResentState == batch.StateSending && k.Rec.ResentAt.UnixMicro() == h.claimedAt
	}
	return k.Rec.State == batch.StateSending && k.Rec.RequestID == h.request
}

// placeOthers says in the records who has people that may still be sent, and since
// when nothing of the others is under way. It fences runs that seem dead.
func (r *Run) placeOthers(ctx context.Context, c *pgx.Conn, people []known) error {
	seen := map[int64]*sight{}
	var ids []int64
	for i := range people {
		for j := range people[i].open {
			if h := &people[i].open[j]; people[i].matters(h) && !h.handed && seen[h.run] == nil && !r.wasOver(h.run) {
				seen[h.run], ids = &sight{}, append(ids, h.run)
			}
		}
	}
	if err := r.look(ctx, c, ids, seen); err != nil {
		return err
	}
	now := time.Now()
	for i := range people {
		k := &people[i]
		for j := range k.open {
			h := &k.open[j]
			s := seen[h.run]
			switch {
			case !k.matters(h) || r.wasOver(h.run):
			case h.handed:
				k.Rec.OverAt = now
			case s.overAt.IsZero():
				k.Rec.Holder = &s.holder
			case !h.resend:
				k.Rec.OverAt = s.overAt
			}
		}
	}
	return nil
}

// wasOver reports whether a run had ended before this one began.
func (r *Run) wasOver(run int64) bool {
	return run < r.id && !r.living[run]
}

// A sight is what was seen of another run just now.
type sight struct {
	holder batch.Holder
	overAt time.Time // zero: it may send
}

// look looks at other runs.
func (r *Run) look(ctx context.Context, c *pgx.Conn, ids []int64, seen map[int64]*sight) error {
	if len(ids) == 0 {
		return nil
	}
	found, err := c.Query(ctx, `select id, host, started_at, extract(epoch from clock_timestamp() - settled_at)::float8,
			extract(epoch from clock_timestamp() - beat_at)::float8, beat, timeout_ms, fenced_at is not null, ended_at is not null
		from bulkinvite.runs where id = any($1)`, ids)
	if err != nil {
		return err
	}
	var id, beat, timeout int64
	var host string
	var started time.Time
	var settled, beaten float64
	var fenced, ended bool
	var silent []pulse
	_, err = pgx.ForEachRow(found, []any{&id, &host, &started, &settled, &beaten, &beat, &timeout, &fenced, &ended}, func() error {
		s, now := seen[id], time.Now()
		s.holder = batch.Holder{
			Name:      fmt.Sprintf("run %d on %s, since %s", id, host, started.Local().Format("15:04")),
			SettledAt: now.Add(-seconds(settled)),
		}
		afterFence := r.store.opts.Valid + time.Duration(timeout)*time.Millisecond
		switch {
		case ended:
			s.overAt = r.overFrom(id, now)
		case fenced:
			s.overAt = r.overFrom(id, now.Add(afterFence))
		case r.isSilent(id, beat, seconds(beaten)):
			silent = append(silent, pulse{id, beat, afterFence})
		}
		return nil
	})
	for _, p := range silent {
		if err == nil {
			err = r.fence(ctx, c, p, seen[p.run])
		}
	}
	return err
}

// overFrom remembers from when on nothing of a run is under way. What was found out
// first stays.
func (r *Run) overFrom(run int64, at time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.others[run]
	if o == nil {
		o = &other{}
		r.others[run] = o
	}
	if o.overAt.IsZero() {
		o.overAt = at
	}
	return o.overAt
}

// longSilence is after which age of its last beat a run needs to be watched for
// less time.
const longSilence = 10 * time.Minute

// isSilent reports whether another run's beat has stood still for too long while
// this run's own got through: else it may be the database that is away.
func (r *Run) isSilent(run, beat int64, age time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	o, own := r.others[run], r.beats.Load()
	if o == nil || o.beat != beat {
		r.others[run] = &other{beat: beat, at: time.Now(), own: own}
		return r.store.opts.Silent < r.store.opts.Beat // as tests have it
	}
	enough := int64(r.store.opts.Silent/r.store.opts.Beat) - 1
	if age > longSilence {
		return own-o.own >= min(3, enough)
	}
	return own-o.own >= enough && time.Since(o.at) >= r.store.opts.Silent
}

// A pulse is the last beat of a run that seems dead.
type pulse struct {
	run, beat  int64
	afterFence time.Duration // until nothing of it is under way
}

// fence takes another run for dead, unless it was heard meanwhile. The wait begins
// when that is durable.
func (r *Run) fence(ctx context.Context, c *pgx.Conn, p pulse, s *sight) error {
	tag, err := c.Exec(ctx, `update bulkinvite.runs set fenced_at = clock_timestamp(), fenced_by = $3
		where id = $1 and beat = $2 and fenced_at is null and ended_at is null`, p.run, p.beat, r.id)
	if err == nil && tag.RowsAffected() > 0 {
		s.overAt = r.overFrom(p.run, time.Now().Add(p.afterFence))
	}
	return err
}
