package engine_test

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// An outputRow is what the outputs say of a row of the input.
type outputRow struct {
	line     *line
	row      int // in the input
	lane     batch.Candidate
	status   batch.Status
	id, url  string
	code     batch.Code
	text     string
	attempts int
}

// stock is what the sandbox's books say at a time.
type stock struct {
	at       time.Time
	sessions map[sandbox.Person]int
	emails   map[sandbox.Person]int
}

func (s *simulation) takeStock() stock {
	return stock{at: time.Now(), sessions: s.api.Sessions(), emails: s.api.Emails()}
}

// checkOutputs checks that every row of the input is accounted for once, and
// that what the outputs say is true.
func (s *simulation) checkOutputs(p *process, name string, before stock) []outputRow {
	in := s.readFile(name)
	rows := s.readOutputs(name)
	s.log.add("outputs %v", tell(rows))
	if len(rows) != len(in) {
		s.Fatalf("%s has %d rows, its outputs have %d", name, len(in), len(rows))
	}
	slices.SortStableFunc(rows, func(a, b outputRow) int { return cmp.Compare(a.row, b.row) })
	after := s.takeStock()
	first := map[batch.Key]*outputRow{}
	for i := range rows {
		out := &rows[i]
		if out.row != in[i].row || out.line != in[i].line {
			s.Fatalf("%s: row %d (%s) comes out as row %d (%s)", name, in[i].row, in[i].line.mark, out.row, out.line.mark)
		}
		out.lane = out.line.Candidate
		out.lane.Email = strings.TrimSpace(out.lane.Email)
		if out.lane.CandidateID = in[i].cells["candidate_id"]; !s.csv.Resend {
			out.lane.CandidateID = ""
		}
		wrong := out.line.code(out.lane.CandidateID != "")
		if wrong != "" {
			if out.code != wrong {
				s.Fatalf("%s: row %d should be %s: %+v", name, out.row, wrong, *out)
			}
			continue
		}
		key := out.lane.Key()
		if of := first[key]; of != nil {
			s.checkDuplicate(out, of)
			continue
		}
		first[key] = out
		if out.lane.CandidateID != "" {
			s.checkResent(out, before, after)
		} else {
			if p.broken && out.code == batch.CodeNotSent && before.sessions[out.line.person] > 0 {
				continue // the ledger broke before it was asked about them
			}
			s.checkInvited(out, before, after)
			if out.code == batch.CodeNotSent && p.account.sending(key) {
				s.Fatalf("row %d may be invited: %+v", out.row, *out)
			}
			if (out.status == batch.StatusInvited || out.status == batch.StatusConfirmed) && !p.account.settled(key) {
				s.Fatalf("row %d is invited, and the ledger was not told: %+v", out.row, *out)
			}
		}
		if out.code == batch.CodeNotSent && strings.HasPrefix(out.text, "the run ended first") && !p.broken {
			s.Fatalf("row %d is forgotten: %+v", out.row, *out)
		}
	}
	base := filepath.Join(s.folder, name)
	s.result, s.failed = filepath.Base(outputsOf(base)[0]), filepath.Base(outputsOf(base)[1])
	return rows
}

// tell returns the outcomes in short.
func tell(rows []outputRow) string {
	b := []byte{}
	for _, r := range rows {
		b = append(b, r.line.mark[:min(len(r.line.mark), 5)]...)
		b = append(b, ' ')
		b = append(b, string(r.status)+string(r.code)+" "+r.id[max(0, len(r.id)-4):]+"; "...)
	}
	return string(b)
}

// readOutputs reads both outputs of an input.
func (s *simulation) readOutputs(name string) []outputRow {
	number := func(cell string) int {
		n, err := strconv.Atoi(cell)
		s.must(err)
		return n
	}
	var rows []outputRow
	paths := outputsOf(name)
	for _, r := range s.readFile(paths[0]) {
		s.checkCells(r)
		rows = append(rows, outputRow{
			line: r.line, row: number(r.cells["row"]), status: batch.Status(r.cells["status"]),
			id: r.cells["candidate_id"], url: r.cells["invite_url"],
		})
	}
	for _, r := range s.readFile(paths[1]) {
		s.checkCells(r)
		rows = append(rows, outputRow{
			line: r.line, row: number(r.cells["row"]), code: batch.Code(r.cells["error_code"]),
			text: r.cells["error"], attempts: number(r.cells["attempts"]),
		})
	}
	for _, r := range rows {
		if (r.status == "") == (r.code == "") {
			s.Fatalf("%s: row %d has no outcome: %+v", name, r.row, r)
		}
	}
	return rows
}

// checkCells checks that the user's cells came through.
func (s *simulation) checkCells(r fileRow) {
	for i, column := range lineColumns {
		if column != "candidate_id" && r.cells[column] != r.line.cells()[i] {
			s.Fatalf("%s of %s is %q, was %q", column, r.line.mark, r.cells[column], r.line.cells()[i])
		}
	}
}

// checkDuplicate checks that a row shares the fate of an earlier one.
func (s *simulation) checkDuplicate(out, of *outputRow) {
	if out.code != of.code || out.id != of.id || out.url != of.url || out.status != "" && out.status != batch.StatusDuplicate {
		s.Fatalf("row %d stands for the same as row %d: %+v, not %+v", out.row, of.row, *out, *of)
	}
}

// checkInvited checks what is said of somebody who was to be invited.
func (s *simulation) checkInvited(out *outputRow, before, after stock) {
	p := out.line.person
	was, is := before.sessions[p] > 0, after.sessions[p] > 0
	switch {
	case out.status != "" && !is:
		s.Fatalf("row %d (%s) is not invited: %+v", out.row, p.Email, *out)
	case out.status == "" && out.code != batch.CodeUncertain && is && !s.elsewhere[p]:
		s.Fatalf("row %d (%s) is invited: %+v", out.row, p.Email, *out)
	case out.status == batch.StatusInvited && (was || out.url == "" && !s.lacking && !s.ambiguous(out.line)), out.status == batch.StatusAlreadyInvited && !was,
		out.status == batch.StatusResent, out.status == batch.StatusDuplicate:
		s.Fatalf("row %d (%s) cannot be: %+v (invited before %v, now %v)", out.row, p.Email, *out, was, is)
	}
	s.checkLink(out)
}

// checkResent checks what is said of somebody who was to be sent their
// invitation again.
func (s *simulation) checkResent(out *outputRow, before, after stock) {
	p := out.line.person
	mails := after.emails[p] - before.emails[p]
	switch {
	case out.status == batch.StatusResent && !out.line.DisableEmail && mails != 1,
		out.status != batch.StatusResent && out.code != batch.CodeUncertain && mails != 0:
		s.Fatalf("row %d (%s) was re-sent %d times: %+v", out.row, p.Email, mails, *out)
	case out.status == batch.StatusInvited, out.status == batch.StatusConfirmed, out.status == batch.StatusDuplicate:
		s.Fatalf("row %d (%s) cannot be: %+v", out.row, p.Email, *out)
	}
	s.checkLink(out)
}

// checkLink checks that id and link are this person's.
func (s *simulation) checkLink(out *outputRow) {
	if out.status == "" {
		return
	}
	if out.id == "" && out.url == "" && (s.vague[out.line.person] || s.lacking || s.second || s.ambiguous(out.line)) {
		return
	}
	id, url := s.api.Link(out.line.person)
	if !s.theirs(out) && (out.id != id || out.url != url && out.url != "") {
		s.Fatalf("row %d (%s) has somebody else's link: %+v, want %s %s", out.row, out.line.person.Email, *out, id, url)
	}
}

// theirs reports whether id and link are from one answer about this person,
// where answers may differ in them, or lack one.
func (s *simulation) theirs(out *outputRow) bool {
	id, url := s.api.Link(out.line.person)
	owner, known := s.api.Owner(out.id)
	switch {
	case out.id == "":
		return s.lacking && out.url == url
	case out.url != "" && !strings.HasSuffix(out.url, out.id):
		return false
	}
	return out.id == id || s.second && owner == out.line.person || s.invented && !known
}

// nobodyElse checks that nobody was invited twice, nobody whom no line names,
// and nobody got more e-mails than they should.
func (s *simulation) nobodyElse(before stock) {
	after := s.takeStock()
	byPerson := map[sandbox.Person]*line{}
	for _, l := range s.lines {
		if l.fault == "" {
			byPerson[l.person] = l
		}
	}
	for p, n := range after.sessions {
		l := byPerson[p]
		if l == nil || n != 1 && (!s.second || n > 1+s.asked(p)) {
			s.Fatalf("%v was invited %d times; their line is %+v", p, n, l)
		}
		mails := after.emails[p] - before.emails[p]
		if mails > 1 || l.DisableEmail && mails > 0 {
			s.Fatalf("%v got %d e-mails in one run", p, mails)
		}
		if before.sessions[p] == 0 || mails == 0 {
			continue
		}
		if last, again := s.resent[p]; again && after.at.Sub(last) < s.opts.ResendAfter {
			s.Fatalf("%v was sent the invitation again within %v", p, after.at.Sub(last))
		}
		s.resent[p] = before.at
	}
}

// askedByID notes a request by candidate id.
func (s *simulation) askedByID(req client.InviteRequest) {
	if owner, found := s.api.Owner(req.CandidateID); found {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.byID[owner]++
	}
}

// asked returns how many requests have named a person by their candidate id.
func (s *simulation) asked(p sandbox.Person) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byID[p]
}
