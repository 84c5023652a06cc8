package csvio

import (
	"bytes"
	"encoding/csv"
	"io"
	"os"
	"slices"
)

// An ourBlock is a block of columns that was written here.
type ourBlock struct {
	columns []string
	joined  bool // of several files
}

var ourBlocks = []ourBlock{
	{columns: resultsColumns},
	{columns: failedColumns},
	{columns: withFile(resultsColumns, slices.Index(resultsColumns, rowHeader), fileHeader), joined: true},
	{columns: withFile(failedColumns, slices.Index(failedColumns, rowHeader), fileHeader), joined: true},
}

// ourColumns tells which columns of a header are of blocks that were written
// here, and whether one of these is of several files. They are found by their
// names, wherever they stand: people write remarks behind a block, put columns
// between ours, and move them. A part of a block is none, since people have
// columns that are called status or row.
func ourColumns(header []string) (ours []bool, joined bool) {
	ours = make([]bool, len(header))
	for at := 0; at < len(header); {
		found := slices.IndexFunc(ourBlocks, func(b ourBlock) bool {
			return len(header)-at >= len(b.columns) && slices.Equal(header[at:at+len(b.columns)], b.columns)
		})
		if found < 0 {
			at++
			continue
		}
		joined = joined || ourBlocks[found].joined
		for range ourBlocks[found].columns {
			ours[at] = true
			at++
		}
	}
	for _, columns := range [][]string{resultsColumns, failedColumns} {
		joined = markScattered(header, ours, columns) || joined
	}
	return ours, joined
}

// markScattered marks the columns of a block that do not follow each other, if
// all are there, and reports whether it is of several files. A column "file" is
// ours only where it was written: it is a name that people have, too.
func markScattered(header []string, ours []bool, columns []string) (joined bool) {
	places := make([]int, 0, len(columns))
	for _, name := range columns {
		last := len(header) - 1 // ours stand behind the user's
		for last >= 0 && (ours[last] || header[last] != name) {
			last--
		}
		if last < 0 {
			return false
		}
		places = append(places, last)
	}
	for i, place := range places {
		ours[place] = true
		if columns[i] == rowHeader && place > 0 && header[place-1] == fileHeader && !ours[place-1] {
			ours[place-1], joined = true, true
		}
	}
	return joined
}

// WrittenHere reports whether a file is an output of an earlier run, which has
// a block of ours in its header, or has nothing to lose. Beside the usual
// delimiters the given one is tried.
func WrittenHere(path string, delim rune) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, maxRecord))
	if err != nil {
		return false
	}
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	if len(head) == 0 {
		return true
	}
	return slices.ContainsFunc(append(Options{}.delimiters(), delim), func(delim rune) bool {
		r := csv.NewReader(bytes.NewReader(head))
		r.Comma = delim
		header, err := r.Read()
		if err != nil {
			return false
		}
		ours, _ := ourColumns(header)
		return slices.Contains(ours, true)
	})
}
