package csvio

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"bulkinvite/batch"
)

// OpenAll opens several files as one input, whose rows are those of the first,
// then those of the second, and so on. Each has its own header and delimiter.
// What there is only one of, such as the delimiter of the outputs, is that of
// the first file; they have a byte order mark if they are due one for any file.
func OpenAll(ctx context.Context, names []string, opts Options) (*Input, error) {
	opts.several = len(names) > 1 || opts.allSheets()
	all := &Input{opts: opts}
	for i, name := range names {
		err := ctx.Err()
		if err == nil {
			err = all.append(ctx, name, names[:i])
		}
		if err != nil {
			_ = all.Close() // nothing was done with it
			return nil, err
		}
	}
	if len(all.files) == 1 && all.files[0].sheet == "" {
		all = all.files[0]
	} else {
		all.describe()
	}
	if err := all.refuseSheet(); err != nil {
		_ = all.Close() // neither here
		return nil, err
	}
	return all, nil
}

// append opens one more file. One that is there already is refused: nobody
// wants all of its rows twice in the outputs.
func (in *Input) append(ctx context.Context, name string, before []string) error {
	if slices.Contains(before, name) {
		return &InputError{File: displayName(name), Message: "is named twice", Hint: "name it once"}
	}
	inputs, err := open(ctx, name, in.opts)
	if errors.Is(err, syscall.EMFILE) {
		return &InputError{
			File: displayName(name), Message: "is one file too many to be open at once",
			Hint: "send fewer at a time, or allow more with ulimit -n", Err: err,
		}
	}
	if err != nil {
		return err
	}
	others := in.files
	in.files = append(in.files, inputs...)
	for _, other := range others {
		if os.SameFile(inputs[0].info, other.info) {
			return &InputError{File: inputs[0].file, Message: "is the same file as " + other.file, Hint: "name it once"}
		}
	}
	return nil
}

// describe fills in what is known of all files together. The sum is that of
// their sums, a line each: what sha256sum FILE… | cut -c-64 | sha256sum prints.
// That of an only file, whose sheets these are, is its own.
func (in *Input) describe() {
	first := in.files[max(0, slices.IndexFunc(in.files, func(file *Input) bool { return file.header != nil }))]
	in.spooled, in.delim, in.crlf, in.header, in.columns = first.spooled, first.delim, first.crlf, first.header, first.columns
	in.size = 0
	var names []string
	sums := sha256.New()
	for _, file := range in.files {
		in.size += file.size
		in.bom = in.bom || file.bom // whoever made one of them reads the outputs
		if slices.Contains(names, file.file) {
			continue // one more sheet
		}
		names = append(names, file.file)
		sums.Write([]byte(file.sum + "\n")) // a hash takes everything
	}
	in.name, in.sum = strings.Join(names, ", "), hex.EncodeToString(sums.Sum(nil))
	if len(names) == 1 {
		in.sum = in.files[0].sum
	}
}

// Files returns the inputs that this one is made of: itself, if it is one file.
func (in *Input) Files() []*Input {
	if len(in.files) > 0 {
		return in.files
	}
	return []*Input{in}
}

// scanFiles is scanBlocks for all files. f is also told which file's the block
// is. Its rows count on over the files, and their places in the spools.
func (in *Input) scanFiles(ctx context.Context, f func(file *Input, b *block) error) error {
	index, offset := 0, int64(0)
	for n, file := range in.Files() {
		rows := 0
		err := file.scanBlocks(ctx, func(b *block) error {
			rows += len(b.rows)
			if n > 0 {
				for _, row := range b.rows {
					row.Index, row.Offset, row.File = index+row.Index, offset+row.Offset, n
				}
			}
			return f(file, b)
		})
		if err != nil {
			return err
		}
		index, offset = index+rows, offset+file.size
	}
	return nil
}

// At implements batch.Source.
func (in *Input) At(offset int64) (batch.Row, error) {
	local := offset
	for _, file := range in.Files() {
		if local < file.size {
			row, err := file.at(local)
			row.Offset = offset
			return row, err
		}
		local -= file.size
	}
	return batch.Row{}, fmt.Errorf("%s has no row at offset %d", in.name, offset)
}

// Close frees the spools.
func (in *Input) Close() error {
	if len(in.files) == 0 {
		return in.spool.Close()
	}
	var all error
	for _, file := range in.files {
		all = errors.Join(all, file.Close())
	}
	return all
}
