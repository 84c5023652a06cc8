package app

import (
	"encoding/json"
	"fmt"
	"io"

	"bulkinvite/batch/file"
)

// WriteJSON writes a document for programs. Addresses and links stay readable:
// nobody puts them into HTML from here. A program must not take half of it for
// all, so that w has to tell its errors.
func WriteJSON(w io.Writer, document any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("write to standard output: %w; what is there is not whole", file.Bare(err))
	}
	return nil
}
