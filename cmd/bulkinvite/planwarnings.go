package main

import (
	"context"
	"fmt"
	"strings"

	"bulkinvite/batch"
	"bulkinvite/csvio"
)

// Warnings about more than how the input was read.
const (
	warnOddInterviews csvio.WarningKind = "odd_interview_ids"
	warnLedgerInUse   csvio.WarningKind = "ledger_in_use"
	warnNamesDiffer   csvio.WarningKind = "names_differ"
)

func (v *planView) warn(kind csvio.WarningKind, message string) {
	v.warnings = append(v.warnings, csvio.Warning{Kind: kind, Message: message})
}

// warnOfNames warns of duplicates with other names than the rows they repeat:
// they are not invited, and may be somebody else.
func (v *planView) warnOfNames(ctx context.Context, src batch.Source) error {
	if v.plan.Differing == 0 {
		return nil
	}
	if err := v.findRepeats(ctx, src); err != nil {
		return err
	}
	w := csvio.Warning{Kind: warnNamesDiffer, Rows: v.plan.Differing,
		Message: count(v.plan.Differing, "duplicate") + " with another name than the row before"}
	for _, r := range v.repeats {
		if r.Differ && len(w.First) < shownLines {
			first := v.warnedRow(r.First)
			row := v.warnedRow(r.Row)
			row.Repeats = &first
			w.First = append(w.First, row)
		}
	}
	v.warnings = append(v.warnings, w)
	return nil
}

func (v *planView) warnedRow(p batch.Place) csvio.WarnedRow {
	return csvio.WarnedRow{File: v.files.name(p.File), Place: p}
}

// warnOfOddInterviews warns of interview ids that are no UUIDs. They may be
// right, ids are opaque, but most are slips.
func (v *planView) warnOfOddInterviews() {
	var odd []string
	n := 0
	for _, i := range v.plan.Interviews {
		if batch.IsUUID(i.ID) {
			continue
		}
		if n++; len(odd) < shownOdd {
			odd = append(odd, shortened(i.ID, shownWidth/2))
		}
	}
	if n == 0 {
		return
	}
	more := ""
	if n > len(odd) {
		more = ", …"
	}
	v.warn(warnOddInterviews, fmt.Sprintf("%s no UUID, please check: %s%s", countAre(n, "interview id"), strings.Join(odd, ", "), more))
}

// writeWarnings shows each warning with a line for each of its first rows.
func (v *planView) writeWarnings(b *strings.Builder) {
	for _, w := range v.warnings {
		first, more := w.First, w.More()
		w.First, w.Rows = nil, 0
		fmt.Fprintf(b, "warning: %s\n", w)
		for _, row := range first {
			fmt.Fprintf(b, "  %s\n", row)
		}
		writeMore(b, "  ", more)
	}
}

// warningTexts are what the warnings say.
func (v *planView) warningTexts() []string {
	texts := make([]string, len(v.warnings))
	for i, w := range v.warnings {
		texts[i] = w.String()
	}
	return texts
}
