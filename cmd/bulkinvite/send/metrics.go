package send

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"bulkinvite/batch"
	"bulkinvite/batch/file"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/ledger/history"
	"bulkinvite/batch/send"
	"bulkinvite/cmd/bulkinvite/app"
)

// The metrics that keep their value in the file if a run has no new one.
const (
	metricSuccess = "bulkinvite_last_success_timestamp_seconds"
	metricInDoubt = "bulkinvite_ledger_in_doubt_people"
)

// saveMetrics writes the file for the node exporter's textfile collector. It has no
// personal data, since everybody on the machine may read it: the exporter runs as
// another user.
func (e *ending) saveMetrics(ctx context.Context, log zerolog.Logger, path, ledgerPath string) error {
	name := file.Followed(path)
	kept, err := readMetrics(name)
	if err != nil {
		log.Warn().Err(err).Msg("the metrics of the run before cannot be read, so that the time of the last success is lost")
	}
	if e.ExitCode == batch.ExitOK && !e.Rehearsal {
		kept[metricSuccess] = float64(e.at.Unix())
	}
	if e.Run != 0 && !e.Rehearsal {
		if n, err := countDoubts(ctx, ledgerPath); err != nil {
			log.Warn().Err(err).Msg("cannot count the people in doubt for the metrics")
		} else {
			kept[metricInDoubt] = float64(n)
		}
	}
	// Without a label of their own, several files would have the same metrics, and
	// the exporter would show none.
	label := strings.ToValidUTF8(strings.TrimSuffix(filepath.Base(path), ".prom"), "_")
	return file.Replace(name, e.metrics(label, kept), 0o644)
}

// countDoubts counts who is in doubt in a ledger.
func countDoubts(ctx context.Context, path string) (int, error) {
	reader, err := history.OpenReadOnly(ctx, path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = reader.Close() }() // only read from
	open, err := reader.InDoubt(ctx, 0)
	return len(open), err
}

// readMetrics returns the values that the file keeps, 0 for missing ones.
func readMetrics(name string) (map[string]float64, error) {
	kept := map[string]float64{}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	for _, metric := range []string{metricSuccess, metricInDoubt} {
		if err != nil {
			break
		}
		found := regexp.MustCompile(`(?m)^` + metric + `\{.*\} (\S+)$`).FindSubmatch(text)
		if found == nil {
			return kept, fmt.Errorf("%s has no %s", name, metric)
		}
		kept[metric], err = strconv.ParseFloat(string(found[1]), 64)
	}
	return kept, err
}

// metrics returns all metrics in Prometheus' text format. Every run writes all of
// them, because an alert about a missing one stays silent. All are gauges, since
// each run counts from zero.
func (e *ending) metrics(label string, kept map[string]float64) []byte {
	var b bytes.Buffer
	family := func(name, help string) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
	}
	set := func(name, labels string, value float64) {
		fmt.Fprintf(&b, "%s{%s} %s\n", name, labels, strconv.FormatFloat(value, 'g', -1, 64))
	}
	named := `name="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(label) + `"`
	one := func(name, help string, value float64) {
		family(name, help)
		set(name, named, value)
	}
	r := cmp.Or(e.summary, &summary{Report: &send.Report{}}) // without one nothing was sent
	one("bulkinvite_last_run_timestamp_seconds", "When the last run ended.", float64(e.at.Unix()))
	one(metricSuccess, "When a run last had every row in the results (exit code 0), rehearsals apart; 0: never.", kept[metricSuccess])
	one("bulkinvite_last_run_exit_code", "Exit code of the last run.", float64(e.ExitCode))
	one("bulkinvite_last_run_duration_seconds", "How long the last run took.", e.at.Sub(e.begun).Seconds())
	one("bulkinvite_last_run_sandbox", "1 if the last run was a rehearsal in a sandbox, which invites nobody.", oneIf(e.Rehearsal))
	one("bulkinvite_last_run_invited_people", "People that the last run invited, confirmed and re-sent ones included.", float64(r.Invited))
	one("bulkinvite_last_run_throttled_seconds", "How long the API slowed the last run down.", r.Traffic.Throttled.Seconds())
	one(metricInDoubt, "People in doubt in the whole ledger, when a run last had it.", kept[metricInDoubt])

	const rows, requests = "bulkinvite_last_run_rows", "bulkinvite_last_run_requests"
	family(rows, "Rows that the last run wrote, by their status in the results or their error code among the failed rows.")
	for _, status := range batch.Statuses() {
		set(rows, fmt.Sprintf("%s,outcome=%q", named, status), float64(r.Results[status]))
	}
	for _, code := range batch.Codes() {
		set(rows, fmt.Sprintf("%s,outcome=%q", named, code), float64(r.Failed[code]))
	}
	family(requests, "Requests of the last run by the HTTP status of their answer; none: no answer came.")
	counts := map[int]int{200: 0, 429: 0, 0: 0}
	maps.Copy(counts, r.Traffic.Requests)
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		set(requests, fmt.Sprintf("code=%q,%s", statusLabel(status), named), float64(counts[status]))
	}
	return b.Bytes()
}

func statusLabel(status int) string {
	if status == 0 {
		return "none"
	}
	return strconv.Itoa(status)
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// checkMetricsFile makes sure that the metrics replace no other file. It comes
// first, since metrics are written even if nothing is sent. It does not try to
// write them: a run without metrics is better than none, and an alert on old
// metrics shows the problem.
func (o *Options) checkMetricsFile(inputs, environ []string) error {
	if o.metrics == "" {
		return nil
	}
	if err := app.CheckReplaceable("metrics", o.metrics); err != nil {
		return err
	}
	if name := filepath.Base(o.metrics); strings.Contains(name, ".results") || strings.Contains(name, ".failed") {
		// The outputs get their names only after the input is read.
		return app.Refusef("--metrics %s is called as an output is; name another file", o.metrics)
	}
	others := map[string]string{
		o.results: "an output", o.failed: "an output",
		o.summary: "the summary", o.plan: "the plan", o.apiKeyFile: "the API key",
	}
	for _, name := range inputs {
		others[name] = "the input"
	}
	if path, err := app.LedgerPath(o.ledger, environ); err == nil { // without one the run ends early
		for _, name := range ledger.Files(path) {
			others[name] = "the ledger"
		}
	}
	for name, what := range others {
		if name != "" && file.Same(o.metrics, name) {
			return app.Refusef("--metrics %s is %s; name another file", o.metrics, what)
		}
	}
	return nil
}
