package preview

import (
	"context"
	"fmt"
	"strings"

	"bulkinvite/batch"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/csvio"
)

// Warnings about more than how the input was read.
const (
	warnOddInterviews csvio.WarningKind = "odd_interview_ids"
	warnLedgerInUse   csvio.WarningKind = "ledger_in_use"
	warnNamesDiffer   csvio.WarningKind = "names_differ"
)

func (v *PlanView) warn(kind csvio.WarningKind, message string) {
	v.Warnings = append(v.Warnings, csvio.Warning{Kind: kind, Message: message})
}

// warnOfNames warns of duplicates with other names than the rows they repeat:
// they are not invited, and may be somebody else.
func (v *PlanView) warnOfNames(ctx context.Context, src batch.Source) error {
	if v.Plan.Differing == 0 {
		return nil
	}
	if err := v.FindRepeats(ctx, src); err != nil {
		return err
	}
	w := csvio.Warning{Kind: warnNamesDiffer, Rows: v.Plan.Differing,
		Message: app.Count(v.Plan.Differing, "duplicate") + " with another name than the row before"}
	for _, r := range v.repeats {
		if r.Differ && len(w.First) < shownLines {
			first := v.warnedRow(r.First)
			row := v.warnedRow(r.Row)
			row.Repeats = &first
			w.First = append(w.First, row)
		}
	}
	v.Warnings = append(v.Warnings, w)
	return nil
}

func (v *PlanView) warnedRow(p batch.Place) csvio.WarnedRow {
	return csvio.WarnedRow{File: v.files.name(p.File), Place: p}
}

// warnOfOddInterviews warns of interview ids that are no UUIDs. They may be
// right, ids are opaque, but most are slips.
func (v *PlanView) warnOfOddInterviews() {
	var odd []string
	n := 0
	for _, i := range v.Plan.Interviews {
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
	v.warn(warnOddInterviews, fmt.Sprintf("%s no UUID, please check: %s%s", app.CountAre(n, "interview id"), strings.Join(odd, ", "), more))
}

// writeWarnings shows each warning with a line for each of its first rows.
func (v *PlanView) writeWarnings(b *strings.Builder) {
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

// WarningTexts are what the warnings say.
func (v *PlanView) WarningTexts() []string {
	texts := make([]string, len(v.Warnings))
	for i, w := range v.Warnings {
		texts[i] = w.String()
	}
	return texts
}
