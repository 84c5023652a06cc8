package outlet

import (
	"hash/maphash"

	"bulkinvite/client"
)

// identify returns what tells the entries of a page from others, each of them
// once, and a sum of them all. Neither status nor modification belong to it:
// they may change while the list is read, and so may an address that is not yet
// there.
func (p *pages) identify(entries []client.Entry) (ids []uint64, sum uint64) {
	here := make(map[uint64]bool, len(entries))
	for _, e := range entries {
		key := client.Entry{InterviewID: e.InterviewID, CandidateID: e.CandidateID, DateCreated: e.DateCreated}
		if e.CandidateID == "" {
			key.CandidateEmail = e.CandidateEmail
		}
		id := maphash.Comparable(p.seed, key)
		if !here[id] {
			here[id] = true
			ids = append(ids, id)
			sum = sum*0x9E3779B97F4A7C15 + id
		}
	}
	return ids, sum
}

// twinOf returns the page that has these entries and no others: the one before,
// which some APIs repeat behind the end of the list, and some for page 0 and 1;
// or the first one and those that follow it, where an API begins anew behind the
// end. Elsewhere a page that is another one is a list that contradicts itself.
func (p *pages) twinOf(sum uint64) int {
	last := len(p.read) - 1
	if last < 0 {
		return -1
	}
	if p.read[last].sum == sum {
		return last
	}
	if p.read[0].sum == sum {
		return 0
	}
	next := p.read[last].twin + 1
	for next > 0 && p.read[next].twin >= 0 && next < last {
		next++ // page 1 by another number
	}
	if next > 0 && p.read[next].sum == sum {
		return next
	}
	return -1
}

// repeated returns what was read before of these entries, how many were not,
// and whether the former are one stretch.
func (p *pages) repeated(ids []uint64) (s stretch, news int, whole bool) {
	whole = true
	for _, id := range ids {
		place, known := p.order[id]
		switch {
		case !known:
			news++
		case s.to == s.from:
			s = stretch{place, place + 1}
		default:
			whole = whole && place == s.to
			s.to++
		}
	}
	return s, news, whole
}

// endPass follows the last page. If entries have moved, others may have moved
// to pages that were read before: arrivals in front of the first page, and where
// an entry was taken out and put elsewhere, each page behind it has lost its
// first one to the page before. So pages are read again.
func (p *pages) endPass() {
	p.total = len(p.order)
	if p.stage == otherPages && (p.pushed > 0 || len(p.moved) > 0) {
		p.stage, p.page = pagesAgain, p.number(0)
		return
	}
	p.stage = allRead
}

// tookAgain takes a page that is read again: until one brings nothing new, and
// up to the page that showed that entries were moved elsewhere. Those must be
// gone from where they were read first, and what has pushed others must be there.
func (p *pages) tookAgain(entries []client.Entry) error {
	ids, _ := p.identify(entries)
	here := stretch{p.read[p.again].from, p.total}
	if p.again+1 < len(p.read) {
		here.to = p.read[p.again+1].from
	}
	news := false
	for _, id := range ids {
		place, known := p.order[id]
		if !known {
			p.order[id] = len(p.order)
			news = true
		} else if here.has(place) && p.wasMoved(place) {
			return &client.Error{Err: errScrambled}
		}
	}
	p.again++
	p.arrived = p.arrived || news
	found := p.arrived || p.again >= p.pushed
	if len(entries) == 0 || !news && p.again > p.noticed && found || p.again == len(p.read) {
		p.stage = allRead
		if p.pushed > 0 && !p.arrived {
			return &client.Error{Err: errScrambled}
		}
		return nil
	}
	p.page = p.number(p.again)
	return nil
}

// wasMoved reports whether the entry of this place stood elsewhere later.
func (p *pages) wasMoved(place int) bool {
	for _, s := range p.moved {
		if s.has(place) {
			return true
		}
	}
	return false
}
