package engine_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bulkinvite/batch"
	"bulkinvite/client/sandbox"
)

// A line is a row of the input, and what the simulation knows of it.
type line struct {
	batch.Candidate                // as it is written
	disable         string         // the switch, as it is written
	mark            string         // a column of the user's own, by which the row is found again
	surplus         bool           // it has more cells than the header
	fault           batch.Code     // what is wrong with it
	person          sandbox.Person // whom it invites
}

// lineColumns are the columns of the input in their order.
var lineColumns = []string{
	"Name", "email", "interview_id", "job_application_id", "candidate_id", "disable_email_notification", "mark",
}

func (l *line) cells() []string {
	cells := []string{l.Name, l.Email, l.InterviewID, l.JobApplicationID, l.CandidateID, l.disable, l.mark}
	if l.surplus {
		cells = append(cells, "", "surplus")
	}
	return cells
}

// code returns what is wrong with the line in a run that re-sends or does not.
func (l *line) code(resend bool) batch.Code {
	switch {
	case l.fault != "":
		return l.fault
	case l.Email != "" || l.JobApplicationID != "" || resend && l.CandidateID != "":
		return ""
	}
	return batch.CodeMissingEmail
}

// listed reports whether the API's list shows the person under the address that
// the line has.
func (l *line) listed() bool {
	return l.fault == "" && strings.EqualFold(strings.TrimSpace(l.Email), l.person.Email)
}

// welcome reports whether the API invites the line's person for certain.
func (s *simulation) welcome(l *line) bool {
	for _, address := range []string{l.Email, l.person.Email} {
		address = strings.ToLower(strings.TrimSpace(address))
		for _, prefix := range append([]string{"poison", "silent", s.stopped}, s.prefixes...) {
			if prefix != "" && strings.HasPrefix(address, prefix) {
				return false
			}
		}
	}
	return l.fault == "" && !slices.Contains(s.cfg.Deleted, l.person.InterviewID) && !slices.Contains(s.forbidden, l.person.InterviewID)
}

// drawLines returns an input with people whom the API refuses or leaves out,
// job applications, duplicates and rows that are wrong.
func (s *simulation) drawLines() []*line {
	n := pick(s.Rand, 5, 20, 40, 40, 100, 250)
	interviews := pick(s.Rand, 1, 2, 5, 5, n)
	if s.IntN(40) == 0 {
		n = 2200
		s.cfg.PageSize = max(s.cfg.PageSize, 50) // many short pages would take long
	}
	poison, silent, applied, wrong := pick(s.Rand, 0, 0.02, 0.3), pick(s.Rand, 0, 0.05), pick(s.Rand, 0, 0, 0.2), pick(s.Rand, 0, 0.1)
	if s.isOf("crossed") || s.isOf("stranger") {
		applied = 0 // whomever the answer names, it is the applicant
	}
	if s.halfway { // several refused chunks of an interview, of which the first does no harm
		n, interviews, poison = min(n, 250), pick(s.Rand, 1, 2), 0.3
	}
	var lines []*line
	for i := range n {
		l := &line{Candidate: candidate(s.email(i), s.IntN(interviews))}
		switch x := s.Float64(); {
		case x < poison, s.halfway && i == 0:
			l.Email = "poison" + l.Email
		case x < poison+silent:
			l.Email = "silent" + l.Email
		case x < poison+silent+s.share:
			l.Email = s.prefixes[s.IntN(len(s.prefixes))] + l.Email
		}
		l.Name = pick(s.Rand, "Ann Example", "Example, Ann", `Ann "A" Example`)
		l.disable = pick(s.Rand, "", "no", "", "yes")
		l.DisableEmail = l.disable == "yes"
		l.person = sandbox.Person{InterviewID: l.InterviewID, Email: strings.ToLower(l.Email)}
		if s.IntN(50) == 0 {
			l.CandidateID = fmt.Sprint("nobody", i) // the API knows no such candidate
		}
		switch x := s.Float64(); {
		case x < applied:
			s.apply(l, i)
		case x < applied+wrong:
			s.spoil(l)
		}
		if i > 0 && s.IntN(20) == 0 {
			l = s.duplicate(lines[s.IntN(i)])
		}
		l.mark = fmt.Sprintf("r%d%s", i, pick(s.Rand, "", "", "\nsecond line", `, "quoted"`))
		lines = append(lines, l)
	}
	return lines
}

// apply makes a line invite through a job application, which may hold another
// address than the line, or be all that the line has.
func (s *simulation) apply(l *line, i int) {
	l.JobApplicationID = fmt.Sprint("app", i)
	switch s.IntN(3) {
	case 0:
		l.person.Email = fmt.Sprintf("applicant%d@example.com", i)
		s.cfg.Applications[l.JobApplicationID] = l.person.Email
	case 1:
		l.Name, l.Email = "", ""
		l.person.Email = "applicant-" + l.JobApplicationID + "@applicants.example"
	}
}

// spoil makes a line wrong in one way.
func (s *simulation) spoil(l *line) {
	l.CandidateID = ""
	l.fault = pick(s.Rand, batch.CodeTooManyFields, batch.CodeMissingInterviewID, batch.CodeInvalidInterviewID,
		batch.CodeMissingEmail, batch.CodeInvalidEmail, batch.CodeMissingName, batch.CodeInvalidValue)
	switch l.fault {
	case batch.CodeTooManyFields:
		l.surplus = true
	case batch.CodeMissingInterviewID:
		l.InterviewID = " "
	case batch.CodeInvalidInterviewID:
		l.InterviewID = "two words"
	case batch.CodeMissingEmail:
		l.Email = ""
	case batch.CodeInvalidEmail:
		l.Email = "nobody"
	case batch.CodeMissingName:
		l.Name = "\u00a0"
	case batch.CodeInvalidValue:
		l.disable = "perhaps"
	}
}

// duplicate returns another line for the same person, spelled another way.
func (s *simulation) duplicate(of *line) *line {
	l := *of
	if s.IntN(2) == 0 {
		l.Email = strings.ToUpper(l.Email)
	}
	if s.IntN(2) == 0 && l.Email != "" {
		l.Email = " " + l.Email
	}
	return &l
}

// knowIDs gives some of those who are invited the candidate's id, in all their
// lines. Some of these have nothing else.
func (s *simulation) knowIDs(invited []*line) {
	for _, of := range invited {
		if s.IntN(2) == 0 {
			continue
		}
		id, _ := s.api.Link(of.person)
		bare := s.IntN(3) == 0
		for _, l := range s.lines {
			if l.person != of.person || l.fault != "" {
				continue
			}
			l.CandidateID = id
			if bare && l.JobApplicationID == "" {
				l.Name, l.Email = "", ""
			}
		}
	}
}

// writeFile writes lines as an input in the way of some program.
func (s *simulation) writeFile(name string, lines []*line) {
	var b strings.Builder
	if s.IntN(4) == 0 {
		b.WriteString("\ufeff")
	}
	w := csv.NewWriter(&b)
	w.UseCRLF = s.IntN(3) == 0
	w.Comma = pick(s.Rand, ',', ',', ';', '\t')
	order := s.Perm(len(lineColumns))
	write := func(cells []string) {
		ordered := make([]string, len(order), len(cells))
		for to, from := range order {
			ordered[to] = cells[from]
		}
		s.must(w.Write(append(ordered, cells[len(order):]...)))
	}
	write(lineColumns)
	for _, l := range lines {
		write(l.cells())
	}
	w.Flush()
	s.must(os.WriteFile(filepath.Join(s.folder, name), []byte(b.String()), 0o600))
}

// feedBack makes an output the next input.
func (s *simulation) feedBack(name string) {
	b, err := os.ReadFile(filepath.Join(s.folder, name))
	s.must(err)
	s.must(os.WriteFile(filepath.Join(s.folder, "again.csv"), b, 0o600))
	s.log.add("%s is the next input", name)
}

// A fileRow is a row as it stands in a file.
type fileRow struct {
	line  *line
	row   int               // as a spreadsheet counts: cells have line breaks, and there are no blank lines
	cells map[string]string // by the name of the column, as it stands in the header
}

// readFile reads an input or an output with encoding/csv alone.
func (s *simulation) readFile(name string) []fileRow {
	b, err := os.ReadFile(filepath.Join(s.folder, name))
	s.must(err)
	text := strings.TrimPrefix(string(b), "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	headerLine, _, _ := strings.Cut(text, "\n")
	for _, comma := range ",;\t" {
		if strings.ContainsRune(headerLine, comma) {
			r.Comma = comma
		}
	}
	byMark := map[string]*line{}
	for _, l := range s.lines {
		byMark[l.mark] = l
	}
	header, err := r.Read()
	s.must(err)
	var rows []fileRow
	for {
		cells, err := r.Read()
		if err != nil {
			if len(cells) > 0 || err.Error() != "EOF" {
				s.Fatalf("%s: %v", name, err)
			}
			return rows
		}
		row := fileRow{row: len(rows) + 2, cells: map[string]string{}}
		for i, column := range header {
			row.cells[column] = cells[i]
		}
		if row.line = byMark[row.cells["mark"]]; row.line == nil {
			s.Fatalf("%s: row %d is nobody's: %q", name, row.row, cells)
		}
		rows = append(rows, row)
	}
}
