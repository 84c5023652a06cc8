package csvio

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
)

// A rawReader cuts the spool into records without decoding them. It is for the
// last pass, which copies the user's cells as they are: the check pass has
// found that all of it is good CSV, in which a record ends at the first line
// end with an even number of quotes before it.
type rawReader struct {
	in  *Input
	src *bufio.Reader
	pos position // of src
}

func newRawReader(in *Input) *rawReader {
	body := io.NewSectionReader(in.spool, in.body.offset, in.size-in.body.offset)
	return &rawReader{in: in, src: bufio.NewReaderSize(body, scanBuffer), pos: in.body}
}

// A rawRow is a row as it stands in the input, and what became of it.
type rawRow struct {
	end     int // of its record in the page; it begins where the one before ends
	number  int // see batch.Row
	line    int // at which it starts, from 1
	offset  int64
	outcome batch.Outcome
}

// A page is a number of rows of one file on their way to the outputs.
type page struct {
	file    *Input
	records []byte
	rows    []rawRow
}

// fill reads rows until the page is full. It returns io.EOF with the last ones.
func (r *rawReader) fill(p *page) error {
	p.records, p.rows = p.records[:0], p.rows[:0]
	for len(p.rows) < blockRows && len(p.records) < blockBytes {
		row := rawRow{number: r.pos.rows + 1, line: r.pos.lines + 1, offset: r.pos.offset}
		start := len(p.records)
		var err error
		if p.records, err = r.read(p.records); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		record := p.records[start:]
		if r.in.isBlankRaw(record) {
			p.records = p.records[:start] // a blank line too, or the end
		} else {
			row.end = len(p.records)
			p.rows = append(p.rows, row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// read appends the next record, or blank line, with its line end.
func (r *rawReader) read(b []byte) ([]byte, error) {
	start, quotes := len(b), 0
	for {
		part, err := r.src.ReadSlice('\n')
		b = append(b, part...)
		quotes += bytes.Count(part, []byte{'"'})
		if err == nil {
			r.pos.lines++
		}
		if errors.Is(err, bufio.ErrBufferFull) || err == nil && quotes%2 != 0 {
			continue
		}
		r.pos.offset += int64(len(b) - start)
		r.pos.rows++
		return b, err
	}
}

// project calls write with all rows, page by page, while it asks outcome what
// became of the next ones. The pages are used again and again.
func (in *Input) project(ctx context.Context, outcome func(*batch.Row) (batch.Outcome, error), write func(*page) error) error {
	g, ctx := errgroup.WithContext(ctx)
	// Both have room for all pages: nobody waits but for work.
	free, ready := make(chan *page, blocks), make(chan *page, blocks)
	for range blocks {
		free <- &page{}
	}
	g.Go(batch.Guard(func() error {
		defer close(ready)
		return in.readPages(ctx, outcome, free, ready)
	}))
	g.Go(batch.Guard(func() error {
		for p := range ready {
			if err := write(p); err != nil {
				return err
			}
			free <- p
		}
		return nil
	}))
	return g.Wait()
}

func (in *Input) readPages(ctx context.Context, outcome func(*batch.Row) (batch.Outcome, error), free <-chan *page, ready chan<- *page) error {
	row := batch.Row{Index: -1}
	before := int64(0) // bytes in the spools of the files before
	for n, file := range in.Files() {
		r, atEnd := newRawReader(file), false
		row.File = n
		for !atEnd {
			var p *page
			select {
			case p = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			err := r.fill(p)
			if atEnd = errors.Is(err, io.EOF); err != nil && !atEnd {
				return fmt.Errorf("read the temporary copy of %s: %w", file.name, err)
			}
			p.file = file
			for i := range p.rows {
				raw := &p.rows[i]
				row.Index++
				row.Number, row.Line, row.Offset = raw.number, file.lineOf(raw.number, raw.line), before+raw.offset
				if raw.outcome, err = outcome(&row); err != nil {
					return fmt.Errorf("outcome of row %d: %w", row.Number, err)
				}
			}
			ready <- p
		}
		before += file.size
	}
	return nil
}
