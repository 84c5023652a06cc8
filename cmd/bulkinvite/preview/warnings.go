package preview

import (
	"fmt"
	"strings"
)

// writeWarnings shows each warning with a line for each of its first rows.
func (v *Plan) writeWarnings(b *strings.Builder) {
	for _, w := range v.Warnings {
		first, more := w.First, w.More()
		w.First, w.Rows = nil, 0
		fmt.Fprintf(b, "warning: %s\n", w)
		for _, row := range first {
			fmt.Fprintf(b, "  %s\n", row)
		}
		writeMore(b, "  ", more)
	}
}
