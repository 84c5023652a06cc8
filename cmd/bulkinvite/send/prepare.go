package send

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/engine"
	"bulkinvite/batch/file"
	"bulkinvite/batch/send"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/cmd/bulkinvite/preview"
)

// job returns the job that the flags describe. It sends nothing yet.
func (s *sender) job() (send.Job, error) {
	f := s.flags
	api, err := s.connect()
	if err != nil {
		return send.Job{}, err
	}
	s.atEnd(func() error { api.Close(); return nil })
	if s.ledgerPath, err = s.findLedger(); err != nil {
		return send.Job{}, err
	}
	s.bugs = make(chan *batch.Panic, 1)
	opts := f.input.Batch
	opts.Log, opts.Panicked = s.log, func(p *batch.Panic) { s.bugs <- p }
	return send.Job{
		Files: s.inputNames, Read: f.input.Read(s.App),
		API: api, BaseURL: f.baseURL, Ledger: s.ledgerPath,
		Results: f.results, Failed: f.failed,
		Rehearsal: f.sandbox, Options: opts,
		Events: send.Events{
			Read: app.SetGCPercent, Checked: s.checked, Named: s.named,
			Begun: func(run int64) { s.number = run }, Approve: s.approve, Watch: s.watch,
		},
	}, nil
}

// connect returns a client of the API, or of a sandbox in this program.
func (s *sender) connect() (*client.Client, error) {
	opts := app.ClientOptions(s.flags.baseURL, s.flags.input.Batch)
	var err error
	if s.flags.sandbox {
		err = s.startSandbox(&opts)
	} else {
		opts.Key, err = app.FindKey(s.flags.apiKeyFile, s.Environ, s.log)
	}
	if err != nil {
		return nil, err
	}
	return client.New(opts)
}

// inProcessURL is the base URL of a sandbox in this program: a ledger keeps its
// people apart from those of any real API.
const inProcessURL = "http://localhost"

// startSandbox starts a sandbox in this program and sets the options of its client.
func (s *sender) startSandbox(opts *client.Options) error {
	server, err := sandbox.New(sandbox.Config{})
	if err != nil {
		return err
	}
	pipe := sandbox.NewPipe()
	s.atEnd(app.ServeSandbox(pipe, server))
	s.flags.baseURL = inProcessURL
	opts.BaseURL = inProcessURL
	opts.DialContext = pipe.DialContext
	opts.Key, err = client.NewKey("sandbox")
	return err
}

// findLedger returns the ledger's path. That of a sandbox is in a folder that is
// removed at the end, since the sandbox forgets everything too.
func (s *sender) findLedger() (string, error) {
	if s.flags.sandbox && s.flags.ledger == "" {
		folder, err := os.MkdirTemp("", "bulkinvite-sandbox-*")
		if err != nil {
			return "", err
		}
		s.atEnd(func() error { return os.RemoveAll(folder) })
		return filepath.Join(folder, "ledger.db"), nil
	}
	return app.LedgerPath(s.flags.ledger, s.Environ)
}

// checked keeps the preview, and refuses an input with too few rows, or with
// warnings under --strict.
func (s *sender) checked(_ context.Context, p *send.Preview) error {
	s.plan.Preview = p
	app.SetGCPercent(p.Plan.Rows)
	return s.flags.input.Refuse(&s.plan)
}

// comparePlan refuses a plan for another run. The ledger's part is compared in
// approve.
func (s *sender) comparePlan() (err error) {
	if s.flags.plan == "" {
		return nil
	}
	if s.saved, err = preview.ReadPlan(s.flags.plan); err != nil {
		return err
	}
	return s.refuseOther(s.saved.Differs(s.toSave()))
}

// toSave returns the plan that check --json would save now.
func (s *sender) toSave() *preview.SavedPlan {
	return s.plan.Save(s.flags.baseURL, s.flags.input.Options())
}

// refuseOther refuses a plan because of a difference, "" for none.
func (s *sender) refuseOther(difference string) error {
	if difference == "" {
		return nil
	}
	return app.Refusef("--plan %s does not hold any more: %s; nothing was sent; look at it again with bulkinvite check, and save that",
		s.flags.plan, difference)
}

// named refuses files that would overwrite each other or cannot be written. csvio
// makes sure that the results, the failed rows and the input are three files.
func (s *sender) named(results, failed string) error {
	if err := s.flags.keepApart(s.inputNames, s.ledgerPath, results, failed); err != nil {
		return err
	}
	if s.flags.summary != "" {
		if err := app.CheckWritable("summary", s.flags.summary); err != nil {
			return err
		}
	}
	if s.begun.Swap(true) { // only the names have changed
		return nil
	}
	return s.comparePlan()
}

func (o *Options) keepApart(inputs []string, ledgerPath, results, failed string) error {
	for flag, name := range map[string]string{"results": results, "failed": failed, "summary": o.summary} {
		if name != "" && app.IsLedger(name, ledgerPath) {
			return app.Refusef("--%s %s is the ledger; name another file", flag, name)
		}
		if name != "" && o.plan != "" && file.Same(name, o.plan) {
			return app.Refusef("--%s %s is the plan; name another file", flag, name)
		}
	}
	if o.summary == "" {
		return nil
	}
	for _, name := range inputs {
		if file.Same(o.summary, name) {
			return app.Refusef("--summary %s is the input; name another file", o.summary)
		}
	}
	for what, name := range map[string]string{"an output": results, "the other output": failed} {
		if file.Same(o.summary, name) {
			return app.Refusef("--summary %s is %s; name another file", o.summary, what)
		}
	}
	return nil
}

// approve refuses a plan if the ledger has learned something about its people, and
// more people than --max-invites. On a terminal it asks the user. No other run can
// write to the ledger meanwhile.
func (s *sender) approve(ctx context.Context, p *send.Preview) error {
	asks, limit := s.OnTerminal() && !s.flags.yes, s.flags.maxInvites
	if s.saved != nil || asks || limit > 0 {
		if err := p.Survey(ctx); err != nil {
			return err
		}
	}
	if s.saved != nil {
		if err := s.refuseOther(s.saved.Learned(s.toSave())); err != nil {
			return err
		}
	}
	if left := p.Plan.Left(); limit > 0 && left > limit {
		return app.Refusef("%s are left to invite, more than --max-invites %d; nothing was sent; look at the input, or allow more", batch.People(left), limit)
	}
	if asks && p.Plan.Left() > 0 {
		if err := s.ask(ctx, p); err != nil {
			return err
		}
	}
	s.sending.Store(true)
	return nil
}

// ask shows the plan on the terminal and asks whether to go on.
func (s *sender) ask(ctx context.Context, p *send.Preview) error {
	if err := p.FindRepeats(ctx); err != nil {
		return err
	}
	question := fmt.Sprintf("invite %s at %s? [y/N] ", batch.People(p.Claims()), s.flags.baseURL)
	return app.AskOnTerminal(ctx, s.plan.Text()+question, "nothing was sent")
}

// watch shows the progress until ctx is done, and ends the program if a bug keeps
// the run from ending.
func (s *sender) watch(ctx context.Context, progress func() engine.Progress) error {
	defer s.sending.Store(false)
	defer s.sent.Store(true)
	m := &meter{progress: progress}
	s.meter.Store(m)
	var g errgroup.Group
	g.Go(batch.Guard(func() error { return s.endOverdue(ctx) }))
	g.Go(batch.Guard(func() error {
		if s.StderrTerminal != nil {
			s.showProgress(ctx, m)
		} else {
			logProgress(ctx, s.log, m)
		}
		return nil
	}))
	err := g.Wait()
	s.Stderr.Flush() // the summary comes below the bar
	return err
}
