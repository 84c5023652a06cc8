package csvio

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"bulkinvite/batch"
)

// A rawReader cuts the spool into records without decoding them, for the last
// pass, which copies the user's cells. The check pass has found good CSV, where a
// record ends at the first line end with an even number of quotes before it.
type rawReader struct {
	list *List
	src  *bufio.Reader
	pos  position // of src
}

func newRawReader(l *List) *rawReader {
	body := io.NewSectionReader(l.spool, l.body.offset, l.size-l.body.offset)
	return &rawReader{list: l, src: bufio.NewReaderSize(body, scanBuffer), pos: l.body}
}

// A rawRow is a row as it stands in the input, and what became of it.
type rawRow struct {
	end     int // of its record in the block; it begins where the one before ends
	number  int // see batch.Row
	line    int // at which it starts, from 1
	offset  int64
	outcome batch.Outcome
}

// A rowBlock is a number of rows of one list on their way to the outputs.
type rowBlock struct {
	list    *List
	file    int   // its number
	before  int64 // bytes in the spools of the lists before
	records []byte
	rows    []rawRow
}

// fill reads rows until the block is full. It returns io.EOF with the last ones.
func (r *rawReader) fill(b *rowBlock) error {
	b.records, b.rows = b.records[:0], b.rows[:0]
	for len(b.rows) < blockRows && len(b.records) < blockBytes {
		row := rawRow{number: r.pos.rows + 1, line: r.pos.lines + 1, offset: r.pos.offset}
		start := len(b.records)
		var err error
		if b.records, err = r.read(b.records); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the temporary copy of %s: %w", r.list.name, err)
		}
		record := b.records[start:]
		if r.list.isBlankRaw(record) {
			b.records = b.records[:start] // a blank line too, or the end
		} else {
			row.end = len(b.records)
			b.rows = append(b.rows, row)
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

// project calls write with all rows, block by block, after it has asked outcome
// about each of them.
func (in *Input) project(ctx context.Context, outcome func(*batch.Row) (batch.Outcome, error), write func(*rowBlock) error) error {
	r, file, before := newRawReader(in.lists[0]), 0, int64(0)
	row := batch.Row{Index: -1}
	return pipeline(ctx, func() *rowBlock { return &rowBlock{} }, func(b *rowBlock) error {
		b.list, b.file, b.before = r.list, file, before
		err := r.fill(b)
		if !errors.Is(err, io.EOF) || file == len(in.lists)-1 {
			return err
		}
		before, file = before+r.list.size, file+1
		r = newRawReader(in.lists[file])
		return nil
	}, func(b *rowBlock) (err error) {
		for i := range b.rows {
			raw := &b.rows[i]
			row.Index++
			row.File, row.Number, row.Line, row.Offset = b.file, raw.number, b.list.lineOf(raw.number, raw.line), b.before+raw.offset
			if raw.outcome, err = outcome(&row); err != nil {
				return fmt.Errorf("outcome of row %d: %w", row.Number, err)
			}
		}
		return nil
	}, write)
}
