package csvio

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html/charset"
)

// slimWorkbook returns a workbook without pictures, pivot caches and the like,
// after checking that the parts it keeps are whole: the library would read fewer
// rows from a part that is cut off or contradicts itself. merged reports cells
// that span several rows.
func slimWorkbook(packed []byte) (slimmed []byte, merged bool, err error) {
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return nil, false, &InputError{Message: "is a damaged workbook or zip archive", Hint: "fetch the file again", Err: err}
	}
	if err := refuseArchive(archive); err != nil {
		return nil, false, err
	}
	var slim bytes.Buffer
	w := zip.NewWriter(&slim)
	var unpacked uint64
	for _, part := range archive.File {
		if !isRead(part.Name) {
			continue
		}
		unpacked += part.UncompressedSize64
		if unpacked > maxUnpacked {
			return nil, false, &InputError{Message: fmt.Sprintf("is a workbook that unpacks to more than %d MiB, too large to be read", maxUnpacked>>20),
				Hint: csvHint}
		}
		if inflated(int64(unpacked), int64(len(packed))) {
			return nil, false, bombError(errBomb)
		}
		mergedHere, err := checkPart(part)
		if err != nil {
			return nil, false, damagedWorkbook(fmt.Errorf("%s: %w", part.Name, err))
		}
		merged = merged || mergedHere
		if err := w.Copy(part); err != nil {
			return nil, false, damagedWorkbook(err)
		}
	}
	err = w.Close()
	return slim.Bytes(), merged, err
}

// refuseArchive refuses an archive that is no readable workbook, and names what it
// is.
func refuseArchive(archive *zip.Reader) error {
	has := func(is func(name string) bool) bool {
		return slices.ContainsFunc(archive.File, func(f *zip.File) bool { return is(partName(f.Name)) })
	}
	// Excel on the web calls it workbook2.xml and so on.
	if has(func(name string) bool { return strings.HasPrefix(name, "xl/workbook") && path.Ext(name) == ".xml" }) {
		return nil
	}
	for _, a := range archives {
		if has(func(name string) bool { return name == a.part || a.part == path.Ext(name) }) {
			return a.refuse("")
		}
	}
	return &InputError{Message: "is a zip archive and no Excel workbook", Hint: "unpack it, and name the list in it"}
}

// archives are formats with a part of a known name, or ending.
var archives = []struct {
	part string
	format
}{
	{"xl/workbook.bin", format{"is a binary workbook (.xlsb)", "save it as .xlsx, or " + csvHint}},
	{"word/document.xml", format{"is a Word document", "copy its table into a spreadsheet, and save that as .xlsx or as CSV (UTF-8)"}},
	{"content.xml", format{"is an OpenDocument file (.ods)", "save it as .xlsx, or " + csvHint}},
	{".iwa", numbersFile},
	{"index.zip", numbersFile},
}

// partName returns the name of a part for comparing.
func partName(name string) string { return strings.ToLower(strings.ReplaceAll(name, `\`, "/")) }

// isRead reports whether a part can matter to the cells of a sheet.
func isRead(name string) bool {
	folder, _ := path.Split(partName(name))
	switch folder {
	case "", "_rels/", "xl/", "xl/_rels/", "xl/theme/", "xl/worksheets/":
		return strings.HasSuffix(partName(name), ".xml") || strings.HasSuffix(partName(name), ".rels")
	}
	return false
}

// checkPart reads a part to its end, which checks its sum.
func checkPart(part *zip.File) (merged bool, err error) {
	r, err := part.Open()
	if err != nil {
		return false, err
	}
	defer r.Close()
	text := &io.LimitedReader{R: r, N: int64(part.UncompressedSize64) + 1}
	if strings.HasPrefix(partName(part.Name), "xl/worksheets/") {
		if merged, err = checkOrder(text); err != nil {
			return false, err
		}
	}
	if _, err := io.Copy(io.Discard, text); err != nil {
		return false, err
	}
	if text.N != 1 {
		return false, errors.New("it is shorter or longer than it says")
	}
	return merged, nil
}

// checkOrder checks that a sheet is good XML with rows and cells in their order:
// the library makes of others what Excel does not show. merged reports cells that
// span several rows.
func checkOrder(text io.Reader) (merged bool, err error) {
	d := xml.NewDecoder(text)
	d.CharsetReader = charset.NewReaderLabel // as in the library
	inside, over := false, false
	row, column := 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return merged, nil
		}
		if err != nil {
			return merged, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch {
			case t.Name.Local == "sheetData":
				if over || inside {
					return merged, errors.New("it has cells in two places")
				}
				inside = true
			case inside && t.Name.Local == "row":
				if err := advance(&row, t, strconv.Atoi); err != nil {
					return merged, err
				}
				column = 0
			case inside && t.Name.Local == "c":
				if err := advance(&column, t, columnOf); err != nil {
					return merged, err
				}
			case t.Name.Local == "mergeCell":
				for _, attr := range t.Attr {
					first, last := mergedRows(attr.Value)
					merged = merged || attr.Name.Local == "ref" && first < last
				}
			}
		case xml.EndElement:
			if t.Name.Local == "sheetData" {
				inside, over = false, true
			}
		}
	}
}

func columnOf(cell string) (int, error) {
	column, _, err := excelize.CellNameToCoordinates(cell)
	return column, err
}

// advance moves at to the place that an element names, or to the next.
func advance(at *int, element xml.StartElement, placeOf func(string) (int, error)) error {
	place := *at + 1
	for _, attr := range element.Attr {
		if attr.Name.Local != "r" {
			continue
		}
		var err error
		if place, err = placeOf(attr.Value); err != nil {
			return err
		}
		if place <= *at {
			return fmt.Errorf("%s %s is out of its order", element.Name.Local, attr.Value)
		}
	}
	*at = place
	return nil
}
