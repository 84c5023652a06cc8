package outlet

import (
	"maps"
	"sync"
	"time"

	"bulkinvite/client"
)

// Traffic is what a run and the API have exchanged.
type Traffic struct {
	// Requests of all kinds by the HTTP status of the answer; 0: none has come.
	Requests map[int]int
	// Throttled is how long requests went slower than they might have because
	// the API asked for it: from a 429, a 503 or a Retry-After until the rate was
	// back.
	Throttled time.Duration
}

// traffic counts answers.
type traffic struct {
	mu       sync.Mutex
	byStatus map[int]int
}

// answered counts a request, unless no answer has come.
func (t *traffic) answered(err *client.Error) {
	status := 200
	if err != nil {
		status = err.StatusCode
	}
	if status == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byStatus == nil {
		t.byStatus = map[int]int{}
	}
	t.byStatus[status]++
}

// Requests returns how many requests have left so far.
func (o *Outlet) Requests() int {
	_, requests := o.pacer.state()
	return requests
}

// Traffic returns what has been exchanged so far.
func (o *Outlet) Traffic() Traffic {
	requests := o.Requests()
	o.traffic.mu.Lock()
	defer o.traffic.mu.Unlock()
	t := Traffic{Requests: maps.Clone(o.traffic.byStatus), Throttled: o.pacer.slowedFor()}
	if t.Requests == nil {
		t.Requests = map[int]int{}
	}
	for _, n := range t.Requests {
		requests -= n
	}
	if requests > 0 {
		t.Requests[0] = requests // cut short ones too
	}
	return t
}
