package batch

// The feeder pauses when so many wait in all, or are in doubt.
const (
	maxWaiting  = 10_000
	maxDoubtful = 100_000
)

// capacity is how many people who may go out wait before the feeder pauses:
// enough for all connections, and to fill the requests of all interviews, of not
// too many; and no more, since the garbage collector looks at all of them each
// time.
func capacity(opts Options, interviews int) int {
	const least = 1_000
	fill := min(2*opts.ChunkSize*interviews, maxWaiting)
	return max(least, fill, 4*opts.ChunkSize*opts.Concurrency)
}

// crowded reports whether nobody else should wait. Those whose interview is shut
// count apart: it may be so for minutes, and the others must not stand still
// behind it.
func (q *queue) crowded() bool {
	return q.readyCount >= q.capacity || q.waiting >= max(maxWaiting, q.capacity)
}

// admit waits until a person may be let in: there is room, and the limit is
// not used up. It reports false if they cannot be sent in this run any more.
func (q *queue) admit() bool {
	for {
		switch {
		case q.closed:
			return false
		case q.limitReached() && q.idle():
			return false
		case q.limitReached():
			q.work.Broadcast() // groups that are not full may go now
			q.room.Wait()
		case q.crowded() || q.doubtful >= maxDoubtful:
			q.work.Broadcast()
			q.room.Wait()
		default:
			q.admitted++
			return true
		}
	}
}

func (q *queue) limitReached() bool { return q.limit > 0 && q.admitted >= q.limit }

// unclaimed returns how many of these people were never claimed, and so give
// their places under the limit back if they are not to be sent any more.
func unclaimed(people []*person) int {
	n := 0
	for _, p := range people {
		if !p.claimed {
			n++
		}
	}
	return n
}

// refund gives places under the limit back: these people were not claimed.
func (q *queue) refund(n int) {
	if n == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.admitted -= n
	q.room.Signal()
}
