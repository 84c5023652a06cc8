package csvio

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"path"
	"strings"

	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html/charset"
)

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
func (s *spooler) warnOfMerged(packed []byte, sheet string, header int) {
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return // it was read before, and only a warning is missing
	}
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
		s.warn(WarnMergedCells, "cells are merged over several rows, of which only the first has the text, and the others are read as empty: %s",
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
