package send

import (
	"math"
	"slices"

	"github.com/spf13/pflag"

	"bulkinvite/batch"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/cmd/bulkinvite/preview"
)

// Options are the flags of send.
type Options struct {
	input           preview.InputFlags
	results, failed string
	ledger, summary string
	plan            string
	baseURL         string
	apiKeyFile      string
	maxInvites      int // 0: any number
	metrics         string
	notify          []webhook
	yes, sandbox    bool

	flags *pflag.FlagSet // that these belong to
}

func (o *Options) add(flags *pflag.FlagSet) {
	o.flags = flags
	o.input.Add(flags)
	opts := &o.input.Batch
	flags.Var(app.File(&o.results), "results", "the file for the rows of people who are invited (default NAME.results.csv beside FILE)")
	flags.Var(app.File(&o.failed), "failed", "the file for the other rows (default NAME.failed.csv beside FILE)")
	app.AddLedgerFlag(flags, &o.ledger)
	flags.Var(app.File(&o.summary), "summary", "write a summary as JSON to this file")
	flags.Var(app.File(&o.plan), "plan", "a plan of check --json: send nothing if the input or what the ledger knows about it has changed since")
	flags.Var(app.File(&o.metrics), "metrics", "write metrics for the textfile collector of Prometheus' node exporter to this file; NAME.prom")
	flags.Var(webhooks(&o.notify), "notify", "POST JSON without personal data to this URL when the run ends: a webhook of Slack or Teams, "+
		"a ping URL of healthchecks.io ("+exitCodeHere+" in a URL becomes the exit code); may be repeated")
	flags.Var(app.BaseURL(&o.baseURL), "base-url", "the API; https, or http on this machine")
	flags.Var(app.File(&o.apiKeyFile), "api-key-file", "a file that holds the API key")
	flags.Var(app.Whole(&opts.Burst, 1, 1000), "burst", "requests that may leave at once after a pause")
	flags.Var(app.Whole(&opts.Concurrency, 0, 1000), "concurrency", "requests under way at once; 0: ten times the rate, between 4 and 64")
	flags.Var(app.Span(&opts.Timeout), "timeout", "how long one request may take, and how long a run that is stopped waits for answers")
	flags.Var(app.Span(&opts.SettleTime), "settle-time", "how long after a lost answer the API's list is believed; longer than the API may take to act on a request")
	flags.Var(app.Choice(&opts.Links, batch.LinksConfirmed, batch.LinksAll, batch.LinksNone), "links",
		"which missing links are fetched: confirmed (of people whose answer was lost), all (also of people invited elsewhere) or none")
	flags.Var(app.Whole(&opts.MaxAttempts, 1, math.MaxInt), "max-attempts", "how many requests for one person may reach the API at most")
	flags.Var(app.Span(&opts.GiveUpAfter), "give-up-after", "end the run when the API has accepted nothing for this time, or asks to wait longer")
	flags.Var(app.SpanOrZero(&opts.Deadline), "deadline", "end the run after this time; 0: never")
	flags.Var(app.Whole(&opts.Limit, 1, math.MaxInt), "limit", "send to at most this many people in this run; the others are left for the next")
	flags.Var(app.Whole(&o.maxInvites, 1, math.MaxInt), "max-invites", "send nothing if more than this many people are left to invite")
	flags.BoolVar(&opts.NoPreflight, "no-preflight", false, "do not read the API's lists first to find people invited elsewhere")
	flags.BoolVar(&o.yes, "yes", false, "do not ask before sending, which send does on a terminal")
	flags.BoolVar(&o.sandbox, "sandbox", false, "rehearse with a sandbox in this program instead of the API, and a throw-away ledger unless one is named; the outputs are NAME.rehearsal.results.csv and NAME.rehearsal.failed.csv")
}

// check refuses flags that exclude each other. The value of a single flag is
// checked when it is set.
func (o *Options) check(a *app.App, inputs []string) error {
	switch {
	case o.sandbox && o.flags.Changed("base-url"):
		return app.Refusef("--sandbox and --base-url exclude each other; leave one out")
	case o.sandbox && o.plan != "":
		return app.Refusef("--sandbox and --plan exclude each other: a plan is made with the ledger and for the API; leave one out")
	case slices.Contains(inputs, "-") && !o.yes && a.OnTerminal():
		return app.Refusef("with the input on standard input there is no asking on a terminal; use --yes to send without a question")
	}
	return nil
}
