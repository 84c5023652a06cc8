package ledger

import (
	"context"
	"database/sql"

	"bulkinvite/batch"
)

// InDoubt counts who is in doubt. It is what People tells of them, in memory
// that grows with those in doubt alone, for whoever asks after every run.
func (r *Reader) InDoubt(ctx context.Context) (n int, err error) {
	err = r.read(ctx, func(tx *sql.Tx) error {
		n = 0
		_, known, err := openPeople(ctx, tx, batch.StateSending)
		for _, f := range known {
			if f.rec.State == batch.StateSending {
				n++
			}
		}
		return err
	})
	return n, err
}
