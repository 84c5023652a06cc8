package ledgertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"bulkinvite/batch"
)

// A Memory is a ledger that several runs share, in the words of the model. It has
// neither disk nor network, so that it can be used where time is virtual.
type Memory struct {
	Valid  time.Duration // how long a permission to send is good, from when it was asked for
	Silent time.Duration // how long a run must not have been heard of to be taken for dead

	// Named is called by a wrong design's name; tests let it answer yes, to see that
	// they notice it. Nil: the design is the right one.
	Wrong func(design string) bool

	mu    sync.Mutex
	now   func() time.Time
	model model
	runs  []*MemoryRun // by number - 1
	paces map[string]*memoryPace
}

type memoryPace struct {
	batch.Pace
	next time.Time // the next free place
}

// NewMemory returns an empty ledger with a clock.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{
		Valid: 5 * time.Second, Silent: 30 * time.Second, now: now,
		model: model{memory: map[[2]string]string{}, shared: true}, paces: map[string]*memoryPace{},
	}
}

func (m *Memory) wrong(design string) bool { return m.Wrong != nil && m.Wrong(design) }

// A MemoryRun is a run on a Memory. It implements batch.Shared.
type MemoryRun struct {
	memory  *Memory
	id      int
	base    string
	timeout time.Duration
	rate    float64
	stop    chan struct{} // closed when it does not beat any more

	// Guarded by the memory's lock.
	begun, settledAt     time.Time
	beats                int
	muted, fenced, ended bool
	fencedAt             time.Time
	heard                map[int]heard     // what this run knows of others
	over                 map[int]time.Time // when nothing of another run is under way any more
}

// heard is when a run has last seen another one's beat move, and its own.
type heard struct {
	beats, own int
	at         time.Time
}

// Begin begins a run, which beats until it ends or is silenced. timeout is how
// long a request of it may take from its last byte, rate how many it wants to send
// in a second.
func (m *Memory) Begin(baseURL string, timeout time.Duration, rate float64) *MemoryRun {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &MemoryRun{
		memory: m, id: len(m.runs) + 1, base: baseURL, timeout: timeout, rate: rate, begun: m.now(), settledAt: m.now(),
		stop: make(chan struct{}), heard: map[int]heard{}, over: map[int]time.Time{},
	}
	m.runs = append(m.runs, r)
	return r
}

// Beat beats until the run ends.
func (r *MemoryRun) Beat() {
	for {
		select {
		case <-r.stop:
			return
		case <-time.After(r.memory.Valid):
		}
		r.memory.mu.Lock()
		if !r.muted && !r.fenced {
			r.beats++
		}
		r.memory.mu.Unlock()
	}
}

// Mute lets the run seem dead, until it is called with false.
func (r *MemoryRun) Mute(muted bool) {
	r.memory.mu.Lock()
	defer r.memory.mu.Unlock()
	r.muted = muted
}

// End ends the run as one ends that has nothing under way; said, unless it died.
func (r *MemoryRun) End(said bool) {
	r.memory.mu.Lock()
	defer r.memory.mu.Unlock()
	r.ended = said
	select {
	case <-r.stop:
	default:
		close(r.stop)
	}
}

// use lets f see the ledger as this run does.
func (r *MemoryRun) use(ctx context.Context, f func(m *model) error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	r.memory.mu.Lock()
	defer r.memory.mu.Unlock()
	if r.ended {
		return errors.New("the run has ended")
	}
	m := &r.memory.model
	m.base, m.run = r.base, r.id
	return f(m)
}

// Lookup implements batch.Lookuper.
func (r *MemoryRun) Lookup(ctx context.Context, keys []batch.Key) (records []batch.Record, err error) {
	err = r.use(ctx, func(m *model) error {
		for _, k := range keys {
			records = append(records, r.record(m, k))
		}
		return nil
	})
	return records, err
}

// record is the model's, with what becomes of those whom other runs have.
func (r *MemoryRun) record(m *model, k batch.Key) batch.Record {
	rec := m.record(k)
	requests, people := m.where(k)
	for i, req := range requests {
		open := people[i].state == batch.StateSending
		isState := rec.State == batch.StateSending && req.id == rec.RequestID
		isResent := rec.ResentState == batch.StateSending && req.kind == batch.KindResend && req.claimedAt.Equal(rec.ResentAt)
		if open && (isState || isResent) && req.run != r.id {
			over, gone := r.isOver(req)
			if isState {
				rec.OverAt = over
			}
			if !gone {
				rec.Holder = r.memory.runs[req.run-1].holder()
			}
		}
	}
	return rec
}

func (r *MemoryRun) holder() *batch.Holder {
	return &batch.Holder{Name: fmt.Sprintf("run %d on %s, since %s", r.id, "memory", r.begun.Format("15:04")), SettledAt: r.settledAt}
}

// isOver reports whether nothing of a request of another run can be under way any
// more, or when that will be so. It fences a run that seems dead.
func (r *MemoryRun) isOver(req *modelRequest) (at time.Time, known bool) {
	m, now := r.memory, r.memory.now()
	other := m.runs[req.run-1]
	if at, known = r.over[other.id]; known {
		return at, true
	}
	switch {
	case other.ended:
		at = now
	case req.handedOver:
		return now, true // of this request alone
	case other.fenced || r.isSilent(other):
		if !other.fenced && !m.wrong("fence after the wait") {
			other.fenced, other.fencedAt = true, now
		}
		at = now.Add(m.Valid + other.timeout)
	default:
		return time.Time{}, false
	}
	r.over[other.id] = at
	return at, true
}

// isSilent reports whether nothing was heard of another run for too long while
// this one could be heard.
func (r *MemoryRun) isSilent(other *MemoryRun) bool {
	now := r.memory.now()
	last, found := r.heard[other.id]
	if !found || last.beats != other.beats {
		r.heard[other.id] = heard{other.beats, r.beats, now}
		return false
	}
	enough := int(r.memory.Silent/r.memory.Valid) - 1
	return now.Sub(last.at) >= r.memory.Silent && r.beats-last.own >= enough
}

// Claim implements batch.Ledger.
func (r *MemoryRun) Claim(ctx context.Context, req batch.Request) (c batch.Claim, err error) {
	err = r.use(ctx, func(m *model) error {
		claimed, held := m.claim(req, r.memory.now())
		if len(claimed.people) > 0 {
			claimed.id = int64(len(m.requests) + 1)
			c.ID = claimed.id
			m.add(claimed)
		}
		c.Held = make([]*batch.Record, len(held))
		for i, k := range req.People {
			if held[i] {
				rec := r.record(m, k)
				c.Held[i] = &rec
			}
		}
		return nil
	})
	return c, err
}

// Settle implements batch.Ledger.
func (r *MemoryRun) Settle(ctx context.Context, id int64, a batch.Answer) error {
	return r.use(ctx, func(m *model) error {
		m.strict = r.memory.wrong("no step 9")
		for _, o := range a.Outcomes {
			if !slices.Contains(states, o.State) {
				return fmt.Errorf("unknown state %q", o.State)
			}
		}
		if !m.settle(id, a.Outcomes, r.memory.now()) {
			return fmt.Errorf("settle request %d: what must not become of them", id)
		}
		r.settledAt = r.memory.now()
		return nil
	})
}

// HandOver implements batch.Shared.
func (r *MemoryRun) HandOver(ctx context.Context, id int64) error {
	return r.use(ctx, func(m *model) error {
		m.requests[id-1].handedOver = true
		return nil
	})
}

// MayLeave implements batch.Shared.
func (r *MemoryRun) MayLeave(ctx context.Context) error {
	if r.memory.wrong("no May-I-send") {
		return nil
	}
	return r.use(ctx, func(*model) error {
		if r.fenced {
			return &batch.Fenced{Reason: fmt.Sprintf("run %d was taken for dead at %s; the same command goes on", r.id, r.fencedAt.Format(time.TimeOnly))}
		}
		return nil
	})
}

// Slot implements batch.Shared.
func (r *MemoryRun) Slot(ctx context.Context) (wait time.Duration, err error) {
	err = r.use(ctx, func(*model) error {
		p, now := r.pace(), r.memory.now()
		p.Pace = p.Grow(now, r.rate)
		at := p.next
		for _, earliest := range []time.Time{now, p.Until} {
			if earliest.After(at) {
				at = earliest
			}
		}
		p.next = at.Add(time.Duration(float64(time.Second) / min(p.Allowed, r.rate)))
		wait = at.Sub(now)
		return nil
	})
	return wait, err
}

func (r *MemoryRun) pace() *memoryPace {
	p := r.memory.paces[r.base]
	if p == nil {
		p = &memoryPace{Pace: batch.Pace{Allowed: r.rate}}
		r.memory.paces[r.base] = p
	}
	return p
}

// ChangePace implements batch.Shared.
func (r *MemoryRun) ChangePace(ctx context.Context, f func(batch.Pace, time.Time) batch.Pace) error {
	return r.use(ctx, func(*model) error {
		p := r.pace()
		p.Pace = f(p.Pace, r.memory.now())
		return nil
	})
}

// Members implements batch.Ledger.
func (r *MemoryRun) Members(ctx context.Context, interviewID string, f func(batch.Member) error) error {
	var members []batch.Member
	err := r.use(ctx, func(m *model) error {
		members = m.members(batch.NormalInterviewID(interviewID))
		return nil
	})
	slices.SortStableFunc(members, func(a, b batch.Member) int { return cmp.Compare(a.RequestID, b.RequestID) })
	for _, member := range members {
		if err == nil {
			err = f(member)
		}
	}
	return err
}

// InDoubt implements batch.Ledger.
func (r *MemoryRun) InDoubt(ctx context.Context, interviewID string) (keys []batch.Key, err error) {
	err = r.use(ctx, func(m *model) error {
		for _, k := range m.everybody() {
			if k.InterviewID == batch.NormalInterviewID(interviewID) && m.record(k).State == batch.StateSending {
				keys = append(keys, k)
			}
		}
		return nil
	})
	return keys, err
}

// Owners implements batch.Ledger.
func (r *MemoryRun) Owners(ctx context.Context, candidateIDs []string) (keys [][]batch.Key, err error) {
	err = r.use(ctx, func(m *model) error {
		for _, id := range candidateIDs {
			var of []batch.Key
			if id != "" {
				of = m.owners(id)
			}
			keys = append(keys, of)
		}
		return nil
	})
	return keys, err
}

// Recall implements batch.Ledger.
func (r *MemoryRun) Recall(ctx context.Context, name string) (value string, err error) {
	err = r.use(ctx, func(m *model) error {
		value = m.memory[[2]string{r.base, name}]
		return nil
	})
	return value, err
}

// Remember implements batch.Ledger.
func (r *MemoryRun) Remember(ctx context.Context, name, value string) error {
	return r.use(ctx, func(m *model) error {
		m.memory[[2]string{r.base, name}] = value
		return nil
	})
}
