package csvio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gocarina/gocsv"
	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
)

const (
	blockRows  = 256
	blockBytes = 256 << 10 // a block of long records is cut here, so that a scan stays small
	longRecord = 1 << 10   // bytes; the cells of longer ones are copied out of them
)

// rawCells are the cells of one row that the API is interested in, as gocsv
// maps them.
type rawCells struct {
	Name             string `csv:"name"`
	FirstName        string `csv:"first_name"`
	LastName         string `csv:"last_name"`
	Email            string `csv:"email"`
	InterviewID      string `csv:"interview_id"`
	JobApplicationID string `csv:"job_application_id"`
	CandidateID      string `csv:"candidate_id"`
	DisableEmail     string `csv:"disable_email_notification"`
}

// A place is where a row stands, and what gocsv is not told of it.
type place struct {
	line    int
	offset  int64
	fields  int    // how many it has
	surplus bool   // some of those behind the header's last are not empty
	raw     []byte // the whole record; only if the reader of the block wants it
}

// A block is a number of rows on their way through a scan. It is a
// gocsv.Decoder.
type block struct {
	cells  [][]string // the canonical header, then the picked cells of each row
	slab   []string   // what cells are slices of
	places []place
	bytes  int
	mapped []rawCells   // set by mapCells
	rows   []*batch.Row // set by makeRows
}

// GetCSVRows returns the rows with a header that gocsv knows.
func (b *block) GetCSVRows() ([][]string, error) { return b.cells, nil }

// Scan implements batch.Source. A record that breaks the rules of CSV is an
// *InputError, after all rows before it were shown.
func (in *Input) Scan(ctx context.Context, f func(*batch.Row) error) error {
	return in.scanBlocks(ctx, false, func(b *block) error {
		for _, row := range b.rows {
			if err := f(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// scanBlocks reads in one goroutine, maps in another and validates in that of
// f: the three take about the same time.
func (in *Input) scanBlocks(ctx context.Context, keepRaw bool, f func(*block) error) error {
	inner, stop := context.WithCancel(ctx)
	defer stop()
	read, mapped := make(chan *block, 1), make(chan *block, 1)
	var g errgroup.Group // without a context: the rows before a fault are still to be shown
	g.Go(func() error {
		defer close(read)
		return in.readBlocks(inner, keepRaw, read)
	})
	g.Go(func() error {
		defer close(mapped)
		return mapBlocks(inner, read, mapped)
	})
	index := 0
	for b := range mapped {
		err := ctx.Err()
		if err == nil {
			in.makeRows(b, index)
			index += len(b.rows)
			err = f(b)
		}
		if err != nil {
			stop()
			_ = g.Wait() // only says that it was stopped
			return err
		}
	}
	return g.Wait()
}

func (in *Input) readBlocks(ctx context.Context, keepRaw bool, out chan<- *block) error {
	r := newRecordReader(in.delim, scanBuffer)
	r.reset(io.NewSectionReader(in.spool, in.body.offset, in.size-in.body.offset), in.body)
	b := in.newBlock(blockRows)
	for {
		rec, err := r.read()
		if err == nil {
			in.add(b, rec, keepRaw)
		}
		if full := len(b.places) == blockRows || b.bytes >= blockBytes; full || err != nil && len(b.places) > 0 {
			if sendErr := send(ctx, out, b); sendErr != nil {
				return sendErr
			}
			b = in.newBlock(blockRows)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return in.recordError(err)
		}
	}
}

func send(ctx context.Context, out chan<- *block, b *block) error {
	select {
	case out <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (in *Input) recordError(err error) error {
	if inputErr := (*InputError)(nil); errors.As(err, &inputErr) {
		inputErr.File = in.name
		return inputErr
	}
	return fmt.Errorf("read the temporary copy of %s: %w", in.name, err)
}

func (in *Input) newBlock(rows int) *block {
	header := make([]string, 0, numFields)
	for field, column := range in.columns {
		if column >= 0 {
			header = append(header, fieldNames[field])
		}
	}
	return &block{
		cells:  append(make([][]string, 0, rows+1), header),
		slab:   make([]string, 0, rows*len(header)),
		places: make([]place, 0, rows),
	}
}

// add puts a record into a block.
func (in *Input) add(b *block, rec record, keepRaw bool) {
	first := len(b.slab)
	for _, column := range in.columns {
		switch {
		case column < 0:
		case column >= len(rec.fields):
			b.slab = append(b.slab, "")
		case len(rec.raw) > longRecord:
			// Else a name of ten letters would keep a whole record in memory.
			b.slab = append(b.slab, strings.Clone(rec.fields[column]))
		default:
			b.slab = append(b.slab, rec.fields[column])
		}
	}
	p := place{line: rec.line, offset: rec.offset, fields: len(rec.fields)}
	if len(rec.fields) > len(in.header) {
		p.surplus = slices.ContainsFunc(rec.fields[len(in.header):], func(s string) bool { return trim(s) != "" })
	}
	if keepRaw {
		p.raw = slices.Clone(rec.raw)
	}
	b.cells, b.places = append(b.cells, b.slab[first:]), append(b.places, p)
	b.bytes += len(rec.raw)
}

func mapBlocks(ctx context.Context, blocks <-chan *block, out chan<- *block) error {
	for b := range blocks {
		if err := b.mapCells(); err != nil {
			return err
		}
		if err := send(ctx, out, b); err != nil {
			return err
		}
	}
	return nil
}

func (b *block) mapCells() error {
	if err := gocsv.UnmarshalDecoder(b, &b.mapped); err != nil {
		return fmt.Errorf("map the rows from line %d on: %w", b.places[0].line, err)
	}
	return nil
}

// makeRows validates the cells. Each row has memory of its own: whoever keeps
// one must not keep its neighbours.
func (in *Input) makeRows(b *block, index int) {
	b.rows = make([]*batch.Row, len(b.places))
	for i, p := range b.places {
		row := &batch.Row{Index: index + i, Line: p.line, Offset: p.offset}
		row.Candidate, row.Problem = in.candidate(&b.mapped[i], p)
		b.rows[i] = row
	}
}

// At implements batch.Source.
func (in *Input) At(offset int64) (batch.Row, error) {
	if offset < in.body.offset || offset >= in.size {
		return batch.Row{}, fmt.Errorf("%s has no row at offset %d", in.name, offset)
	}
	r := in.readers.Get().(*recordReader)
	r.reset(io.NewSectionReader(in.spool, offset, in.size-offset), position{offset: offset})
	rec, err := r.read()
	if err != nil {
		return batch.Row{}, in.recordError(err) // r is not put back: its parser is out of step
	}
	b := in.newBlock(1)
	in.add(b, rec, false)
	in.readers.Put(r)
	if err := b.mapCells(); err != nil {
		return batch.Row{}, err
	}
	in.makeRows(b, 0)
	b.rows[0].Line = 0
	return *b.rows[0], nil
}
