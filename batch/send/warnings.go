package send

import (
	"context"
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

func (p *Preview) warn(kind csvio.WarningKind, message string) {
	p.Warnings = append(p.Warnings, csvio.Warning{Kind: kind, Message: message})
}

// warnOfNames warns of duplicates whose name differs from that of the row they
// repeat: they are not invited, and may be somebody else.
func (p *Preview) warnOfNames(ctx context.Context) error {
	if p.Plan.Differing == 0 {
		return nil
	}
	if err := p.FindRepeats(ctx); err != nil {
		return err
	}
	w := csvio.Warning{Kind: warnNamesDiffer, Rows: p.Plan.Differing,
		Message: batch.Count(p.Plan.Differing, "duplicate") + " with another name than the row before"}
	for _, r := range p.Repeats {
		if r.Differ && len(w.First) < shownLines {
			first, row := p.warnedRow(r.First), p.warnedRow(r.Row)
			row.Repeats = &first
			w.First = append(w.First, row)
		}
	}
	p.Warnings = append(p.Warnings, w)
	return nil
}

func (p *Preview) warnedRow(at batch.Place) csvio.WarnedRow {
	return csvio.WarnedRow{File: p.File(at.File), Place: at}
}

const (
	shownOdd     = 3  // interview ids that are no UUIDs
	shownOddLong = 40 // characters of each
)

// warnOfOddInterviews warns of interview ids that are no UUIDs. Ids are opaque, so
// that they may be right, but most are slips.
func (p *Preview) warnOfOddInterviews() {
	var odd []string
	n := 0
	for _, i := range p.Plan.Interviews {
		if batch.IsUUID(i.ID) {
			continue
		}
		if n++; len(odd) < shownOdd {
			odd = append(odd, Shortened(i.ID, shownOddLong))
		}
	}
	if n == 0 {
		return
	}
	are, more := " is", ""
	if n > 1 {
		are = " are"
	}
	if n > len(odd) {
		more = ", …"
	}
	p.warn(warnOddInterviews, batch.Count(n, "interview id")+are+" no UUID, please check: "+strings.Join(odd, ", ")+more)
}

// WarningTexts returns the texts of the warnings.
func (p *Preview) WarningTexts() []string {
	texts := make([]string, len(p.Warnings))
	for i, w := range p.Warnings {
		texts[i] = w.String()
	}
	return texts
}

// Shortened cuts the middle out of a text of more than so many characters.
func Shortened(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	half := (most - 1) / 2
	return string(runes[:most-1-half]) + "…" + string(runes[len(runes)-half:])
}
