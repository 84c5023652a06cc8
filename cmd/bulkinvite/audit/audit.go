// Package audit is the command that compares the list of an interview with the
// ledger. It knows what the commands share, how the ledger is read, and the API's
// lists. It must not know other commands, nor change anything.
package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"bulkinvite/batch"
	"bulkinvite/batch/audit"
	"bulkinvite/batch/ledger/history"
	"bulkinvite/batch/outlet"
	"bulkinvite/client"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/csvio"
)

// Options are the flags of audit.
type Options struct {
	*app.App
	api  app.APIFlags
	all  bool
	json bool
}

const long = `audit reads the whole list of each interview and compares it with the ledger.
Without INTERVIEW_ID it takes the interviews of the last run that sent anything.
It shows

  - people with more than one entry in the list: a second session, whoever made
    it
  - people who are invited in the ledger and not in the list
  - how many people are in the list and not in the ledger: invited elsewhere, in
    the dashboard or with another ledger (--all names them)
  - how many people are in doubt (bulkinvite confirm settles them)

Something is wrong with the first two. Addresses are compared as send does, and
shown in full. People who were invited through a job application, or only sent an
invitation again, do not count as missing: the list may show them under another
address. Forgotten people (bulkinvite forget) count as invited elsewhere.

All its requests are GET, it changes nothing, and it may be used while a run goes
on; the list may not show invitations of the last seconds yet.

With --json it writes one JSON object: ledger, base_url, running (a run goes on),
run (the run that has these interviews; 0 if they were named) and interviews,
each with interview_id, entries and people (of the list), invited (in the
ledger), twice (email, and entries with candidate_id, date_created and status),
missing, elsewhere, elsewhere_people (with --all), in_doubt and in_doubt_listed.

Exit codes: 0 nothing is wrong; 3 something is; 4 a list could not be read; 2 as
in send.`

// NewCmdAudit returns the command audit.
func NewCmdAudit(a *app.App) *cobra.Command {
	opts := Options{App: a}
	cmd := &cobra.Command{
		Use:   "audit [INTERVIEW_ID...]",
		Short: "Compare an interview's list with the ledger: who is there twice, or missing",
		Example: `  # the interviews of the last run
  bulkinvite audit --api-key-file ~/.micro1-api-key

  bulkinvite audit 7c9e6679-7425-40de-944b-e07fc1f90ae7 --api-key-file ~/.micro1-api-key
  bulkinvite audit 7c9e6679-7425-40de-944b-e07fc1f90ae7 --all --json > audit.json`,
		Long: long,
		Args: interviewIDs,
		RunE: a.Reading(opts.run),
	}
	opts.api.Add(cmd.Flags())
	cmd.Flags().BoolVar(&opts.all, "all", false, "name those who were invited elsewhere, too")
	cmd.Flags().BoolVar(&opts.json, "json", false, "write JSON, for programs")
	return cmd
}

// interviewIDs takes any number of INTERVIEW_ID.
func interviewIDs(_ *cobra.Command, args []string) error {
	for _, id := range args {
		if err := csvio.CheckInterviewID(id); err != nil {
			return fmt.Errorf("INTERVIEW_ID %q: %w", id, err)
		}
	}
	return nil
}

// A report is what audit prints, and with --json this object.
type report struct {
	Ledger     string         `json:"ledger"`
	BaseURL    string         `json:"base_url"`
	Running    bool           `json:"running"`
	Run        int64          `json:"run"` // the run that has these interviews; 0: they were named
	Interviews []audit.Result `json:"interviews"`
}

func (o *Options) run(ctx context.Context, log zerolog.Logger, ids []string) error {
	api, err := o.api.Connect(o.App, log)
	if err != nil {
		return err
	}
	defer api.Close()
	opts := o.api.Batch
	opts.Log = log
	lister, err := outlet.NewLister(api, opts)
	if err != nil {
		return err
	}
	r := report{BaseURL: o.api.BaseURL}
	err = o.ReadLedger(ctx, o.api.Ledger, func(reader *history.Reader, path string) error {
		r.Ledger = path
		auditor := &audit.Auditor{Ledger: reader, Lister: lister, BaseURL: r.BaseURL, All: o.all}
		return r.read(ctx, auditor, log, ids)
	})
	if err != nil {
		return err
	}
	text, wrong := r.text()
	if o.json {
		err = app.WriteJSON(o.Answers, r)
	} else {
		_, err = io.WriteString(o.Stdout, text)
	}
	if err == nil && wrong > 0 {
		err = app.ExitWith(batch.ExitFailedRows)
	}
	return err
}

// read audits the interviews, those of the last run if none is named.
func (r *report) read(ctx context.Context, auditor *audit.Auditor, log zerolog.Logger, ids []string) (err error) {
	if r.Running, err = auditor.Ledger.Running(); err != nil {
		return err
	}
	if len(ids) == 0 {
		r.Run, ids, err = auditor.Ledger.LastSent(ctx, r.BaseURL)
		if err == nil && len(ids) == 0 {
			err = app.Refusef("no run has sent anything to %s, as far as this ledger knows; name an INTERVIEW_ID, or another --base-url or --ledger", r.BaseURL)
		}
		if err != nil {
			return err
		}
		log.Info().Int64("run", r.Run).Int("interviews", len(ids)).Msg("the interviews of the last run that sent anything are read")
	}
	done := map[string]bool{}
	for _, id := range ids {
		if id = batch.NewKey(id, "").InterviewID; done[id] {
			continue
		}
		done[id] = true
		result, err := interview(ctx, auditor, log, id)
		if err != nil {
			return auditError(ctx, id, err)
		}
		r.Interviews = append(r.Interviews, result)
	}
	return nil
}

// interview compares a list with the ledger, and logs how far it has read.
func interview(ctx context.Context, auditor *audit.Auditor, log zerolog.Logger, id string) (result audit.Result, err error) {
	log.Info().Str("interview", id).Msg("reading the API's list")
	var entries atomic.Int64
	auditor.Read = func(n int) { entries.Store(int64(n)) }
	err = app.Beside(func(ended <-chan struct{}) {
		app.Every(ended, app.LogInterval, func() {
			log.Info().Str("interview", id).Int64("entries", entries.Load()).Msg("reading the API's list")
		})
	}, func() error {
		result, err = auditor.Interview(ctx, id)
		return err
	})
	return result, err
}

// auditError adds the interview and the exit code to an error of the API.
func auditError(ctx context.Context, id string, err error) error {
	var apiErr *client.Error
	if errors.As(err, &apiErr) && ctx.Err() == nil {
		return &app.Failure{Code: batch.ExitEndedEarly, Err: fmt.Errorf("interview %s: %w", id, err)}
	}
	return err
}
