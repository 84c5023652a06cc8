package csvio

import "slices"

// A userColumn is a column of the user's in the outputs, which are given the
// header of the first file that has it.
type userColumn struct {
	file   *Input
	column int
}

func (c userColumn) header() string { return c.file.header[c.column] }

// A columnKey is what makes columns of several files one: what they are taken
// for, so that failed rows can be fed back, or else their header, and the how
// manyth with this header they are.
type columnKey struct {
	field  int // -1: none
	header string
	nth    int
}

// union returns the columns that files have together, in the order in which
// they appear, and for each file where it has them, -1 standing for nowhere.
// own tells which columns of a file are the user's.
func union(files []*Input, own func(*Input) []int) (columns []userColumn, places map[*Input][]int) {
	places = map[*Input][]int{}
	known := map[columnKey]int{}
	for _, file := range files {
		place := slices.Repeat([]int{-1}, len(columns))
		seen := map[string]int{}
		for _, column := range own(file) {
			key := columnKey{field: slices.Index(file.columns[:], column)}
			if key.field < 0 {
				key.header = normalHeader(file.header[column])
				key.nth = seen[key.header]
				seen[key.header]++
			}
			i, found := known[key]
			if !found {
				i = len(columns)
				known[key] = i
				columns, place = append(columns, userColumn{file, column}), append(place, -1)
			}
			place[i] = column
		}
		places[file] = place
	}
	for file, place := range places {
		places[file] = append(place, slices.Repeat([]int{-1}, len(columns)-len(place))...)
	}
	return columns, places
}

// An origin is what a block of ours says of where a row is from, before its line:
// in the header that is what it is called.
type origin []string

// origins are the columns that tell the rows of several files apart, and those of
// several sheets.
func (in *Input) origins() origin {
	var columns origin
	if slices.ContainsFunc(in.files, func(file *Input) bool { return file.file != in.files[0].file }) {
		columns = append(columns, fileHeader)
	}
	if slices.ContainsFunc(in.files, func(file *Input) bool { return file.sheet != "" }) {
		columns = append(columns, sheetHeader)
	}
	return columns
}

// of returns the cells of these columns for the rows of a file.
func (columns origin) of(file *Input) origin {
	var cells origin
	for _, column := range columns {
		if column == fileHeader {
			cells = append(cells, plainText(file.file))
		} else {
			cells = append(cells, plainText(file.sheet))
		}
	}
	return cells
}

// in returns a block with these cells in it, whose line is at row.
func (columns origin) in(block []string, row int) []string {
	if len(columns) == 0 {
		return block
	}
	return slices.Insert(slices.Clone(block), row, columns...)
}
