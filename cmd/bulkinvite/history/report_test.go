package history

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/history"
	"bulkinvite/cmd/bulkinvite/app"
)

// Nothing that a run can end with is without words on the page.
func TestReportHasWordsForAll(t *testing.T) {
	for _, code := range batch.Codes() {
		if codeAdvice[code] == "" {
			t.Errorf("%s: no advice", code)
		}
	}
	for _, status := range batch.Statuses() {
		if statusMeanings[status] == "" {
			t.Errorf("%s: no meaning", status)
		}
	}
	for _, kind := range []batch.Kind{batch.KindInvite, batch.KindResend, batch.KindLink, batch.KindFound} {
		if kindNames[kind] == "" {
			t.Errorf("%s: no name", kind)
		}
	}
	for _, exit := range []int{batch.ExitOK, batch.ExitBroken, batch.ExitUsage, batch.ExitFailedRows, batch.ExitEndedEarly, 129, 130, 143} {
		if exitMeanings[exit] == "" {
			t.Errorf("exit code %d: no meaning", exit)
		}
	}
}

func TestChart(t *testing.T) {
	if c := newChart(history.Timeline{}, 5); c != nil {
		t.Errorf("nothing went out, and this is drawn: %+v", c)
	}
	c := newChart(history.Timeline{Width: 2 * time.Second, Bins: []history.Bin{{Accepted: 6, Other: 2}, {}, {Accepted: 10}}}, 5)
	if c.Unit != "second" || c.Peak != "5" || c.Limit != "5" || c.BinWidth != "2s" || c.Span != "6s" {
		t.Errorf("%+v", c)
	}
	full, mixed := c.Bars[2], c.Bars[0]
	if full.Y != c.LimitY || full.TopH != 0 || full.PerOne != "5" || full.From != "4s" {
		t.Errorf("the bar of a full bin ends at the limit, %v: %+v", c.LimitY, full)
	}
	if tenths(mixed.TopY+mixed.TopH) != mixed.Y || tenths(mixed.Y+mixed.Height) != plotBottom {
		t.Errorf("the parts of a bar do not stand on each other: %+v", mixed)
	}
	slow := newChart(history.Timeline{Width: time.Minute, Bins: []history.Bin{{Accepted: 6}}}, 0.25)
	if slow.Unit != "minute" || slow.Peak != "6" || slow.Limit != "15" {
		t.Errorf("a slow run: %+v", slow)
	}
}

// Whatever a run was like, all of its chart is inside the picture, and its
// labels are few enough to be read.
func TestChartFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := time.Duration(rapid.SampledFrom([]int{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400}).
			Draw(t, "seconds")) * time.Second
		bin := rapid.Custom(func(t *rapid.T) history.Bin {
			return history.Bin{Accepted: rapid.IntRange(0, 1e6).Draw(t, "accepted"), Other: rapid.IntRange(0, 1e6).Draw(t, "other")}
		})
		bins := rapid.SliceOfN(bin, 1, 400).Draw(t, "bins")
		bins[0].Other++ // a timeline begins with a request
		c := newChart(history.Timeline{Width: width, Bins: bins}, rapid.Float64Range(0, 1e6).Draw(t, "limit"))
		const slack = 0.2 // from rounding
		within := func(what string, x, low, high float64) {
			if !(low-slack <= x && x <= high+slack) {
				t.Fatalf("%s at %v, not between %v and %v", what, x, low, high)
			}
		}
		for _, b := range c.Bars {
			within("left", b.X, chartLeft, chartWidth-chartRight)
			within("right", b.X+b.Width, chartLeft, chartWidth-chartRight)
			within("top", b.TopY, chartTop, plotBottom)
			within("bottom", b.TopY+b.TopH+b.Height, plotBottom, plotBottom)
		}
		for _, tick := range c.XTicks {
			within("label", tick.At, chartLeft, chartWidth-chartRight)
		}
		for _, tick := range c.YTicks {
			within("label", tick.At, chartTop, plotBottom)
		}
		if c.Limit != "" {
			within("limit", c.LimitY, chartTop, plotBottom)
		}
		if len(c.XTicks) > 11 || len(c.YTicks) > 6 || len(c.YTicks) < 2 {
			t.Fatalf("%d labels below, %d beside", len(c.XTicks), len(c.YTicks))
		}
	})
}

// What is left out for those who must not know people is left out everywhere.
func TestPageWithoutPersonalData(t *testing.T) {
	source := &reportSource{
		run: history.RunStatus{ID: 3, Input: "ann-secret.csv", Counts: `{"results":1,"failed":2,"refused":2}`, Rows: 3},
		found: &history.RunReport{
			Answers: []history.AnswerReport{{Arrival: history.Answered, StatusCode: 400, Requests: 1, Message: "no ann-secret"}},
			Named: map[batch.Code]*history.NamedPeople{batch.CodeRefused: {Total: 2, First: []history.NamedPerson{
				{Email: "ann-secret@example.com", InterviewID: "i1", Message: "no ann-secret"},
			}}},
		},
	}
	for _, anonymous := range []bool{false, true} {
		p, err := newPage(source, anonymous)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := p.writeTo(&b); err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(b.String(), "ann-secret"); told == anonymous {
			t.Errorf("anonymous: %v, told: %v", anonymous, told)
		}
		if !strings.Contains(b.String(), "<h3>refused: 2</h3>") {
			t.Error("the page does not tell how many were refused")
		}
	}
}

// Half a page must not pass for a whole one.
func TestPageCutOff(t *testing.T) {
	o := &ReportOptions{App: &app.App{Answers: full{}}, output: "-"}
	source := &reportSource{run: history.RunStatus{Counts: "null"}, found: &history.RunReport{}}
	if err := o.writeReport(source); !errors.Is(err, errFull) {
		t.Error(err)
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
