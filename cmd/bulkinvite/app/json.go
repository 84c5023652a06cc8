package app

import (
	"encoding/json"
	"fmt"
	"io"

	"bulkinvite/batch/file"
)

// WriteJSON writes a document for programs, without HTML escapes in addresses and
// links. w must return its errors, so that no program takes half a document for a
// whole one.
func WriteJSON(w io.Writer, document any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("write to standard output: %w; what is there is not whole", file.Bare(err))
	}
	return nil
}
