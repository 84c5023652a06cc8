package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"
)

// A ListShape says how the list differs from one that shows everybody of the
// interview once, in pages cut from one order. The zero ListShape is that one.
type ListShape struct {
	Cap      int           // only the oldest so many are ever shown; below 0: the newest; 0: all
	NullsFor time.Duration // how long after the invitation its entry has no address
	Foreign  bool          // other interviews' entries are among those of each
	Stale    bool          // each page is drawn to be up to Config.ListLag old, and not always that old

	Ties  bool // entries of one second come in another order on each page, as SQL does that sorts by a time alone
	Moves int  // each request for a later page first moves the entry at this index behind all others; 0: none moves

	Repeats bool // pages behind the last repeat it
	Twins   bool // each page comes twice
	Skips   bool // page n begins at n times the limit that was asked for, though pages are shorter
	Strict  bool // a limit above Config.PageSize is refused
	Ends404 bool // an empty page is a 404, in the API's own envelope
}

// SetListShape puts another ListShape in the place of the one there is.
func (s *Server) SetListShape(l ListShape) error {
	if err := l.validate(); err != nil {
		return err
	}
	s.listShape.Store(&l)
	return nil
}

func (l *ListShape) validate() error {
	switch {
	case l.Moves < 0:
		return errors.New("sandbox: a number of entries must not be negative")
	case l.NullsFor < 0:
		return errors.New("sandbox: a time must not be negative")
	case l.Repeats && l.Ends404:
		return errors.New("sandbox: a list that repeats its last page has no empty one")
	}
	return nil
}

// reorders reports whether what the list shows is more than a slice of the
// interview's order.
func (l *ListShape) reorders() bool {
	return l.Cap != 0 || l.Foreign || l.Stale || l.Ties || l.Moves > 0
}

// shown returns what the list shows of an interview to this request, in its
// order.
func (s *Server) shown(iv *interview, q listQuery) []uint32 {
	l := s.listShape.Load()
	order := iv.order
	if l.Foreign {
		order = s.store.all()
	}
	lag := s.cfg.ListLag
	if l.Stale && lag > 0 {
		lag = time.Duration(q.chance.Int64N(int64(lag) + 1))
	}
	shown := slices.Clone(s.store.visible(order, lag))
	shown = slices.DeleteFunc(shown, func(n uint32) bool { return s.store.unlisted[n] })
	switch {
	case l.Cap > 0:
		shown = shown[:min(l.Cap, len(shown))]
	case l.Cap < 0:
		shown = shown[max(0, len(shown)+l.Cap):]
	}
	if l.Moves > 0 {
		s.store.sortMoved(shown)
		if q.page > 0 && l.Moves < len(shown) {
			s.store.move(shown[l.Moves])
			s.store.sortMoved(shown)
		}
	}
	if s.cfg.NewestFirst {
		slices.Reverse(shown)
	}
	if l.Ties {
		s.store.mixTies(shown, q.page)
	}
	return shown
}

// move puts a session behind all others.
func (s *store) move(n uint32) {
	if s.moved == nil {
		s.moved = map[uint32]int{}
	}
	s.moves++
	s.moved[n] = s.moves
}

func (s *store) sortMoved(sessions []uint32) {
	slices.SortStableFunc(sessions, func(a, b uint32) int { return cmp.Compare(s.moved[a], s.moved[b]) })
}

// mixTies puts those of one second into an order that depends on the page.
func (s *store) mixTies(sessions []uint32, page int) {
	key := func(n uint32) uint64 {
		hash := fnv.New64a()
		_, _ = fmt.Fprintf(hash, "%d-%d", page*7919, n)
		return hash.Sum64()
	}
	for from := 0; from < len(sessions); {
		to := from + 1
		for to < len(sessions) && s.date(sessions[to]) == s.date(sessions[from]) {
			to++
		}
		slices.SortFunc(sessions[from:to], func(a, b uint32) int { return cmp.Compare(key(a), key(b)) })
		from = to
	}
}

// nobodysID returns an id that no session has.
func (s *store) nobodysID(chance *rand.Rand) string {
	return s.candidateID(1<<31 | chance.Uint32())
}
