package outlet

import (
	"errors"
	"fmt"
	"hash/maphash"
	"net/http"

	"bulkinvite/client"
)

// pages says which page of a list to ask for next, when the list is whole, and
// whether what came can be one list at all. It does no I/O: ask what request
// names while more reports true, and tell took or failed what came of it.
//
// Nothing is documented about the number of the first page, the page size or
// the order, so nothing is assumed. Pages are asked for from 0 on, upwards,
// since entries that arrive meanwhile can then only move to pages still to come.
// A list of which a page was never shown looks like a shorter list, and whoever
// stood there would be invited again: what contradicts a list that was cut into
// pages in one order is not believed.
type pages struct {
	asked   int  // page size of the first request; 0: left to the API
	ends404 bool // the API is known to say 404 of an empty list

	stage pageStage
	page  int // what to ask for next
	limit int
	good  bool // a page was readable

	requests int // pages that were asked for

	first   int // the number of the first page
	short   int // how many entries a first page had that was shorter than asked
	grown   int // how often a short first page was longer when it was read again
	settled bool

	seed  maphash.Seed
	order map[uint64]int // where each entry stands in the order in which they were first read
	read  []readPage
	stale int // pages in a row that were others once more
	idle  int // pages without news that were not

	pushed  int       // the last page that began with what those before it had ended with; 0: none
	arrived bool      // pages that were read again showed what had pushed them
	moved   []stretch // what pages repeated in any other way
	noticed int       // the last page that did
	total   int       // entries when the last page was reached
	again   int       // of the pages that are read again, the one that is due

	saw404  bool // the list ended with 404
	learned int  // the largest page size, if it is known to be smaller than asked
}

// A pageStage is what the page that is due is for.
type pageStage int

const (
	firstPage   pageStage = iota // to find where the list begins
	behindShort                  // to find whether a short first page was the whole list
	firstLonger                  // to find whether the short first page has grown
	otherPages
	pagesAgain // the first pages once more, because entries moved
	allRead
)

// A readPage is what is kept of a page.
type readPage struct {
	sum  uint64 // of its entries in their order
	from int    // where its new entries begin in the order
	twin int    // the page that it repeats as a whole; -1: none
}

// A stretch is entries that follow each other in the order.
type stretch struct{ from, to int }

func (s stretch) has(place int) bool { return s.from <= place && place < s.to }

// How often a page may repeat an earlier one, or bring nothing new in another
// way, and how often the first page may grow while it is read.
const (
	maxStale = 3
	maxIdle  = 1000
	maxGrown = 5
)

// Why pages are not believed.
var (
	errScrambled = errors.New("its pages contradict each other: what was on one stands on another one in another order")
	errGrows     = errors.New("it grows faster than it can be read")
	errEndless   = errors.New("it has no end")
)

// HasMoved reports whether a list could not be read because its entries moved
// meanwhile.
func HasMoved(err error) bool { return errors.Is(err, errScrambled) || errors.Is(err, errGrows) }

func newPages(limit int, ends404 bool) *pages {
	return &pages{asked: limit, limit: limit, ends404: ends404, seed: maphash.MakeSeed(), order: map[uint64]int{}}
}

// more reports whether a page is to be asked for.
func (p *pages) more() bool { return p.stage != allRead }

// request returns the number and the size of the page that is due.
func (p *pages) request() (page, limit int) {
	p.requests++
	return p.page, p.limit
}

// took takes a page. The error says that the pages cannot be those of one list.
func (p *pages) took(entries []client.Entry) error {
	p.good = true
	switch p.stage {
	case firstPage:
		return p.tookFirst(entries)
	case behindShort:
		return p.tookBehindShort(entries)
	case firstLonger:
		return p.tookFirstLonger(entries)
	case pagesAgain:
		return p.tookAgain(entries)
	}
	if len(entries) == 0 {
		p.endPass()
		return nil
	}
	return p.keep(entries)
}

// failed takes the error of a page, and returns nil if the list can be read
// without it. Where pages are counted from 1, page 0 may be refused, or break
// the API. But a refusal may also have been of something else, for once, and
// then the first people of the list would be missing: so the page that comes
// without a number stands for it.
func (p *pages) failed(err error) error {
	var apiErr *client.Error
	if !errors.As(err, &apiErr) {
		return err
	}
	notFound := apiErr.Fate == client.Refused && apiErr.Envelope && apiErr.StatusCode == http.StatusNotFound
	switch {
	case notFound && p.good:
		p.saw404 = true
		p.endPass()
	case p.good && (apiErr.Fate == client.Refused || client.IsDenied(err)):
		// What is refused is neither the interview nor the list, of which a page
		// was shown.
		return &client.Error{Err: fmt.Errorf("page %d of it is refused: %w", p.page, err)}
	case client.IsDenied(err):
		return err
	case p.stage == firstPage && p.page == 0:
		p.page = client.AnyPage
	case notFound && p.ends404:
		p.stage = allRead
	default:
		return err
	}
	return nil
}

// tookFirst takes what may be the first page. An empty page 0 says only that
// pages may be counted from 1.
func (p *pages) tookFirst(entries []client.Entry) error {
	if len(entries) == 0 {
		if p.page == 1 {
			p.stage = allRead
		}
		p.page = 1
		return nil
	}
	p.begin(p.page)
	if err := p.keep(entries); err != nil {
		return err
	}
	if len(entries) < p.limit && !p.settled {
		// The API may have a largest page size, and still count pages by the
		// size that it was asked for: the page that begins where this one ended
		// tells.
		p.short, p.limit, p.stage = len(entries), len(entries), behindShort
	} else if p.settled && len(entries) == p.limit && p.limit < p.asked {
		p.learned = p.limit
	}
	return nil
}

// begin makes a page the first one of the list.
func (p *pages) begin(page int) {
	p.first, p.page, p.stage = page, page, otherPages
	clear(p.order)
	p.read, p.moved, p.pushed, p.noticed, p.stale = nil, nil, 0, 0, 0
}

func (p *pages) tookBehindShort(entries []client.Entry) error {
	switch {
	case len(entries) == 0:
		p.stage = allRead
	case p.sameAsFirst(entries): // pages are counted from 1, and page 0 was another name of this one
		p.begin(p.page)
		return p.keep(entries)
	case p.isPushed(entries): // by arrivals, or hidden entries made pages of two sizes overlap; the list ends here
		p.stage, p.arrived = otherPages, true
		if err := p.keep(entries); err != nil {
			return err
		}
		p.endPass()
	default:
		p.stage, p.page, p.limit = firstLonger, p.first, p.asked
	}
	return nil
}

// tookFirstLonger tells a list that has grown from an API that gives no longer
// pages: to go on with a page size of one would take for ever.
func (p *pages) tookFirstLonger(entries []client.Entry) error {
	if len(entries) > p.short {
		if p.grown++; p.grown > maxGrown {
			return &client.Error{Err: errGrows}
		}
		p.stage = firstPage
		return p.tookFirst(entries)
	}
	p.stage, p.page, p.limit, p.settled = firstPage, p.first, p.short, true
	return nil
}

// isPushed reports whether a page has nothing but the last ones of the first
// page, and not all of them.
func (p *pages) isPushed(entries []client.Entry) bool {
	ids, _ := p.identify(entries)
	repeated, news, whole := p.repeated(ids)
	return whole && news == 0 && repeated.from > 0 && repeated.to == len(p.order)
}

// sameAsFirst reports whether a page shows those of the first one, in any
// order, and nobody else.
func (p *pages) sameAsFirst(entries []client.Entry) bool {
	ids, _ := p.identify(entries)
	for _, id := range ids {
		if _, known := p.order[id]; !known {
			return false
		}
	}
	return len(ids) == len(p.order)
}

// keep adds a page. What it repeats has to be one stretch of what was read
// before, in the same order, as entries are that others have pushed onto it; or
// all of an earlier page.
func (p *pages) keep(entries []client.Entry) error {
	ids, sum := p.identify(entries)
	page := readPage{sum: sum, from: len(p.order), twin: p.twinOf(sum)}
	repeated, news, whole := p.repeated(ids)
	switch {
	case page.twin >= 0:
		p.stale++
	case !whole:
		return &client.Error{Err: errScrambled}
	case news > 0:
		p.stale = 0
	default:
		if p.idle++; p.idle > maxIdle {
			return &client.Error{Err: errEndless}
		}
	}
	if page.twin < 0 && repeated.to > repeated.from {
		place, known := p.order[ids[0]]
		p.noteMoved(repeated, known && place == repeated.from && repeated.to == page.from)
	}
	for _, id := range ids {
		if _, known := p.order[id]; !known {
			p.order[id] = len(p.order)
		}
	}
	p.read = append(p.read, page)
	p.page = p.number(len(p.read))
	if p.stale == maxStale {
		p.endPass()
	}
	return nil
}

// number returns the number of a page by its place among those that were read.
func (p *pages) number(place int) int {
	if place > 0 && p.first == client.AnyPage {
		return place
	}
	return p.first + place
}

// noteMoved notes what a page repeated. What was at the end until then and is
// at the beginning of this page was pushed by arrivals.
func (p *pages) noteMoved(s stretch, pushed bool) {
	if pushed {
		p.pushed = len(p.read)
		return
	}
	p.moved = append(p.moved, s)
	p.noticed = len(p.read)
}
