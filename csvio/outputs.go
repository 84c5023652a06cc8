package csvio

import (
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
	"unicode"

	"github.com/google/renameio/v2"

	"bulkinvite/batch"
	"bulkinvite/batch/file"
)

// Outputs are the two files with what became of an input's rows.
//
// Write makes their temporary files, and not NewOutputs: a run sends for hours and
// writes for seconds, and a file left by kill -9 stays for ever. Its name is
// hidden, .NAME with a number.
type Outputs struct {
	in              *Input
	results, failed string // with symbolic links resolved
	pending         []*renameio.PendingFile
}

// Counts are the rows that Write read and wrote. The caller checks that Rows =
// Results + Failed.
type Counts struct {
	Rows, Results, Failed int
}

// NewOutputs checks, before anything is sent, that both files can be written and
// that neither is the input, the other, or anything but a file. It changes
// nothing, and follows symbolic links.
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

// checkTarget returns where the output with a name goes.
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

// Write reads the input once more, asks outcome about each row, in input order and
// one call at a time, and replaces both files, the results first. The rows that it
// passes to outcome have neither candidate nor problem. Each file is replaced
// whole, or stays as it was if Write fails.
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
	return &writer{results: newOutput(in, results, resultsColumns), failed: newOutput(in, failed, failedColumns)}
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

// commit puts the files in their places, once all are safe on the disk: a full
// disk must not leave one new and one old.
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

// Cleanup removes the temporary files that are not in place. Write calls it;
// others may at any time.
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

// looksLikeFormula reports whether a spreadsheet would run a text as a formula, or
// drop the character that prevents it.
func looksLikeFormula(s string) bool { return s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) }

// InvalidRows is a file for the rows that cannot be sent, with the columns of
// failed.csv: once fixed, it can be sent.
type InvalidRows struct{ file *Outputs }

// NewInvalidRows checks, and changes nothing, that the file can be written and is
// neither the input nor anything but a file. It follows symbolic links.
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

// DefaultOutputs returns the default outputs of an input: beside it, with its name
// without endings, or in the current folder for "-". The words that are not empty,
// such as a sheet's name, become part of both names.
func DefaultOutputs(name string, words ...string) (results, failed string) {
	base := "stdin"
	if name != "-" {
		base = withoutEnding(withoutEnding(name, ".gz", ".zst"), ".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm")
	}
	for _, word := range words {
		if word != "" {
			base += "." + fileWord(word)
		}
	}
	return base + ".results.csv", base + ".failed.csv"
}

// fileWord makes a word fit for the name of a file.
func fileWord(word string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, word)
}

// NumberedOutput returns the n-th name for an output, numbered as file managers
// number copies; the first is the name itself.
func NumberedOutput(name string, n int) string {
	if n == 1 {
		return name
	}
	ext := filepath.Ext(name)
	return fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), n, ext)
}

// withoutEnding removes an ending, unless the name is nothing else.
func withoutEnding(name string, endings ...string) string {
	ext := filepath.Ext(name)
	if filepath.Base(name) == ext || !slices.Contains(endings, strings.ToLower(ext)) {
		return name
	}
	return strings.TrimSuffix(name, ext)
}
