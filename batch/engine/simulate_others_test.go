package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/engine"
	"bulkinvite/batch/ledger"
	past "bulkinvite/batch/ledger/history"
	"bulkinvite/batch/plan"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// TestSimulationOfOtherCommands is TestSimulation in worlds where people also use
// the commands confirm, which may be stopped and die, confirm --assume and forget
// between two runs.
func TestSimulationOfOtherCommands(t *testing.T) {
	for seed := *fromSeed; seed < *fromSeed+*seeds; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { simulate(t, uint64(seed), true) })
	}
}

func (s *simulation) otherCommand() {
	switch s.IntN(6) {
	case 0, 1:
		s.drawSpells()
		s.confirm(s.drawDeath(), pick(s.Rand, 24*time.Hour, 24*time.Hour, time.Duration(s.IntN(150))*time.Second))
	case 2:
		s.assume()
	case 3:
		for range 1 + s.IntN(5) {
			s.forget(s.lines[s.IntN(len(s.lines))])
		}
	}
}

// confirm is a run of the command of that name, which may be stopped or die.
func (s *simulation) confirm(d death, lasting time.Duration) {
	s.opts = s.defaultOptions()
	s.opts.ConfirmOnly = true
	s.log.add("confirm: a signal after %v, and death: %+v", lasting, d)
	p := s.newProcess(d)
	s.begun = time.Now()
	s.clear()
	folder := s.folder
	err := p.confirmAll(lasting)
	if died := p.over(); err != nil && !died && !p.broken {
		s.Fatalf("confirm: %v", err)
	}
	if took := time.Since(s.begun); took > 12*time.Hour {
		s.Fatalf("confirm did not end by itself, but after %v", took)
	}
	if n := p.steps[beforeSend]; n > 0 {
		s.Fatalf("confirm has sent %d requests to invite", n)
	}
	s.checkAccount(&p.account)
	s.log.add("it ended: %v", err)
	if p.dead {
		s.must(os.RemoveAll(folder))
	}
	time.Sleep(2 * time.Minute)
}

// confirmAll is what the command confirm does.
func (p *process) confirmAll(lasting time.Duration) error {
	p.life, p.kill = context.WithCancel(p.Context())
	defer p.kill()
	if p.death.at == atSomeTime {
		defer time.AfterFunc(p.death.after, func() { _ = p.reach(atSomeTime) }).Stop()
	}
	ctx, stop := context.WithTimeout(p.life, lasting)
	defer stop()
	store := p.openLedger()
	defer store.Close()
	roster, keys := p.roster(store)
	p.durable = p.walSize()
	if err := p.reach(ledgerOpen); err != nil {
		return err
	}
	var err error
	p.run, err = store.Begin(p.Context(), ledger.RunInfo{BaseURL: "http://127.0.0.1", Input: "confirm", Rows: len(keys)})
	p.must(err)
	p.checkLedger(p.Context())
	p.durable = p.walSize()
	if err := p.reach(runBegun); err != nil {
		return err
	}
	plan, err := plan.Check(p.Context(), roster, p.opts)
	p.must(err)
	c := p.connect()
	defer c.Close()
	engine, err := engine.New(roster, plan, p, p, p.opts)
	p.must(err)
	defer engine.Close()
	if err := engine.Run(ctx); err != nil {
		return err
	}
	if err := p.reach(beforeEnd); err != nil {
		return err
	}
	p.checkConfirmed(engine, keys)
	p.must(p.run.End(p.Context(), nil, 0))
	return p.reach(beforeClose)
}

// roster returns who is in doubt, and whom the lists have to show.
func (s *simulation) roster(store *ledger.Store) (*batch.Roster, []batch.Key) {
	all, err := store.OpenRequests(s.Context())
	s.must(err)
	roster, interviews := &batch.Roster{}, []string{}
	var keys []batch.Key
	seen := map[batch.Key]bool{}
	for _, u := range all {
		if u.Kind == batch.KindResend || seen[u.Key] {
			continue
		}
		seen[u.Key] = true
		roster.Add(u.Key, u.JobApplicationID)
		keys, interviews = append(keys, u.Key), append(interviews, u.Key.InterviewID)
	}
	s.must(store.Members(s.Context(), "http://127.0.0.1", interviews, func(m past.Member) {
		if m.State == batch.StateInvited && m.Listed {
			roster.Add(m.Key, "")
		}
	}))
	return roster, keys
}

// checkConfirmed checks that what confirm has found out is true, and what it
// says.
func (p *process) checkConfirmed(engine *engine.Engine, keys []batch.Key) {
	records, err := p.run.Lookup(p.Context(), keys)
	p.must(err)
	people, sessions := p.people(), p.api.Sessions()
	for i, key := range keys {
		out, err := engine.Outcome(&batch.Row{Index: i})
		p.must(err)
		person, said := people[key], batch.StateSending
		switch {
		case out.Status != "":
			said = batch.StateInvited
		case out.Code == batch.CodeNotSent:
			said = batch.StateNone
		}
		n := sessions[person]
		if said != records[i].State || said == batch.StateInvited && n == 0 ||
			said == batch.StateNone && n > 0 && !p.elsewhere[person] {
			p.Fatalf("%v has %d sessions; confirm says %+v, and the ledger %+v", key, n, out, records[i])
		}
	}
}

// people returns whom the lines invite, by their keys.
func (s *simulation) people() map[batch.Key]sandbox.Person {
	people := map[batch.Key]sandbox.Person{}
	for _, l := range s.lines {
		c := l.Candidate
		c.Email, c.CandidateID = strings.TrimSpace(c.Email), ""
		if l.code(false) == "" {
			people[c.Key()] = l.person
		}
	}
	return people
}

// assume tells the ledger the truth about some of those in doubt, as somebody
// would who has looked them up.
func (s *simulation) assume() {
	store := s.openLedger()
	defer func() { s.must(store.Close()) }()
	all, err := store.OpenRequests(s.Context())
	s.must(err)
	run, err := store.Begin(s.Context(), ledger.RunInfo{BaseURL: "http://127.0.0.1", Input: "assume"})
	s.must(err)
	people, sessions := s.people(), s.api.Sessions()
	assumed := map[batch.Key]bool{}
	for _, u := range all {
		if u.Kind == batch.KindResend {
			continue // the books tell of no single e-mail
		}
		if _, drawn := assumed[u.Key]; !drawn {
			assumed[u.Key] = s.IntN(2) == 0
		}
		if !assumed[u.Key] {
			continue
		}
		settled := batch.Settlement{Key: u.Key}
		if delete(s.remembered, u.Key); sessions[people[u.Key]] > 0 {
			settled.State, s.remembered[u.Key] = batch.StateInvited, batch.StateInvited
			s.vague[people[u.Key]] = true
		}
		s.must(run.Settle(s.Context(), u.RequestID, batch.Answer{Outcomes: []batch.Settlement{settled}}))
		s.log.add("%v is assumed to be %q", u.Key, settled.State)
	}
	s.must(run.End(s.Context(), nil, 0))
}

// forget takes a line's person out of the ledger, unless they are in doubt.
func (s *simulation) forget(l *line) {
	email := strings.TrimSpace(l.Email)
	if l.fault != "" || email == "" || len(s.deletes) > 0 {
		return // who was deleted in the dashboard, nobody but the ledger knows
	}
	store := s.openLedger()
	defer func() { s.must(store.Close()) }()
	traces, err := store.Traces(s.Context(), email, "")
	s.must(err)
	if traces.InDoubt() != nil {
		return
	}
	s.must(store.Forget(s.Context(), traces))
	s.log.add("%s is forgotten", email)
	for _, other := range s.lines { // in all interviews, and by all their names
		if strings.EqualFold(strings.TrimSpace(other.Email), email) || other.person.Email == l.person.Email {
			s.vague[other.person] = true
		}
	}
}

func (s *simulation) openLedger() *ledger.Store {
	store, err := ledger.Open(s.Context(), filepath.Join(s.folder, ledgerFolder, ledgerName), ledger.Options{})
	s.must(err)
	return store
}

// connect makes the process a client of the API.
func (p *process) connect() *client.Client {
	key, err := client.NewKey(p.key)
	p.must(err)
	c, err := client.New(client.Options{BaseURL: "http://127.0.0.1", Key: key, DialContext: p.pipe.DialContext})
	p.must(err)
	p.hook.API = c
	return c
}
