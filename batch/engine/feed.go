package engine

import (
	"context"
	"fmt"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
)

// A fedRow is a row of the input with what the ledger knows of it.
type fedRow struct {
	row     batch.Row
	record  batch.Record
	wrongID string // what is wrong with the candidate id of an invitation that is to be sent again
}

// fedRow is a row with what the ledger knows of it, and of the candidate id that
// it is to be sent again under.
func (w *worker) fedRow(row batch.Row, rec batch.Record) (fedRow, error) {
	wrongID, err := batch.WrongID(w.Hard, w.Ledger, row.Candidate, rec, w.Facts.AnswerTags())
	return fedRow{row, rec, wrongID}, err
}

// fedBlock is how many rows come up at once.
const fedBlock = 256

// A feeder is the reader of pass 2: it asks the ledger about each row that can be
// sent, and hands them to the loop.
type feeder struct {
	worker *worker
	feed   chan<- []fedRow
	block  []fedRow
}

// read reads to the end of the input even when the run has ended early, since
// every row gets its due: who was invited before is not reported as not sent.
func (f *feeder) read(ctx context.Context, src batch.Source) error {
	defer close(f.feed)
	w := f.worker
	err := plan.LookupRows(ctx, src, w.Ledger, w.Account.Pending, func(row *batch.Row, rec batch.Record) error {
		fed, err := w.fedRow(*row, rec)
		if err != nil {
			return err
		}
		if f.block = append(f.block, fed); len(f.block) < fedBlock {
			return nil
		}
		return f.flush(ctx)
	})
	if err == nil {
		err = f.flush(ctx)
	}
	if err != nil {
		return fmt.Errorf("read the input again: %w", err)
	}
	return nil
}

func (f *feeder) flush(ctx context.Context) error {
	select {
	case f.feed <- f.block:
		f.block = make([]fedRow, 0, fedBlock)
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
