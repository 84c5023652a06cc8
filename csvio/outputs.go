package csvio

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"

	"bulkinvite/batch"
	"bulkinvite/batch/file"
)

// Outputs are the two files that tell what became of an input's rows.
//
// Their temporary files are made by Write and not before: a run sends for
// hours and writes for seconds, and what kill -9 leaves behind in those hours
// would otherwise lie beside the outputs for ever. What it leaves behind in
// those seconds is hidden and named .NAME followed by a number.
type Outputs struct {
	in              *Input
	results, failed string // with symbolic links resolved
	pending         []*renameio.PendingFile
}

// Counts are how many rows Write read, and how many it wrote where. The caller
// checks that Rows = Results + Failed.
type Counts struct {
	Rows, Results, Failed int
}

// NewOutputs makes sure, before anything is sent, that both files can be
// written where they shall be and that neither is the input, the other, or
// anything but a file. It changes nothing. Symbolic links are followed.
func NewOutputs(in *Input, resultsPath, failedPath string) (*Outputs, error) {
	results, err := in.checkTarget(resultsPath)
	if err != nil {
		return nil, err
	}
	failed, err := in.checkTarget(failedPath)
	if err != nil {
		return nil, err
	}
	if file.Same(results, failed) {
		return nil, fmt.Errorf("outputs %s and %s are the same file; name two", resultsPath, failedPath)
	}
	return &Outputs{in: in, results: results, failed: failed}, nil
}

// checkTarget returns where an output goes that shall have a name.
func (in *Input) checkTarget(path string) (string, error) {
	resolved, err := in.resolveTarget(path)
	if err != nil {
		return "", fmt.Errorf("output %s %w", path, err)
	}
	return resolved, nil
}

func (in *Input) resolveTarget(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case file.LeadsNowhere(path):
		return "", errors.New("is a symbolic link that leads nowhere; name the file itself")
	case errors.Is(err, fs.ErrNotExist): // it is still to be made
	case err != nil:
		return "", fmt.Errorf("cannot be written: %w", file.Bare(err))
	case info.IsDir():
		return "", errors.New("is a folder; name a file in it")
	case !info.Mode().IsRegular(): // it would be replaced by a file: /dev/null too
		return "", errors.New("is not a regular file; name one")
	case slices.ContainsFunc(in.lists, func(l *List) bool { return os.SameFile(info, l.info) }):
		return "", errors.New("is the input; name another file")
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(file.Followed(path)))
	if err != nil {
		return "", fmt.Errorf("cannot be written: its folder: %w", file.Bare(err))
	}
	resolved := filepath.Join(file.Absolute(folder), filepath.Base(file.Followed(path)))
	if err := file.Probe(resolved); err != nil {
		return "", fmt.Errorf("cannot be written: no file can be made in its folder: %w", file.Bare(err))
	}
	return resolved, nil
}

// Write reads the input once more, asks outcome what became of each row, in
// input order and one call at a time, and replaces both files, first the
// results. The rows that outcome is asked about have neither candidate nor
// problem: only what tells which they are. Each file is replaced whole, or
// stays as it was if Write fails.
func (o *Outputs) Write(ctx context.Context, outcome func(*batch.Row) (batch.Outcome, error)) (Counts, error) {
	defer o.Cleanup()
	results, err := o.create(o.results)
	if err != nil {
		return Counts{}, err
	}
	failed, err := o.create(o.failed)
	if err != nil {
		return Counts{}, err
	}
	w := newWriter(o.in, results, failed)
	if err := w.writeAll(ctx, o.in, outcome); err != nil {
		return Counts{}, err
	}
	return w.counts, o.commit(o.results, o.failed)
}

func newWriter(in *Input, results, failed io.Writer) *writer {
	return &writer{
		results: newOutput[resultsCells](in, bufio.NewWriterSize(results, scanBuffer)),
		failed:  newOutput[failedCells](in, bufio.NewWriterSize(failed, scanBuffer)),
	}
}

// writeAll writes the headers and all rows.
func (w *writer) writeAll(ctx context.Context, in *Input, outcome func(*batch.Row) (batch.Outcome, error)) error {
	err := w.header()
	if err == nil {
		err = in.project(ctx, outcome, func(b *rowBlock) error { return writeError(w.write(b)) })
		if err != nil {
			return err
		}
		err = w.flush()
	}
	return writeError(err)
}

func (o *Outputs) create(path string) (*renameio.PendingFile, error) {
	f, err := file.Pending(path, 0o600)
	if err != nil {
		return nil, writeError(err)
	}
	o.pending = append(o.pending, f)
	return f, nil
}

// commit puts the files in their places. All are safe on the disk before the
// first is moved: a full disk must not leave one new and one old.
func (o *Outputs) commit(paths ...string) (err error) {
	for _, f := range o.pending {
		err = cmp.Or(err, f.Sync())
	}
	for i := 0; err == nil && i < len(paths); i++ {
		if err = o.pending[i].CloseAtomicallyReplace(); err == nil {
			err = file.SyncFolder(paths[i])
		}
	}
	return writeError(err)
}

// Cleanup removes the temporary files that were not put in place. Write calls
// it; it may be called at any time.
func (o *Outputs) Cleanup() {
	for _, f := range o.pending {
		_ = f.Cleanup() // nothing is left to do about a file that cannot be removed
	}
	o.pending = nil
}

func writeError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("write the outputs: %w", err)
}

// looksLikeFormula reports whether a spreadsheet would take a text for a
// formula, or drop the character that hides one.
func looksLikeFormula(s string) bool { return s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) }
