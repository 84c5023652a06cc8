package csvio

import (
	"bytes"
	"encoding/csv"
	"io"
	"os"
	"slices"
)

// An ourBlock is the header of a block that outputs have.
type ourBlock struct {
	columns []string
	joined  bool // of several files or sheets
}

var ourBlocks = makeBlocks()

func makeBlocks() (blocks []ourBlock) {
	for _, columns := range [][]string{resultsColumns, failedColumns} {
		for _, origins := range []origin{nil, {fileHeader}, {sheetHeader}, {fileHeader, sheetHeader}} {
			blocks = append(blocks, ourBlock{origins.in(columns, slices.Index(columns, rowHeader)), len(origins) > 0})
		}
	}
	return blocks
}

// ourColumns marks the columns of our own blocks, and reports whether one is of
// several files or sheets. It finds them by their names, since people write
// remarks behind a block, put columns into it, move its columns and remove one. A
// smaller part is no block: people have columns named status or row.
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
		joined = markScattered(header, ours, columns, len(columns)-1, trim) || joined
		// Programs make headers pretty: Invite Url. Those must be all there.
		joined = markScattered(header, ours, columns, len(columns), normalHeader) || joined
	}
	return ours, joined
}

// tellingColumns are the columns of our blocks that hardly anybody else has.
var tellingColumns = []string{"invite_url", "error_code"}

// markScattered marks the columns of a block in any order if enough of them, and
// all tellingColumns, are there, and reports whether it is of several files or
// sheets. A column "file" or "sheet" is ours only in its place: people have such
// columns.
func markScattered(header []string, ours []bool, columns []string, enough int, form func(string) string) (joined bool) {
	places := make([]int, 0, len(columns))
	for _, name := range columns {
		last := len(header) - 1 // ours stand behind the user's
		for last >= 0 && (ours[last] || form(header[last]) != form(name)) {
			last--
		}
		if last >= 0 {
			places = append(places, last)
		} else if slices.Contains(tellingColumns, name) {
			return false
		}
	}
	if len(places) < enough {
		return false
	}
	for _, place := range places {
		ours[place] = true
		if form(header[place]) != rowHeader {
			continue
		}
		for _, origin := range []string{sheetHeader, fileHeader} {
			if place > 0 && form(header[place-1]) == origin && !ours[place-1] {
				place--
				ours[place], joined = true, true
			}
		}
	}
	return joined
}

// WrittenHere reports whether a file is an output of an earlier run, with a block
// of ours in its header, or is empty. It tries the given delimiter beside the
// usual ones.
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
