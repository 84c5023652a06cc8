package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"bulkinvite/batch"
	"bulkinvite/client"
)

// sendOptions are the flags of send.
type sendOptions struct {
	input           inputFlags
	results, failed string
	ledger, summary string
	plan            string
	base            baseURL
	apiKeyFile      string
	links           string
	maxInvites      int // 0: any number
	metrics         string
	notify          []webhook
	yes, sandbox    bool
}

func (f *sendOptions) add(flags *pflag.FlagSet) {
	f.input.add(flags)
	opts := &f.input.batch
	f.links = string(opts.Links)
	f.base.url = client.DefaultBaseURL
	flags.Var(File(&f.results), "results", "where the rows of those invited go (default NAME.results.csv beside FILE)")
	flags.Var(File(&f.failed), "failed", "where the other rows go (default NAME.failed.csv beside FILE)")
	addLedgerFlag(flags, &f.ledger)
	flags.Var(File(&f.summary), "summary", "write a summary as JSON to this file")
	flags.Var(File(&f.plan), "plan", "send only what this plan of check --json has shown: nothing if the input or what the ledger knows of it has changed")
	flags.Var(File(&f.metrics), "metrics", "write metrics for the textfile collector of Prometheus' node exporter to this file; NAME.prom")
	flags.Var(webhooks{&f.notify}, "notify", "tell this URL when the run ends, with a POST of JSON that has nothing personal in it: a webhook of Slack or Teams, "+
		"a ping URL of healthchecks.io ("+exitCodeHere+" in a URL becomes the exit code); may be repeated")
	flags.Var(&f.base, "base-url", "the API; https, or http on this machine")
	flags.Var(File(&f.apiKeyFile), "api-key-file", "a file that holds the API key")
	flags.Var(Whole(&opts.Burst, 1, 1000), "burst", "requests that may go at once after a pause")
	flags.Var(Whole(&opts.Concurrency, 0, 1000), "concurrency", "requests under way at once; 0: ten times the rate, between 4 and 64")
	flags.Var(Span(&opts.Timeout), "timeout", "how long one request may take; a run that is stopped waits as long for answers")
	flags.Var(Span(&opts.SettleTime), "settle-time", "how long to wait after a lost answer until the API's list is believed; must be longer than the API may still act on a request")
	flags.Var(Choice(&f.links, "confirmed", "all", "none"), "links",
		"whose missing links are fetched: confirmed (people whose answer was lost), all (and people invited elsewhere) or none")
	flags.Var(Whole(&opts.MaxAttempts, 1, math.MaxInt), "max-attempts", "how often one person is tried at most; only requests that may have reached the API count")
	flags.Var(Span(&opts.GiveUpAfter), "give-up-after", "end the run when the API has accepted nothing for so long, or asks to wait longer")
	flags.Var(SpanOrZero(&opts.Deadline), "deadline", "end the run after this time; 0: never")
	flags.Var(Whole(&opts.Limit, 1, math.MaxInt), "limit", "send to this many people at most in this run; the others are left for the next")
	flags.Var(Whole(&f.maxInvites, 1, math.MaxInt), "max-invites", "send nothing if more people than this are left to invite")
	flags.BoolVar(&opts.NoPreflight, "no-preflight", false, "do not ask the API first who was invited elsewhere")
	flags.BoolVar(&f.yes, "yes", false, "send without asking; without it send asks first on a terminal")
	flags.BoolVar(&f.sandbox, "sandbox", false, "rehearse with a sandbox inside this program instead of the API, and a throw-away ledger unless one is named; the outputs are NAME.rehearsal.results.csv and NAME.rehearsal.failed.csv")
}

// check refuses flags that cannot go together. What one flag alone may be is
// checked where it is set.
func (f *sendOptions) check(a *app, inputs []string) error {
	switch {
	case f.sandbox && f.base.given:
		return refusef("--sandbox and --base-url exclude each other; leave one out")
	case f.sandbox && f.plan != "":
		return refusef("--sandbox and --plan exclude each other: a plan is made with the ledger and for the API; leave one out")
	case slices.Contains(inputs, "-") && !f.yes && a.onTerminal():
		return refusef("with the input on standard input there is no asking on a terminal; use --yes to send without a question")
	}
	f.input.batch.Links = batch.Links(f.links)
	return nil
}

// A baseURL is a flag that holds a base URL in normal form.
type baseURL struct {
	url   string
	given bool
}

func (b *baseURL) String() string { return b.url }
func (b *baseURL) Type() string   { return typeURL }

func (b *baseURL) Set(s string) error {
	url, err := client.ParseBaseURL(s)
	if err != nil {
		return err
	}
	b.url, b.given = url, true
	return nil
}

// addLedgerFlag adds --ledger, which is the same for all commands.
func addLedgerFlag(flags *pflag.FlagSet, name *string) {
	flags.Var(File(name), "ledger", "the memory of what was sent (default $XDG_STATE_HOME/bulkinvite/ledger.db, or in ~/.local/state)")
}

// ledgerPath returns where the ledger is: where --ledger says, else where the
// XDG base directory specification puts what a program remembers.
func ledgerPath(named string, environ []string) (string, error) {
	if named != "" {
		return named, nil
	}
	state := lookup(environ, "XDG_STATE_HOME")
	if state == "" || !filepath.IsAbs(state) { // the specification has relative ones ignored
		home := lookup(environ, "HOME")
		if home == "" {
			return "", refusef("neither HOME nor XDG_STATE_HOME is set, so there is no place for the ledger; name one with --ledger")
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "bulkinvite", "ledger.db"), nil
}

// absolute returns the path of a file, whose folders need not exist, from the
// root on.
func absolute(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}

// sameFile reports whether two names mean one file, which need not exist yet.
func sameFile(a, b string) bool {
	if infoA, err := os.Stat(a); err == nil {
		infoB, err := os.Stat(b)
		return err == nil && os.SameFile(infoA, infoB)
	}
	return realPath(a) == realPath(b)
}

// realPath follows the links of a name's folder: the file may be missing.
func realPath(name string) string {
	folder, err := filepath.EvalSymlinks(filepath.Dir(name))
	if err != nil {
		folder = filepath.Dir(name)
	}
	return filepath.Join(absolute(folder), filepath.Base(name))
}
