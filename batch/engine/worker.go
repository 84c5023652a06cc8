package engine

import (
	"fmt"

	"bulkinvite/batch"
	"bulkinvite/batch/judge"
	"bulkinvite/batch/lists"
	"bulkinvite/batch/outlet"
	"bulkinvite/batch/plan"
	"bulkinvite/batch/queue"
)

// A worker makes requests, and writes into the ledger what is asked for and what
// came of it. It knows the ledger, the outlet and what was learned of the API,
// and holds no state of the run: a job carries all that it has to know, and a
// report all that the loop has to know of it.
type worker struct {
	lists.Reader // the ledger, the outlet, and what else reading a list takes
	opts         batch.Options
	shared       batch.Shared // the ledger, if other runs use it meanwhile

	claims  chan struct{} // held from the claim until the request may go
	reports chan<- done
	guard   func(func() error) func() error
}

// A job is what a worker does next.
type job interface {
	do(w *worker) (report, error)
}

// A report is what a job found out. The loop lets follow what that means.
type report interface {
	follow(r *run) error
}

// done is what a worker hands to the loop.
type done struct {
	job    job
	report report // nil: nothing follows
	err    error  // breaks the run off
	more   bool   // the job goes on
}

// work does one job after another.
func (w *worker) work(jobs <-chan job) {
	for j := range jobs {
		d := done{job: j}
		d.err = w.guard(func() (err error) {
			d.report, err = j.do(w)
			return err
		})()
		w.reports <- d
	}
}

// tell hands over a part of what a job finds out.
func (w *worker) tell(j job, part report) { w.reports <- done{job: j, report: part, more: true} }

// A sendJob is a chunk that is to be sent.
type sendJob struct {
	chunk    *chunk
	people   []*queue.Person // of the chunk: those who are still to be sent
	endpoint outlet.Endpoint
}

// A sendReport is what became of a chunk.
type sendReport struct {
	*sendJob
	id        int64           // of the claim; 0: there is none
	claimed   []*queue.Person // who was sent
	held      []heldPerson
	unsent    bool // the request did not leave
	apiErr    error
	judgement judge.Judgement
	newToUs   bool // the first answer that names people whom nobody asked for
}

// A heldPerson is somebody whom the ledger says not to send, when they were
// about to be claimed.
type heldPerson struct {
	p       *queue.Person
	rec     batch.Record
	wrongID string
}

func (j *sendJob) do(w *worker) (report, error) {
	rep := &sendReport{sendJob: j}
	return rep, w.send(rep)
}

// send takes a chunk through its steps. The order is the promise: durable before
// anything leaves, and settled before anybody is told.
func (w *worker) send(s *sendReport) error {
	select {
	case w.claims <- struct{}{}:
	case <-w.Soft.Done():
		s.unsent = true
		return nil
	}
	slot, err := w.claimAhead(s)
	<-w.claims
	if err != nil || s.id == 0 || s.unsent {
		return err
	}
	invitations, apiErr := slot.Invite(w.Hard, s.endpoint, s.chunk.request(s.claimed))
	s.apiErr = apiErr
	if s.judgement, s.newToUs, err = w.Judge(s.question(), invitations, apiErr); err != nil {
		return err
	}
	return w.settle(s.id, s.answer())
}

// claimAhead claims people and waits until their request may go: after the
// claim, since a slow disk must not bunch requests above the rate.
func (w *worker) claimAhead(s *sendReport) (outlet.Slot, error) {
	if err := w.claim(s); err != nil || s.id == 0 {
		return outlet.Slot{}, err
	}
	slot, err := w.Outlet.Leave(w.Soft)
	if err == nil {
		return slot, nil
	}
	s.unsent = true
	released := batch.Answer{Message: "not sent: the run ended first"}
	for _, p := range s.claimed {
		released.Outcomes = append(released.Outcomes, batch.Settlement{Key: p.Key, State: batch.StateNone})
	}
	return slot, w.settle(s.id, released)
}

// claim writes that these people are being sent.
func (w *worker) claim(s *sendReport) error {
	req := s.chunk.request(s.people)
	kind := batch.KindInvite
	if s.chunk.Lane == plan.Resend {
		kind = batch.KindResend
	}
	claim, err := w.Ledger.Claim(w.Hard, batch.Request{
		Kind: kind, InterviewID: req.InterviewID, JobApplicationID: req.JobApplicationID,
		CandidateID: req.CandidateID, DisableEmail: s.chunk.DisableEmail, People: peopleKeys(s.people), ResendAfter: w.opts.ResendAfter,
	})
	if err != nil {
		return fmt.Errorf("claim: %w", err)
	}
	s.id, s.claimed = claim.ID, s.people[:0:0]
	for i, p := range s.people {
		if claim.Held[i] == nil {
			s.claimed = append(s.claimed, p)
			continue
		}
		wrong, err := batch.WrongID(w.Hard, w.Ledger, p.Candidate, *claim.Held[i], w.Facts.AnswerTags())
		if err != nil {
			return err
		}
		s.held = append(s.held, heldPerson{p, *claim.Held[i], wrong})
	}
	return nil
}

// settle writes what is known of a request now.
func (w *worker) settle(id int64, a batch.Answer) error {
	if err := w.Ledger.Settle(w.Hard, id, a); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}

func peopleKeys(people []*queue.Person) []batch.Key {
	keys := make([]batch.Key, len(people))
	for i, p := range people {
		keys[i] = p.Key
	}
	return keys
}
