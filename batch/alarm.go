package batch

import (
	"container/heap"
	"time"
)

// An alarm keeps the times at which interviews' lists are due, and rings once
// the first is.
type alarm struct {
	heap  dueHeap
	ring  func()
	timer *time.Timer
}

type dueRead struct {
	at time.Time
	iv *interview
}

// set makes the list of iv due at a time.
func (a *alarm) set(at time.Time, iv *interview) {
	heap.Push(&a.heap, dueRead{at, iv})
	if a.heap[0].iv == iv {
		a.arm()
	}
}

// due returns an interview whose time has come, and when that was, or nil.
func (a *alarm) due(now time.Time) (*interview, time.Time) {
	if len(a.heap) == 0 || now.Before(a.heap[0].at) {
		return nil, time.Time{}
	}
	next := heap.Pop(&a.heap).(dueRead)
	a.arm()
	return next.iv, next.at
}

func (a *alarm) arm() {
	a.stop()
	if len(a.heap) > 0 {
		a.timer = time.AfterFunc(time.Until(a.heap[0].at), a.ring)
	}
}

func (a *alarm) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

type dueHeap []dueRead

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *dueHeap) Push(x any) { *h = append(*h, x.(dueRead)) }

// Pop implements heap.Interface.
func (h *dueHeap) Pop() any {
	old := *h
	d := old[len(old)-1]
	*h = old[:len(old)-1]
	return d
}
