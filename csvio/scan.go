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
	blocks     = 4         // of a scan: one is read, one mapped and one shown, and one waits
	longRecord = 1 << 10   // bytes; the cells of longer ones are copied out of them
)

// rawCells are the cells of one row that the API needs, as gocsv maps them.
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

// UnmarshalCSVWithFields takes one cell from gocsv. Without it gocsv maps by
// reflection, with an interface value for each cell, and a scan takes a third more
// CPU.
func (c *rawCells) UnmarshalCSVWithFields(header, cell string) error {
	switch header {
	case "name":
		c.Name = cell
	case "first_name":
		c.FirstName = cell
	case "last_name":
		c.LastName = cell
	case "email":
		c.Email = cell
	case "interview_id":
		c.InterviewID = cell
	case "job_application_id":
		c.JobApplicationID = cell
	case "candidate_id":
		c.CandidateID = cell
	case "disable_email_notification":
		c.DisableEmail = cell
	}
	return nil
}

// A place is where a row stands, and what gocsv cannot know about it.
type place struct {
	row     int
	line    int
	offset  int64
	size    int  // bytes of the record
	fields  int  // how many it has
	surplus bool // some of those behind the header's last are not empty
	torn    bool // a carriage return stands in a cell without quotes
}

// A block is a number of rows on their way through a scan. It is a
// gocsv.Decoder.
type block struct {
	cells  [][]string // the canonical header, then the picked cells of each row
	slab   []string   // what cells are slices of
	places []place
	bytes  int
	mapped []rawCells   // set by mapCells
	made   []batch.Row  // what rows point to
	rows   []*batch.Row // set by makeRows
}

// GetCSVRows returns the rows with a header that gocsv knows.
func (b *block) GetCSVRows() ([][]string, error) { return b.cells, nil }

// Scan implements batch.Source. Rows, and their places in the spools, count on
// from list to list. A record that breaks the rules of CSV is an *InputError,
// after all rows before it.
func (in *Input) Scan(ctx context.Context, f func(*batch.Row) error) error {
	index, offset := 0, int64(0)
	for n, l := range in.lists {
		rows := 0
		err := l.scanBlocks(ctx, func(b *block) error {
			rows += len(b.rows)
			for _, row := range b.rows {
				row.Index, row.Offset, row.File = index+row.Index, offset+row.Offset, n
				if err := f(row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		index, offset = index+rows, offset+l.size
	}
	return nil
}

// scanBlocks calls f with all blocks. The first scan that reads all rows finds the
// warnings about them, and a sample of each column.
func (l *List) scanBlocks(ctx context.Context, f func(*block) error) error {
	r := newRecordReader(l.spool, l.size, l.delim, scanBuffer)
	r.seek(l.body)
	blank, index, first := 0, 0, l.rowWarnings.Load() == nil
	warnings, samples := rowWarnings{}, make([]string, len(l.Columns()))
	err := pipeline(ctx, func() *block { return l.newBlock(blockRows) }, func(b *block) error {
		n, err := l.readBlock(r, b)
		blank += n
		return err
	}, func(b *block) error {
		if err := b.mapCells(); err != nil {
			return err
		}
		l.makeRows(b, index)
		index += len(b.rows)
		if first {
			warnings.look(b.rows)
			lookFor(samples, b)
		}
		return nil
	}, f)
	if err != nil {
		return err
	}
	l.blankRows.Store(int64(blank))
	if first {
		found := warnings.finished()
		if index == 0 {
			found = append(found, l.noRows())
		}
		l.rowWarnings.Store(&found)
		l.samples.Store(&samples)
	}
	return nil
}

// pipeline reads blocks in one goroutine, works on them in another and uses them in
// the caller's, each in its order. read returns io.EOF with the last block; before
// any other error, those that were read are used. None must keep a block: they are
// read into again.
func pipeline[B any](ctx context.Context, newBlock func() B, read, work, use func(B) error) error {
	stoppable, stop := context.WithCancel(ctx)
	defer stop()
	g, inner := errgroup.WithContext(stoppable)
	// Each has room for all blocks: only who waits for a free one can be stopped.
	free, filled, worked := make(chan B, blocks), make(chan B, blocks), make(chan B, blocks)
	for range blocks {
		free <- newBlock()
	}
	g.Go(batch.Guard(func() (err error) {
		defer close(filled)
		for err == nil {
			select {
			case b := <-free:
				err = read(b)
				filled <- b
			case <-inner.Done():
				return inner.Err()
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}))
	g.Go(batch.Guard(func() error {
		defer close(worked)
		for b := range filled {
			if err := work(b); err != nil {
				return err
			}
			worked <- b
		}
		return nil
	}))
	for b := range worked {
		err := ctx.Err()
		if err == nil {
			err = use(b)
		}
		if err != nil {
			stop()
			_ = g.Wait() // only says that it was stopped
			return err
		}
		free <- b
	}
	return g.Wait()
}

// readBlock fills a block, and returns how many rows it left out because they are
// blank.
func (l *List) readBlock(r *recordReader, b *block) (blank int, err error) {
	b.empty()
	for len(b.places) < blockRows && b.bytes < blockBytes {
		rec, err := r.read()
		if err != nil {
			return blank, l.recordError(err)
		}
		if l.isBlank(rec.fields) {
			blank++
			continue
		}
		if err := l.add(b, rec); err != nil {
			return blank, err
		}
	}
	return blank, nil
}

// recordError completes an error of a recordReader; io.EOF stays.
func (l *List) recordError(err error) error {
	if errors.Is(err, io.EOF) {
		return err
	}
	if inputErr := (*InputError)(nil); errors.As(err, &inputErr) {
		inputErr.File = l.name
		return inputErr
	}
	return fmt.Errorf("read the temporary copy of %s: %w", l.name, err)
}

func (l *List) newBlock(rows int) *block {
	header := make([]string, 0, numFields)
	for field, column := range l.columns {
		if column >= 0 {
			header = append(header, fieldNames[field])
		}
	}
	return &block{
		cells:  append(make([][]string, 0, rows+1), header),
		slab:   make([]string, 0, rows*len(header)),
		places: make([]place, 0, rows),
		mapped: make([]rawCells, rows),
		made:   make([]batch.Row, rows),
		rows:   make([]*batch.Row, 0, rows),
	}
}

// empty clears a block for other rows.
func (b *block) empty() {
	b.cells, b.slab, b.places, b.rows, b.bytes = b.cells[:1], b.slab[:0], b.places[:0], b.rows[:0], 0
}

// add appends a record to a block.
func (l *List) add(b *block, rec record) (err error) {
	first := len(b.slab)
	for _, column := range l.columns {
		switch {
		case column < 0:
		case column >= len(rec.fields):
			b.slab = append(b.slab, "")
		case rec.size > longRecord:
			// Else a name of ten letters would keep a whole record in memory.
			b.slab = append(b.slab, strings.Clone(rec.fields[column]))
		default:
			b.slab = append(b.slab, rec.fields[column])
		}
	}
	p := place{row: rec.row, line: rec.line, offset: rec.offset, size: rec.size, fields: len(rec.fields)}
	if len(rec.fields) > len(l.header) {
		p.surplus = slices.ContainsFunc(rec.fields[len(l.header):], func(s string) bool { return trim(s) != "" })
	}
	if l.strayCR {
		p.torn, err = l.isTorn(rec)
	}
	b.cells, b.places = append(b.cells, b.slab[first:]), append(b.places, p)
	b.bytes += rec.size
	return err
}

func (b *block) mapCells() error {
	if err := gocsv.UnmarshalDecoder(b, &b.mapped); err != nil {
		return fmt.Errorf("map the rows from line %d on: %w", b.places[0].line, err)
	}
	return nil
}

// makeRows validates the cells.
func (l *List) makeRows(b *block, index int) {
	for i, p := range b.places {
		row := &b.made[i]
		*row = batch.Row{Index: index + i, Number: p.row, Line: l.lineOf(p.row, p.line), Offset: p.offset}
		l.validate(row, &b.mapped[i], p)
		b.rows = append(b.rows, row)
	}
}

// at is At for one list.
func (l *List) at(offset int64) (batch.Row, error) {
	if offset < l.body.offset || offset >= l.size {
		return batch.Row{}, fmt.Errorf("%s has no row at offset %d", l.name, offset)
	}
	r := l.readers.Get().(*recordReader)
	r.seek(position{offset: offset})
	rec, err := r.read()
	if err != nil {
		return batch.Row{}, l.recordError(err) // r is not put back: its parser is out of step
	}
	b := l.newBlock(1)
	if err := l.add(b, rec); err != nil {
		return batch.Row{}, err
	}
	l.readers.Put(r) // not before: the fields of rec are its own
	if err := b.mapCells(); err != nil {
		return batch.Row{}, err
	}
	l.makeRows(b, 0)
	b.rows[0].Number, b.rows[0].Line = 0, 0
	return *b.rows[0], nil
}
