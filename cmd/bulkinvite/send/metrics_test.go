package send

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/rs/zerolog"

	"bulkinvite/batch"
	"bulkinvite/batch/outlet"
	"bulkinvite/batch/send"
	"bulkinvite/cmd/bulkinvite/app"
)

// An endedSender has ended with a code, after it has sent or without.
func endedSender(t *testing.T, code int, r *summary) (*sender, *ending) {
	t.Helper()
	s := &sender{
		App: &app.App{}, flags: &Options{metrics: filepath.Join(t.TempDir(), "nightly.prom")}, log: zerolog.Nop(), summary: r,
	}
	return s, s.newEnding(time.Now().Add(-time.Minute), code)
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The names and units are what Prometheus' linter wants, and all metrics are
// there whether or not anything was sent.
func TestMetricsKeepTheConventions(t *testing.T) {
	r := &summary{Report: &send.Report{
		End: "finished", Results: map[batch.Status]int{batch.StatusInvited: 3}, Failed: map[batch.Code]int{batch.CodeRefused: 1},
		Traffic: outlet.Traffic{Requests: map[int]int{200: 4, 429: 1, 0: 2}, Throttled: time.Second},
	}}
	about := MonitoringTopic
	lines := map[*summary]int{}
	for code, r := range map[int]*summary{batch.ExitFailedRows: r, batch.ExitLocked: nil} {
		s, e := endedSender(t, code, r)
		if err := e.saveMetrics(t.Context(), s.log, s.flags.metrics, ""); err != nil {
			t.Fatal(err)
		}
		text := readFile(t, s.flags.metrics)
		problems, err := promlint.New(bytes.NewReader(text)).Lint()
		if err != nil || len(problems) > 0 {
			t.Errorf("%v, %v in\n%s", problems, err, text)
		}
		lines[r] = bytes.Count(text, []byte("\n"))
		for _, metric := range regexp.MustCompile(`(?m)^bulkinvite_\w+`).FindAllString(string(text), -1) {
			if !strings.Contains(about, "\n  "+metric+" ") && !strings.Contains(about, "\n  "+metric+"\n") {
				t.Errorf("help does not tell what %s is", metric)
			}
		}
		for _, metric := range regexp.MustCompile(`bulkinvite_\w+`).FindAllString(about, -1) {
			if !bytes.Contains(text, []byte("\n"+metric+"{")) {
				t.Errorf("help tells of %s, which is not there", metric)
			}
		}
	}
	if lines[r] != lines[nil] {
		t.Errorf("%d lines after sending, and %d without", lines[r], lines[nil])
	}
}

// When a run succeeded, and who is in doubt, is kept by one that cannot tell.
func TestMetricsKeepWhatARunCannotTell(t *testing.T) {
	s, e := endedSender(t, batch.ExitLocked, nil)
	before := strings.Join([]string{
		"# TYPE " + metricSuccess + " gauge", metricSuccess + `{name="nightly"} 1.7e+09`,
		"# TYPE " + metricInDoubt + " gauge", metricInDoubt + `{name="nightly"} 7`, "",
	}, "\n")
	if err := os.WriteFile(s.flags.metrics, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.saveMetrics(t.Context(), s.log, s.flags.metrics, ""); err != nil {
		t.Fatal(err)
	}
	kept, err := readMetrics(s.flags.metrics)
	if err != nil || kept[metricSuccess] != 1.7e9 || kept[metricInDoubt] != 7 {
		t.Errorf("%v, %v", kept, err)
	}
	for _, metric := range []string{metricSuccess, metricInDoubt} {
		if n := strings.Count(string(readFile(t, s.flags.metrics)), "\n"+metric+"{"); n != 1 {
			t.Errorf("%s is there %d times", metric, n)
		}
	}
}
