package csvio

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html/charset"
)

// idFields are the fields of ids. Their cells are read without format: 1,234 and
// 1.23E+03 are the id 1234.
var idFields = []int{fieldInterviewID, fieldJobApplicationID, fieldCandidateID}

// maxExact is the first number that Excel does not keep: digits beyond the
// fifteenth become zeros.
const maxExact = 1e15

// A cellPlace is a cell of a sheet, counted from 1.
type cellPlace struct{ row, column int }

// sheetIDs has the numbers in a sheet's columns of ids.
type sheetIDs struct {
	archive *zip.Reader
	sheet   string
	columns []int                // from 0
	numbers map[cellPlace]string // as the sheet has them; nil before they are needed
}

// useHeader finds the columns of ids.
func (s *sheetIDs) useHeader(columns columnMap) {
	for _, field := range idFields {
		if column := columns[field]; column >= 0 {
			s.columns = append(s.columns, column)
		}
	}
}

// replace replaces formatted numbers by the numbers themselves.
func (s *sheetIDs) replace(row int, cells []string) error {
	for _, column := range s.columns {
		if column >= len(cells) || !looksLikeNumber(cells[column]) {
			continue
		}
		if s.numbers == nil {
			if err := s.readNumbers(); err != nil {
				return damagedWorkbook(err)
			}
		}
		if number, found := s.numbers[cellPlace{row, column + 1}]; found {
			cells[column] = plainNumber(number, cells[column])
		}
	}
	return nil
}

// looksLikeNumber reports whether a cell may be a formatted number; dates have
// other signs.
func looksLikeNumber(cell string) bool {
	return strings.ContainsAny(cell, "0123456789") &&
		!strings.ContainsFunc(cell, func(r rune) bool { return !strings.ContainsRune("0123456789.,'’E+ \u00a0\u202f", r) })
}

// plainNumber returns a number without format. One beyond maxExact is in
// scientific notation, which is refused as an id. shown stays if it is the number
// with leading zeros.
func plainNumber(number, shown string) string {
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil {
		return shown
	}
	if consistsOf(shown, &digit) {
		if same, err := strconv.ParseFloat(shown, 64); err == nil && same == f && f < maxExact {
			return shown
		}
	}
	if math.Abs(f) >= maxExact {
		return strconv.FormatFloat(f, 'E', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// readNumbers reads the sheet once more: the library returns how cells look or
// what is in them, but not which of them are numbers.
func (s *sheetIDs) readNumbers() error {
	s.numbers = map[cellPlace]string{}
	n := numberReader{ids: s}
	if err := eachToken(s.archive, sheetPart(s.archive, s.sheet), n.take); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// A numberReader collects the numbers of a sheet from its tokens.
type numberReader struct {
	ids     *sheetIDs
	at      cellPlace
	number  bool // the cell has one, as far as its type says
	inValue bool
	value   string
}

func (n *numberReader) take(token xml.Token) {
	switch t := token.(type) {
	case xml.StartElement:
		n.start(t)
	case xml.CharData:
		if n.inValue {
			n.value += string(t)
		}
	case xml.EndElement:
		if t.Name.Local == "v" && n.inValue {
			n.inValue = false
			n.ids.numbers[n.at] = n.value
		}
	}
}

func (n *numberReader) start(element xml.StartElement) {
	attr := func(name string) string {
		i := slices.IndexFunc(element.Attr, func(a xml.Attr) bool { return a.Name.Local == name })
		if i < 0 {
			return ""
		}
		return element.Attr[i].Value
	}
	switch element.Name.Local {
	case "row":
		n.at = cellPlace{row: n.at.row + 1}
		if row, err := strconv.Atoi(attr("r")); err == nil {
			n.at.row = row
		}
	case "c":
		n.at.column++
		if column, _, err := excelize.CellNameToCoordinates(attr("r")); err == nil {
			n.at.column = column
		}
		n.number = attr("t") == "" || attr("t") == "n"
	case "v":
		n.inValue = n.number && slices.Contains(n.ids.columns, n.at.column-1)
		n.value = ""
	}
}

// shownMerged is the number of merged cells in a warning.
const shownMerged = 10

// mergedRows returns the first and last row of a merged cell such as D6:D8, or
// equal rows if it is none.
func mergedRows(cells string) (first, last int) {
	from, to, _ := strings.Cut(cells, ":")
	_, first, errFrom := excelize.CellNameToCoordinates(from)
	_, last, errTo := excelize.CellNameToCoordinates(to)
	if errFrom != nil || errTo != nil {
		return 0, 0
	}
	return first, last
}

// warnOfMerged names the merged cells below the header that span several rows:
// Excel shows their text beside all of these, and only the first has it. The
// library would read the whole sheet into memory for that.
func (s *spooler) warnOfMerged(archive *zip.Reader, sheet string, header int) {
	var shown []string
	_ = eachElement(archive, sheetPart(archive, sheet), "mergeCell", func(attrs map[string]string) {
		if first, last := mergedRows(attrs["ref"]); first < last && last > header && len(shown) <= shownMerged {
			shown = append(shown, attrs["ref"])
		}
	})
	if len(shown) > shownMerged {
		shown = append(shown[:shownMerged], "…")
	}
	if len(shown) > 0 {
		s.warn(WarnMergedCells, "cells are merged over several rows, and only the first row has the text, the others are read as empty: %s",
			strings.Join(shown, ", "))
	}
}

// sheetPart returns the name of a sheet's part in a workbook, or "".
func sheetPart(archive *zip.Reader, sheet string) (part string) {
	for _, f := range archive.File {
		folder, file := path.Split(partName(f.Name))
		if folder != "xl/" || !strings.HasPrefix(file, "workbook") || path.Ext(file) != ".xml" {
			continue
		}
		id := ""
		_ = eachElement(archive, partName(f.Name), "sheet", func(attrs map[string]string) {
			if attrs["name"] == sheet {
				id = attrs["id"]
			}
		})
		_ = eachElement(archive, folder+"_rels/"+file+".rels", "Relationship", func(attrs map[string]string) {
			if target := partName(attrs["Target"]); attrs["Id"] == id && strings.HasPrefix(target, "/") {
				part = target[1:]
			} else if attrs["Id"] == id {
				part = folder + target
			}
		})
	}
	return part
}

// eachElement calls f with the attributes of each element with a name.
func eachElement(archive *zip.Reader, part, element string, f func(attrs map[string]string)) error {
	return eachToken(archive, part, func(token xml.Token) {
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == element {
			attrs := map[string]string{}
			for _, attr := range start.Attr {
				attrs[attr.Name.Local] = attr.Value
			}
			f(attrs)
		}
	})
}

// eachToken calls f with each token of a part. It returns the decoder's error,
// io.EOF after the last token, or nil if the part is missing.
func eachToken(archive *zip.Reader, part string, f func(xml.Token)) error {
	for _, file := range archive.File {
		if partName(file.Name) != part {
			continue
		}
		r, err := file.Open()
		if err != nil {
			return err
		}
		defer r.Close()
		d := xml.NewDecoder(r)
		d.CharsetReader = charset.NewReaderLabel
		for {
			token, err := d.RawToken()
			if err != nil {
				return err
			}
			f(token)
		}
	}
	return nil
}
