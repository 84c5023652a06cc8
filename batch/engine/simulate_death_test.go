package engine_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client"
)

// A step is a moment of a run at which the process may die.
type step string

// The steps. At those of the ledger it may also break instead, as with a full
// disk: then the run goes on to tell what it knows.
const (
	never         step = "never"
	ledgerOpen    step = "the ledger is open"
	runBegun      step = "the run is in the ledger"
	beforeClaim   step = "before a claim"
	afterClaim    step = "a claim is written, and nobody was told"
	beforeSend    step = "before a request"
	afterSend     step = "an answer has come"
	beforeSettle  step = "before an answer is written"
	afterSettle   step = "an answer is written, and nobody was told"
	afterRemember step = "something is remembered, and nobody was told"
	inOutputs     step = "in the middle of the outputs"
	betweenFiles  step = "the results are in place, the failed rows are not"
	beforeEnd     step = "the outputs are in place"
	beforeClose   step = "the end of the run is written"
	atSomeTime    step = "at some time"
)

const (
	ledgerFolder = "ledger"
	ledgerName   = "ledger.db"
	walName      = ledgerName + "-wal"
	witnessName  = ledgerName + ".last"
	biggestWAL   = 12 << 20 // SQLite begins to overwrite it from about 16 MiB on
)

// A death is when and how a process ends that does not end by itself.
type death struct {
	at     step
	n      int           // the how manieth time
	after  time.Duration // atSomeTime: since the run began
	keep   float64       // how much is kept of what was written to the ledger and not acknowledged
	breaks bool          // the ledger breaks, and the process lives
}

func (s *simulation) drawDeath() death {
	if s.IntN(3) == 0 {
		return death{at: never}
	}
	d := death{
		at: pick(s.Rand, ledgerOpen, runBegun, beforeClaim, afterClaim, afterClaim, beforeSend, beforeSend, afterSend, afterSend,
			beforeSettle, beforeSettle, afterSettle, afterSettle, afterRemember, inOutputs, betweenFiles, beforeEnd, beforeClose, atSomeTime),
		n: 1, after: time.Duration(s.Float64() * float64(pick(s.Rand, time.Second, 20*time.Second, 3*time.Minute))),
		keep: pick(s.Rand, 0, 1, s.Float64()),
	}
	switch d.at {
	case afterRemember: // which is rare
		d.breaks = s.IntN(2) == 0
	case beforeClaim, afterClaim, beforeSettle, afterSettle:
		d.breaks = s.IntN(2) == 0
		d.n = 1 + s.IntN(pick(s.Rand, 3, 20))
	case beforeSend, afterSend, inOutputs:
		d.n = 1 + s.IntN(pick(s.Rand, 3, 20))
	}
	return d
}

// reach notes that the process is at a step, at which it may die.
func (p *process) reach(at step) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reachLocked(at)
}

func (p *process) reachLocked(at step) error {
	if p.dead || p.ended {
		return errDied
	}
	if p.steps[at]++; at != p.death.at || p.steps[at] != p.death.n {
		return nil
	}
	if p.death.breaks {
		p.broken = true
		p.lookout.see(ledgerBroke, true)
		return nil
	}
	p.dead = true
	p.lookout.see(killed(at), true)
	p.lookout.see(deadsWork, p.cfg.PerPerson > 0 && p.api.Books().Pending > 0)
	p.leave()
	p.kill()
	return errDied
}

// over notes that the process has ended, and reports whether it died before.
func (p *process) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	return p.dead
}

func (p *process) gone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// leave makes the folder that the next process finds: that of this moment, but
// for a part of what was written to the ledger and not acknowledged.
func (p *process) leave() {
	next, err := os.MkdirTemp(filepath.Dir(p.folder), "disk-*")
	p.must(err)
	from := p.folder
	p.must(os.Mkdir(filepath.Join(next, ledgerFolder), 0o700))
	p.must(filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, ".lock") {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		return p.copyFile(path, filepath.Join(next, name))
	}))
	p.folder = next
}

func (p *process) copyFile(from, to string) error {
	size := int64(1 << 40)
	written := p.walSize()
	// In one that may have begun anew, what is acknowledged can lie anywhere.
	if cut := p.durable + int64(p.death.keep*float64(max(written-p.durable, 0))); cut < written && written <= biggestWAL {
		switch filepath.Base(from) {
		case walName:
			size = cut
		case witnessName:
			return nil // it is written behind the log, and so never tells of more
		}
	}
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, io.LimitReader(r, size))
	return errors.Join(err, w.Close())
}

func (p *process) walSize() int64 {
	info, err := os.Stat(filepath.Join(p.folder, ledgerFolder, walName))
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	p.must(err)
	return info.Size()
}

// Lookup implements batch.Ledger.
func (p *process) Lookup(ctx context.Context, keys []batch.Key) ([]batch.Record, error) {
	if err := p.mayUseLedger(keys); err != nil {
		return nil, err
	}
	return p.run.Lookup(ctx, keys)
}

// Claim implements batch.Ledger.
func (p *process) Claim(ctx context.Context, req batch.Request) (batch.Claim, error) {
	if err := errors.Join(p.reach(beforeClaim), p.mayUseLedger(req)); err != nil {
		return batch.Claim{}, err
	}
	claim, err := p.run.Claim(ctx, req)
	if err := p.acknowledge(afterClaim); err != nil {
		return batch.Claim{}, err
	}
	if err == nil {
		p.account.noteClaim(req, claim)
	}
	return claim, err
}

// Settle implements batch.Ledger.
func (p *process) Settle(ctx context.Context, id int64, a batch.Answer) error {
	if err := errors.Join(p.reach(beforeSettle), p.mayUseLedger(id, a)); err != nil {
		return err
	}
	p.account.noteSettling(id, a)
	err := p.run.Settle(ctx, id, a)
	if err := errors.Join(p.acknowledge(afterSettle), err); err != nil {
		return err
	}
	p.account.noteSettled(a)
	return nil
}

// Members implements batch.Ledger.
func (p *process) Members(ctx context.Context, interviewID string, f func(batch.Member) error) error {
	if err := p.mayUseLedger(interviewID); err != nil {
		return err
	}
	return p.run.Members(ctx, interviewID, f)
}

// InDoubt implements batch.Ledger.
func (p *process) InDoubt(ctx context.Context, interviewID string) ([]batch.Key, error) {
	if err := p.mayUseLedger(interviewID); err != nil {
		return nil, err
	}
	return p.run.InDoubt(ctx, interviewID)
}

// Owners implements batch.Ledger.
func (p *process) Owners(ctx context.Context, candidateIDs []string) ([][]batch.Key, error) {
	if err := p.mayUseLedger(candidateIDs); err != nil {
		return nil, err
	}
	return p.run.Owners(ctx, candidateIDs)
}

// Recall implements batch.Ledger.
func (p *process) Recall(ctx context.Context, name string) (string, error) {
	if err := p.mayUseLedger(name); err != nil {
		return "", err
	}
	return p.run.Recall(ctx, name)
}

// Remember implements batch.Ledger.
func (p *process) Remember(ctx context.Context, name, value string) error {
	if err := p.mayUseLedger(name, value); err != nil {
		return err
	}
	err := p.run.Remember(ctx, name, value)
	return errors.Join(p.acknowledge(afterRemember), err)
}

// mayUseLedger takes the time that a write of this takes.
func (p *process) mayUseLedger(what ...any) error {
	p.mu.Lock()
	dead, broken := p.dead, p.broken
	p.mu.Unlock()
	switch {
	case dead:
		return errDied
	case broken:
		return errBroken
	}
	time.Sleep(p.diskLag)
	takeTurn(what...)
	return nil
}

// longestTurn is more than takeTurn waits.
const longestTurn = time.Millisecond

// takeTurn waits for less than a millisecond, as long as what is to be done
// says: of what is to be done at the same moment, the order is then the same in
// every replay, however goroutines are scheduled.
func takeTurn(what ...any) {
	hash := fnv.New64a()
	fmt.Fprint(hash, what...)
	time.Sleep(time.Duration(hash.Sum64() % uint64(longestTurn)))
}

// acknowledge lets the engine know that something is durable, unless the
// process dies before that.
func (p *process) acknowledge(at step) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.reachLocked(at); err != nil {
		return err
	}
	if p.broken {
		return errBroken
	}
	p.durable = max(p.durable, p.walSize())
	return nil
}

// Invite implements batch.API.
func (p *process) Invite(ctx context.Context, req client.InviteRequest) ([]client.Invitation, error) {
	takeTurn(req)
	if err := p.reach(beforeSend); err != nil {
		return nil, err
	}
	p.askedByID(req)
	p.lookout.again(req)
	ctx, cancel := p.alive(ctx)
	defer cancel()
	invitations, err := p.hook.Invite(ctx, req)
	if err := p.reach(afterSend); err != nil {
		return nil, err
	}
	p.account.noteAnswer(req, invitations, err)
	p.watchInvite(req, invitations, err)
	return invitations, err
}

// Invites implements batch.API.
func (p *process) Invites(ctx context.Context, req client.ListRequest) ([]client.Entry, error) {
	takeTurn(req)
	if p.gone() {
		return nil, errDied
	}
	ctx, cancel := p.alive(ctx)
	defer cancel()
	entries, err := p.hook.Invites(ctx, req)
	p.noteRead(entries)
	p.watchList(req, entries, err)
	for i := range entries {
		if e := &entries[i]; p.account.isHidden(batch.NewKey(e.InterviewID, e.CandidateEmail)) {
			// Pages stay as long as they are, and show somebody else.
			p.lookout.see(allHidden, true)
			e.CandidateID, e.CandidateEmail = "instead-of-"+e.CandidateID, "instead-of-"+e.CandidateEmail
		}
	}
	return entries, err
}

func (p *process) noteRead(page []client.Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.read = p.read || len(page) > 0
}

// alive is a context that ends with the process: its connections break.
func (p *process) alive(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(p.life, cancel)
	return ctx, func() { stop(); cancel() }
}
