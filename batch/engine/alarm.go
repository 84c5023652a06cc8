package engine

import (
	"container/heap"
	"time"
)

// An alarm keeps what is to happen later, and when.
type alarm struct {
	heap  dueHeap
	timer *time.Timer // fires when the first is due
}

// due is something that happens at a time.
type due struct {
	at time.Time
	f  func()
}

func newAlarm() *alarm {
	a := &alarm{timer: time.NewTimer(time.Hour)}
	a.timer.Stop()
	return a
}

// set lets f be called at a time, by ring.
func (a *alarm) set(at time.Time, f func()) {
	heap.Push(&a.heap, due{at, f})
	a.arm()
}

// ring calls what is due by now.
func (a *alarm) ring(now time.Time) {
	for len(a.heap) > 0 && !now.Before(a.heap[0].at) {
		heap.Pop(&a.heap).(due).f()
	}
	a.arm()
}

// next is when the first is due, in nanoseconds of Unix time; 0: nothing is.
func (a *alarm) next() int64 {
	if len(a.heap) == 0 {
		return 0
	}
	return a.heap[0].at.UnixNano()
}

func (a *alarm) arm() {
	if len(a.heap) > 0 {
		a.timer.Reset(time.Until(a.heap[0].at))
	}
}

type dueHeap []due

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *dueHeap) Push(x any) { *h = append(*h, x.(due)) }

// Pop implements heap.Interface.
func (h *dueHeap) Pop() any {
	old := *h
	d := old[len(old)-1]
	old[len(old)-1] = due{}
	*h = old[:len(old)-1]
	return d
}
