package csvio

import "slices"

// A userColumn is a column of the user's in the outputs, with the header of the
// first list that has it.
type userColumn struct {
	list   *List
	column int
}

func (c userColumn) header() string { return c.list.header[c.column] }

// A columnKey makes columns of several lists one: the field that they are taken
// for, so that failed rows can be fed back, or else their header, and which of the
// columns with this header they are.
type columnKey struct {
	field  int // -1: none
	header string
	nth    int
}

// union returns the columns that lists have together, in the order in which
// they appear, and for each list its columns at these places, or -1. own returns
// the columns of a list that are the user's.
func union(lists []*List, own func(*List) []int) (columns []userColumn, places map[*List][]int) {
	places = map[*List][]int{}
	known := map[columnKey]int{}
	for _, l := range lists {
		place := slices.Repeat([]int{-1}, len(columns))
		seen := map[string]int{}
		for _, column := range own(l) {
			key := columnKey{field: slices.Index(l.columns[:], column)}
			if key.field < 0 {
				key.header = normalHeader(l.header[column])
				key.nth = seen[key.header]
				seen[key.header]++
			}
			i, found := known[key]
			if !found {
				i = len(columns)
				known[key] = i
				columns, place = append(columns, userColumn{l, column}), append(place, -1)
			}
			place[i] = column
		}
		places[l] = place
	}
	for l, place := range places {
		places[l] = append(place, slices.Repeat([]int{-1}, len(columns)-len(place))...)
	}
	return columns, places
}

// An origin has the cells of our block that say where a row is from, before its
// row number; in the header their names.
type origin []string

// origins returns the columns that tell the rows of several files apart, and those
// of several sheets.
func (in *Input) origins() origin {
	var columns origin
	if slices.ContainsFunc(in.lists, func(l *List) bool { return l.file != in.lists[0].file }) {
		columns = append(columns, fileHeader)
	}
	if slices.ContainsFunc(in.lists, func(l *List) bool { return l.sheet != "" }) {
		columns = append(columns, sheetHeader)
	}
	return columns
}

// of returns the cells of these columns for the rows of a list.
func (columns origin) of(l *List) origin {
	var cells origin
	for _, column := range columns {
		if column == fileHeader {
			cells = append(cells, plainText(l.file))
		} else {
			cells = append(cells, plainText(l.sheet))
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
