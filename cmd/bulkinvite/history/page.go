package history

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/history"
	"bulkinvite/cmd/bulkinvite/app"
)

//go:embed report.html.tmpl
var pageText string

//go:embed report.css
var pageStyle string

var pageTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"number": func(n int) string { return message.NewPrinter(language.English).Sprint(n) },
	"share":  share,
}).Parse(pageText))

// shownOnPage is how many interviews the page shows: the largest.
const shownOnPage = 50

// A page is the data of the template, which escapes all texts.
type page struct {
	Style     template.CSS // ours alone
	StyleHash string       // of the only style that the browser may apply
	Version   string
	Made      string
	Personal  bool // the page names people

	Run                    history.RunStatus
	State, Verdict         string // good, note or bad; in words
	Started, Ended, Took   string
	Confirm                string // the findings of a run of confirm, which has no rows; empty for one of send
	HasRows                bool   // the run wrote its two files
	Results, Failed        []rowCount
	ResultsRows            int
	FailedRows             int
	AllRequests            int // with the reading of lists; 0: not known
	Kinds                  []kindRow
	Answers                []answerRow
	Interviews             []history.InterviewReport
	MorePeople             int // of an interview of those shown, for the bars
	MoreInterviews         int
	Found                  *history.RunReport
	Confirmed, Later, Past bool // there are findings of these
	Chart                  *chart
	Groups                 []peopleGroup
}

// A rowCount counts the rows with one outcome.
type rowCount struct {
	Name, Meaning string
	Rows, Of      int
}

type kindRow struct {
	Name string
	history.KindReport
}

type answerRow struct {
	Name string
	history.AnswerReport
	Of int // requests in all
}

// A peopleGroup is the people with one error code, with the first of them.
type peopleGroup struct {
	Code   batch.Code
	Advice string
	Total  int
	First  []history.NamedPerson
	More   int
}

func newPage(s *reportSource, anonymous bool) (*page, error) {
	hash := sha256.Sum256([]byte(pageStyle))
	p := &page{
		Style:     template.CSS(pageStyle), //nolint:gosec // a part of this program
		StyleHash: "sha256-" + base64.StdEncoding.EncodeToString(hash[:]),
		Version:   app.ThisBuild().Version,
		Made:      pageTime(s.now),
		Personal:  !anonymous,
		Run:       s.run,
		Found:     s.found,
	}
	if anonymous {
		p.Run.Input = "not shown"
	}
	counts, err := countsOf(&s.run)
	if err != nil {
		return nil, err
	}
	p.setTimes(s)
	if isConfirm(&s.run) {
		p.Confirm = confirmWords(counts, s.run.Rows)
	}
	p.setRows(counts)
	p.setRequests(s.found)
	p.Chart = newChart(s.found.Timeline, float64(counts[batch.RatePerHour])/3600)
	p.setPeople(s.found)
	return p, nil
}

func (p *page) setTimes(s *reportSource) {
	r := &s.run
	end := r.EndedAt
	p.Started, p.Ended = pageTime(r.StartedAt), pageTime(end)
	switch {
	case !end.IsZero():
		meaning := exitMeanings[r.ExitCode]
		if confirmed := confirmMeanings[r.ExitCode]; isConfirm(r) && confirmed != "" {
			meaning = confirmed
		}
		p.State, p.Verdict = "note", fmt.Sprintf("exit code %d: %s", r.ExitCode, meaning)
		switch r.ExitCode {
		case batch.ExitOK:
			p.State = "good"
		case batch.ExitBroken:
			p.State = "bad"
		}
	case s.running:
		end = s.now
		p.Ended = "still running"
		p.State, p.Verdict = "note", "still running; the page shows the run as it was when the page was made"
	default:
		end = s.found.LastEntry
		p.Ended = "not known; the last entry is of " + pageTime(end)
		p.State = "bad"
		p.Verdict = "died: the program was killed, or the machine stopped; run the same command again, it goes on where this run stood"
		if end.IsZero() {
			end = r.StartedAt
			p.Ended = "not known; it wrote nothing"
		}
	}
	p.Took = app.Roughly(max(end.Sub(r.StartedAt), 0))
}

// pageTime writes a time with its zone, since the page may be read elsewhere.
func pageTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 -07:00") }

func (p *page) setRows(counts map[string]int) {
	p.AllRequests = counts["requests"]
	p.ResultsRows, p.FailedRows = counts["results"], counts["failed"]
	_, p.HasRows = counts["results"]
	for _, status := range batch.Statuses() {
		if n := counts[string(status)]; n > 0 {
			p.Results = append(p.Results, rowCount{string(status), statusMeanings[status], n, p.Run.Rows})
		}
	}
	for _, code := range batch.Codes() {
		if n := counts[string(code)]; n > 0 {
			p.Failed = append(p.Failed, rowCount{string(code), codeAdvice[code], n, p.Run.Rows})
		}
	}
}

func (p *page) setRequests(found *history.RunReport) {
	for _, k := range found.Kinds {
		p.Kinds = append(p.Kinds, kindRow{kindNames[k.Kind], k})
	}
	requests := 0
	for _, a := range found.Answers {
		requests += a.Requests
	}
	for _, a := range found.Answers {
		if !p.Personal {
			a.Message = ""
		}
		p.Answers = append(p.Answers, answerRow{answerName(a), a, requests})
	}
	p.Interviews = found.Interviews[:min(len(found.Interviews), shownOnPage)]
	p.MoreInterviews = len(found.Interviews) - len(p.Interviews)
	if len(p.Interviews) > 0 {
		p.MorePeople = p.Interviews[0].People()
	}
	p.Confirmed = found.Findings != history.Findings{}
	p.Later = found.LaterFindings != history.Findings{}
	p.Past = found.EarlierFindings != history.Findings{}
}

func (p *page) setPeople(found *history.RunReport) {
	for _, code := range batch.Codes() {
		group := found.Named[code]
		if group == nil {
			continue
		}
		g := peopleGroup{Code: code, Advice: codeAdvice[code], Total: group.Total}
		if p.Personal {
			g.First = group.First
			g.More = group.Total - len(group.First)
		}
		p.Groups = append(p.Groups, g)
	}
}

func (p *page) writeTo(w io.Writer) error {
	if err := pageTemplate.Execute(w, p); err != nil {
		return fmt.Errorf("make the page: %w", err)
	}
	return nil
}

// share returns the width of a part of a bar in the template's units, at least 1 to
// be visible.
func share(n, of int) float64 {
	const width = 120
	if n == 0 || of == 0 {
		return 0
	}
	return max(tenths(width*float64(n)/float64(of)), 1)
}
