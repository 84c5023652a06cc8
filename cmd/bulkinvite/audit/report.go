package audit

import (
	"fmt"
	"strings"

	"bulkinvite/batch"
	"bulkinvite/batch/audit"
)

// text describes the report for people, and counts those with whom something is
// wrong.
func (r *report) text() (text string, wrong int) {
	var b strings.Builder
	if r.Run != 0 {
		fmt.Fprintf(&b, "run %d was the last that sent anything; its interviews:\n", r.Run)
	}
	for i := range r.Interviews {
		writeResult(&b, &r.Interviews[i])
		wrong += r.Interviews[i].Wrong()
	}
	if r.Running {
		b.WriteString("a run goes on: who was invited meanwhile may count as invited elsewhere\n")
	}
	if wrong == 0 {
		b.WriteString("finished; nothing is wrong\n")
	} else {
		fmt.Fprintf(&b, "finished; something is wrong with %s, see above\n", batch.People(wrong))
	}
	return b.String(), wrong
}

func writeResult(b *strings.Builder, r *audit.Result) {
	fmt.Fprintf(b, "interview %s: %s in the API's list, %d invited in the ledger\n", r.InterviewID, batch.People(r.People), r.Invited)
	if r.People == 0 && r.Invited == 0 && r.InDoubt == 0 {
		b.WriteString("  neither knows anybody in it; make sure that the id, --base-url and --ledger are right\n")
	}
	if n := len(r.Twice); n > 0 {
		fmt.Fprintf(b, "  more than one entry in the list, a second session: %s; tell the API's support\n", batch.People(n))
		for _, p := range r.Twice {
			var entries []string
			for _, e := range p.Entries {
				entries = append(entries, strings.TrimSpace(e.CandidateID+" "+e.DateCreated))
			}
			fmt.Fprintf(b, "    %s: %s\n", p.Email, strings.Join(entries, ", "))
		}
	}
	if n := len(r.Missing); n > 0 {
		fmt.Fprintf(b, "  invited in the ledger and not in the list: %s; look in the dashboard\n", batch.People(n))
		writeNames(b, r.Missing)
	}
	if r.Elsewhere > 0 {
		hint := "; --all names them"
		if len(r.ElsewherePeople) > 0 {
			hint = ""
		}
		fmt.Fprintf(b, "  in the list and not in the ledger, invited elsewhere: %s%s\n", batch.People(r.Elsewhere), hint)
		writeNames(b, r.ElsewherePeople)
	}
	if r.InDoubt > 0 {
		fmt.Fprintf(b, "  in doubt: %s, %d of them in the list; bulkinvite confirm settles them\n", batch.People(r.InDoubt), r.InDoubtListed)
	}
}

func writeNames(b *strings.Builder, names []string) {
	for _, name := range names {
		fmt.Fprintf(b, "    %s\n", name)
	}
}
