package csvio

import (
	"context"
	"io"

	"bulkinvite/batch"
)

// InvalidRows is a file for the rows of an input that cannot be sent, with the
// columns of failed.csv: mended, it can be sent.
type InvalidRows struct{ file *Outputs }

// NewInvalidRows makes sure that the file can be written and is not the input,
// or anything but a file. It changes nothing. Symbolic links are followed.
func NewInvalidRows(in *Input, path string) (*InvalidRows, error) {
	resolved, err := in.checkTarget(path)
	if err != nil {
		return nil, err
	}
	return &InvalidRows{&Outputs{in: in, failed: resolved}}, nil
}

// Write reads the input twice more and replaces the file, whole or not at all.
func (r *InvalidRows) Write(ctx context.Context) (Counts, error) {
	o := r.file
	defer o.Cleanup()
	var invalid []uint32 // the index of each, in input order
	err := o.in.Scan(ctx, func(row *batch.Row) error {
		if row.Problem != nil {
			invalid = append(invalid, uint32(row.Index))
		}
		return nil
	})
	if err != nil {
		return Counts{}, err
	}
	failed, err := o.create(o.failed)
	if err != nil {
		return Counts{}, err
	}
	w := newWriter(o.in, io.Discard, failed)
	err = w.writeAll(ctx, o.in, func(row *batch.Row) (batch.Outcome, error) {
		if len(invalid) == 0 || int(invalid[0]) != row.Index {
			return batch.Outcome{Status: batch.StatusInvited}, nil // not a failed one: its place is nowhere
		}
		invalid = invalid[1:]
		again, err := o.in.At(row.Offset)
		if err != nil {
			return batch.Outcome{}, err
		}
		return batch.Outcome{Code: again.Problem.Code, Error: again.Problem.Message}, nil
	})
	if err != nil {
		return Counts{}, err
	}
	return w.counts, o.commit(o.failed)
}
