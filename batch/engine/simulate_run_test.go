package engine_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/engine"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/plan"
	"bulkinvite/csvio"
)

// A process is one run of the command, from the file to the outputs. It is the
// engine's ledger and API, so that nothing that it does has an effect once it
// has died.
type process struct {
	*simulation
	death death
	input *csvio.Input
	run   *ledger.Run

	life context.Context // until it dies
	kill context.CancelFunc

	mu      sync.Mutex
	dead    bool
	ended   bool
	broken  bool         // the ledger is
	read    bool         // somebody was in a page of the list
	steps   map[step]int // how often each was reached
	durable int64        // bytes of the ledger's log that have everything acknowledged
	account account
}

// send is a run that may be stopped or die, and what follows from it.
func (s *simulation) send(name string) {
	d := s.drawDeath()
	lasting := 24 * time.Hour
	if s.IntN(4) == 0 {
		lasting = time.Duration(s.Float64() * float64(pick(s.Rand, 10*time.Second, 3*time.Minute)))
		if s.IntN(3) == 0 {
			d = death{at: atSomeTime, n: 1, after: lasting + time.Duration(s.IntN(10_000))*time.Millisecond}
		}
	}
	s.runOnce(name, d, lasting)
}

// finish is a run that nothing comes in the way of.
func (s *simulation) finish(name string) []outputRow {
	return s.runOnce(name, death{at: never}, 24*time.Hour)
}

// runOnce runs over a file, and checks that what it says is true. A process
// that dies says nothing.
func (s *simulation) runOnce(name string, d death, lasting time.Duration) []outputRow {
	o := s.opts
	s.log.add("send %s: chunk %d, rate %v+%d, concurrency %d, attempts %d, links %s, give up %v, deadline %v, limit %d, preflight %v, resend %v",
		name, o.ChunkSize, o.Rate, o.Burst, o.Concurrency, o.MaxAttempts, o.Links, o.GiveUpAfter, o.Deadline, o.Limit, !o.NoPreflight, s.csv.Resend)
	s.log.add("a signal after %v, and death: %+v", lasting, d)
	p := s.newProcess(d)
	before := s.takeStock()
	s.begun = time.Now()
	s.clear()

	folder := s.folder
	err := p.main(name, lasting)
	if died := p.over(); err != nil && !died && !p.broken {
		s.Fatalf("the run of %s: %v", name, err)
	}
	allowed := int(s.opts.Rate + float64(s.opts.Burst))
	if took := s.closest(allowed + 1); took < time.Second {
		s.Fatalf("%d requests within %v, allowed are %d in any second", allowed+1, took, allowed)
	}
	if took := time.Since(s.begun); took > 12*time.Hour {
		s.Fatalf("a run did not end by itself, but after %v", took)
	}
	if n := s.tooEarly(); n > 0 {
		s.Fatalf("%d requests did not wait for the end of a Retry-After", n)
	}
	s.checkAccount(&p.account)
	var rows []outputRow
	if p.dead {
		s.log.add("it died: %v", err)
		s.must(os.RemoveAll(folder))
		time.Sleep(pick(s.Rand, 0, time.Second, 2*time.Minute))
	} else {
		s.log.add("it ended: %v", err)
		time.Sleep(s.calm())
		rows = s.checkOutputs(p, name, before)
		s.watchRows(rows)
		s.listSeen = s.listSeen || p.read
	}
	s.nobodyElse(before)
	time.Sleep(pick(s.Rand, 0, 0, 0, 25*time.Hour))
	return rows
}

// newProcess returns a process that begins now.
func (s *simulation) newProcess(d death) *process {
	return &process{simulation: s, death: d, steps: map[step]int{}, account: account{
		opts: s.opts, begun: time.Now(), lost: map[batch.Key]time.Time{}, claimed: map[batch.Key]bool{}, unknowns: map[batch.Key]int{},
		witness: map[string]batch.Key{}, hides: s.outage.hides, hidden: map[batch.Key]bool{},
		remembered: s.remembered, resends: s.resends, resentAt: s.resentAt,
	}}
}

var errBroken = errors.New("no space left on device")

// main is what the command send does.
func (p *process) main(name string, lasting time.Duration) (err error) {
	path := filepath.Join(p.folder, name)
	p.life, p.kill = context.WithCancel(p.Context())
	defer p.kill()
	if p.death.at == atSomeTime {
		defer time.AfterFunc(p.death.after, func() { _ = p.reach(atSomeTime) }).Stop()
	}
	ctx, stop := context.WithTimeout(p.life, lasting) // the first signal
	defer stop()
	if p.input, err = csvio.Open(p.Context(), path, p.csv); err != nil {
		return err
	}
	defer p.input.Close()
	plan, err := plan.Check(p.Context(), p.input, p.opts)
	if err != nil {
		return err
	}
	outputs, err := csvio.NewOutputs(p.input, outputsOf(path)[0], outputsOf(path)[1])
	if err != nil {
		return err
	}
	ledgerPath := filepath.Join(p.folder, ledgerFolder, ledgerName)
	store, err := ledger.Open(p.Context(), ledgerPath, ledger.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	p.durable = p.walSize()
	if err := p.reach(ledgerOpen); err != nil {
		return err
	}
	p.run, err = store.Begin(p.Context(), ledger.RunInfo{BaseURL: "http://127.0.0.1", Input: name, Rows: plan.Rows})
	if err != nil {
		return err
	}
	p.checkLedger(p.Context())
	p.durable = p.walSize()
	if err := p.reach(runBegun); err != nil {
		return err
	}
	err = p.engine(ctx, plan, outputs, path)
	if p.broken {
		return errors.Join(err, errBroken)
	}
	if err == nil {
		err = p.reach(beforeEnd)
	}
	if err == nil {
		err = p.run.End(p.Context(), nil, 0)
	}
	if err == nil {
		err = p.reach(beforeClose)
	}
	return err
}

// outputsOf returns the paths of the results and the failed rows of an input.
func outputsOf(path string) [2]string {
	results, failed := csvio.DefaultOutputs(path)
	return [2]string{results, failed}
}

func (p *process) engine(ctx context.Context, plan *plan.Plan, outputs *csvio.Outputs, path string) error {
	c := p.connect()
	defer c.Close()
	engine, err := engine.New(p.input, plan, p, p, p.opts)
	if err != nil {
		return err
	}
	defer engine.Close()
	runErr := engine.Run(ctx)
	if runErr == nil && engine.WantsLinks() {
		if err := p.write(outputs, engine, outputsOf(path)[1]); err != nil {
			return err
		}
		runErr = engine.FetchLinks(ctx)
	}
	end, reason := engine.End()
	p.watchEnd(engine)
	p.log.add("the engine ended: %d %q %v %v %+v", end, reason, runErr, engine.Warnings(), engine.Progress())
	if p.gone() {
		return errDied
	}
	if runErr != nil && !p.broken {
		return runErr
	}
	if pr := engine.Progress(); pr.InDoubt != 0 && end == batch.Finished && !p.broken || pr.Done > pr.People {
		p.Fatalf("the run ended %d with %+v", end, pr)
	}
	return p.write(outputs, engine, outputsOf(path)[1])
}

// write is pass 3.
func (p *process) write(outputs *csvio.Outputs, engine *engine.Engine, failed string) error {
	old, oldErr := os.ReadFile(failed)
	counts, err := outputs.Write(p.Context(), func(row *batch.Row) (batch.Outcome, error) {
		if err := p.reach(inOutputs); err != nil {
			return batch.Outcome{}, err
		}
		return engine.Outcome(row)
	})
	if err != nil {
		return err
	}
	if counts.Rows != counts.Results+counts.Failed {
		p.Fatalf("%d rows went in, and %d and %d came out", counts.Rows, counts.Results, counts.Failed)
	}
	if err := p.reach(betweenFiles); err != nil {
		// In the folder that is left, the failed rows are still the old ones.
		failed = filepath.Join(p.folder, filepath.Base(failed))
		if errors.Is(oldErr, fs.ErrNotExist) {
			return errors.Join(err, os.Remove(failed))
		}
		return errors.Join(err, oldErr, os.WriteFile(failed, old, 0o600))
	}
	return nil
}
