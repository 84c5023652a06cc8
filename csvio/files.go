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

// OpenAll opens several files as one input: the rows of the first, then those of
// the second, and so on. Each has its own header and delimiter. The outputs have a
// byte order mark if any file calls for one.
func OpenAll(ctx context.Context, names []string, opts Options) (*Input, error) {
	opts.several = len(names) > 1 || opts.allSheets()
	in := &Input{}
	for i, name := range names {
		err := ctx.Err()
		if err == nil {
			err = in.append(ctx, name, names[:i], opts)
		}
		if err != nil {
			_ = in.Close() // nothing was done with it
			return nil, err
		}
	}
	in.describe()
	if err := in.refuseSheet(); err != nil {
		_ = in.Close() // neither here
		return nil, err
	}
	return in, nil
}

// append opens one more file, and refuses one that is open already: nobody wants
// its rows twice in the outputs.
func (in *Input) append(ctx context.Context, name string, before []string, opts Options) error {
	if slices.Contains(before, name) {
		return &InputError{File: displayName(name), Message: "is named twice", Hint: "name it once"}
	}
	lists, err := open(ctx, name, opts)
	if errors.Is(err, syscall.EMFILE) {
		return &InputError{File: displayName(name), Message: "is one file too many to be open at once",
			Hint: "send fewer at a time, or allow more with ulimit -n", Err: err}
	}
	if err != nil {
		return err
	}
	others := in.lists
	in.lists = append(in.lists, lists...)
	for _, other := range others {
		if os.SameFile(lists[0].info, other.info) {
			return &InputError{File: lists[0].file, Message: "is the same file as " + other.file, Hint: "name it once"}
		}
	}
	return nil
}

// describe fills in what all lists have together. The hash of several files is
// that of their hashes, a line each: sha256sum FILE… | cut -c-64 | sha256sum.
func (in *Input) describe() {
	in.several = len(in.lists) > 1 || in.lists[0].sheet != ""
	in.List = in.lists[max(0, slices.IndexFunc(in.lists, func(l *List) bool { return l.header != nil }))]
	var names []string
	sums := sha256.New()
	for _, l := range in.lists {
		in.bom = in.bom || l.bom // whoever made one of them reads the outputs
		if slices.Contains(names, l.file) {
			continue // one more sheet
		}
		names = append(names, l.file)
		sums.Write([]byte(l.sum + "\n")) // a hash takes everything
	}
	in.name, in.sum = strings.Join(names, ", "), hex.EncodeToString(sums.Sum(nil))
	if len(names) == 1 {
		in.sum = in.lists[0].sum
	}
}

// Lists returns the lists that the input is made of.
func (in *Input) Lists() []*List { return in.lists }

// At implements batch.Source.
func (in *Input) At(offset int64) (batch.Row, error) {
	local := offset
	for _, l := range in.lists {
		if local < l.size {
			row, err := l.at(local)
			row.Offset = offset
			return row, err
		}
		local -= l.size
	}
	return batch.Row{}, fmt.Errorf("%s has no row at offset %d", in.name, offset)
}

// Close frees the spools.
func (in *Input) Close() error {
	var all error
	for _, l := range in.lists {
		all = errors.Join(all, l.spool.Close())
	}
	return all
}
