package outlet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"bulkinvite/client"
)

// A pagedList is a list as some API cuts it into pages.
type pagedList struct {
	entries []client.Entry
	most    int  // the largest page size; 0: any
	zero    int  // what page 0 is where pages are counted from 1, see the constants; counted from 0 otherwise
	skips   bool // counts pages by the size that was asked for
	deaf    bool // gives all in one page, whatever is asked for
	clamps  bool // pages behind the end are the last one
	wraps   bool // pages behind the end begin anew
	ends404 bool
	refuses int                       // pages from this one on are refused; 0: none
	hidden  int                       // every so many'th entry is left out of its page; 0: none
	arrive  int                       // so many entries are put in front before each request
	bump    int                       // the entry at this place moves to the end before each request for a page behind page 1; 0: none
	ties    bool                      // each page is cut out of an order of its own
	before  func(l *pagedList, n int) // before the nth request
	asked   int
}

const (
	pageZeroIsFirst = iota
	pageZeroIsRefused
	pageZeroIsSame
	pageZeroIsEmpty
)

func entriesNamed(name string, n int) []client.Entry {
	var list []client.Entry
	for i := range n {
		list = append(list, client.Entry{CandidateID: fmt.Sprint(name, i), DateCreated: "2026-03-01 09:30:00"})
	}
	return list
}

func (l *pagedList) get(page, limit int) ([]client.Entry, error) {
	l.asked++
	if l.before != nil {
		l.before(l, l.asked)
	}
	if l.asked > 1 {
		l.entries = append(entriesNamed(fmt.Sprint("new", l.asked, "-"), l.arrive), l.entries...)
		if page > 1 && l.bump > 0 && l.bump < len(l.entries) {
			l.entries = append(slices.Delete(slices.Clone(l.entries), l.bump, l.bump+1), l.entries[l.bump])
		}
	}
	if l.deaf {
		return l.entries, nil
	}
	if l.refuses > 0 && page >= l.refuses {
		return nil, &client.Error{Fate: client.Refused, StatusCode: 400, Message: "page is too large"}
	}
	if page == client.AnyPage {
		page = min(l.zero, 1)
	}
	if l.zero != pageZeroIsFirst {
		switch {
		case page > 0:
		case l.zero == pageZeroIsRefused:
			return nil, &client.Error{Fate: client.Refused, StatusCode: 400, Message: "page must be at least 1"}
		case l.zero == pageZeroIsEmpty:
			return nil, nil
		default:
			page = 1
		}
		page--
	}
	return l.cut(page, limit)
}

func (l *pagedList) cut(page, limit int) ([]client.Entry, error) {
	size := limit
	if size == 0 {
		size = 20
	}
	if l.most > 0 {
		size = min(size, l.most)
	}
	from := page * size
	if l.skips {
		from = page * limit
	}
	all := slices.Clone(l.entries)
	if l.ties {
		rand.New(rand.NewPCG(uint64(page), 1)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	if from >= len(all) && len(all) > 0 {
		switch {
		case l.clamps:
			from = (len(all) - 1) / size * size
		case l.wraps:
			from = (page % ((len(all)-1)/size + 1)) * size
		}
	}
	var cut []client.Entry
	for i := from; i < min(from+size, len(all)); i++ {
		if l.hidden == 0 || i%l.hidden != 0 {
			cut = append(cut, all[i])
		}
	}
	if l.ends404 && len(cut) == 0 {
		return nil, &client.Error{Fate: client.Refused, StatusCode: 404, Envelope: true, Message: "No invites found"}
	}
	return cut, nil
}

// readAll reads the list as pages says, and returns what it saw.
func (l *pagedList) readAll(p *pages) (map[string]bool, error) {
	seen := map[string]bool{}
	for p.more() {
		if l.asked > 5000 {
			return seen, errors.New("it does not end")
		}
		entries, err := l.get(p.request())
		if err != nil {
			if err = p.failed(err); err != nil {
				return seen, err
			}
			continue
		}
		for _, e := range entries {
			seen[e.CandidateID] = true
		}
		if err := p.took(entries); err != nil {
			return seen, err
		}
	}
	return seen, nil
}

// What is said of a list is either wrong or that it was read whole.
func TestPages(t *testing.T) {
	for _, c := range []struct {
		name     string
		list     pagedList
		n        int
		ends404  bool
		fails    bool // is not believed, or cannot be read
		refused  bool // with the refusal itself, as of an interview that does not exist
		requests int  // at most; 0: any number
	}{
		{name: "empty", n: 0, requests: 2},
		{name: "one page", n: 30, requests: 2},
		{name: "a full page", n: 100, requests: 2},
		{name: "some pages", n: 250, requests: 4},
		{name: "from 1, page 0 is refused", list: pagedList{zero: pageZeroIsRefused}, n: 30, requests: 4},
		{name: "from 1, page 0 is refused, nobody", list: pagedList{zero: pageZeroIsRefused}, n: 0, requests: 3},
		{name: "from 1, page 0 is page 1", list: pagedList{zero: pageZeroIsSame}, n: 30, requests: 3},
		{name: "from 1, page 0 is page 1, some pages", list: pagedList{zero: pageZeroIsSame}, n: 250, requests: 6},
		{name: "from 1, page 0 is empty", list: pagedList{zero: pageZeroIsEmpty}, n: 250, requests: 5},

		{name: "a largest page size", list: pagedList{most: 20}, n: 95},
		{name: "a largest page size, one page", list: pagedList{most: 20}, n: 20, requests: 2},
		{name: "pages counted by the size that was asked for", list: pagedList{most: 20, skips: true}, n: 95},
		{name: "the same, from 1", list: pagedList{most: 20, skips: true, zero: pageZeroIsRefused}, n: 250},
		{name: "the same, page 0 is page 1", list: pagedList{most: 20, skips: true, zero: pageZeroIsSame}, n: 250},
		{name: "one entry a page", list: pagedList{most: 1, skips: true}, n: 30},
		{name: "pages with holes", list: pagedList{hidden: 7}, n: 300},
		{name: "pages with holes, from 1", list: pagedList{hidden: 7, zero: pageZeroIsRefused}, n: 300},
		{name: "pages with holes, page 0 is page 1", list: pagedList{hidden: 7, zero: pageZeroIsSame, most: 50, skips: true}, n: 300},
		{name: "all at once", list: pagedList{deaf: true}, n: 250},
		{name: "all at once, few", list: pagedList{deaf: true}, n: 25},

		{name: "the last page for ever", list: pagedList{clamps: true}, n: 230},
		{name: "the last page for ever, from 1", list: pagedList{clamps: true, zero: pageZeroIsRefused, most: 50}, n: 230},
		{name: "the last page for ever, one page", list: pagedList{clamps: true}, n: 30},
		{name: "begins anew behind the end", list: pagedList{wraps: true}, n: 450},
		{name: "begins anew behind the end, full pages", list: pagedList{wraps: true, zero: pageZeroIsSame}, n: 300},
		{name: "404 behind the end", list: pagedList{ends404: true}, n: 230},
		{name: "404 behind the end, one page", list: pagedList{ends404: true, zero: pageZeroIsRefused}, n: 30},
		{name: "404 behind the end, nobody", list: pagedList{ends404: true}, n: 0, fails: true, refused: true},
		{name: "404 behind the end, nobody, known", list: pagedList{ends404: true}, n: 0, ends404: true},
		{name: "no pages behind the second", list: pagedList{refuses: 2}, n: 250, fails: true},
		{name: "no pages behind the first", list: pagedList{refuses: 1}, n: 50, fails: true},
		{name: "no page", list: pagedList{refuses: client.AnyPage}, n: 50},

		{name: "arrivals", list: pagedList{arrive: 7}, n: 950},
		{name: "arrivals, from 1", list: pagedList{arrive: 7, zero: pageZeroIsRefused, most: 50}, n: 950},
		{name: "arrivals in a short list", list: pagedList{arrive: 3}, n: 10},
		{name: "a list that appears while it is read", list: pagedList{zero: pageZeroIsSame, before: func(l *pagedList, n int) {
			if n == 2 {
				l.entries = append(entriesNamed("appeared", 1500), l.entries...)
			}
		}}, n: 1, requests: 30},
		{name: "one after another moves to the end", list: pagedList{bump: 10}, n: 450},
		{name: "the same, from 1", list: pagedList{bump: 50, zero: pageZeroIsRefused}, n: 450},
		{name: "the same, from the second page", list: pagedList{bump: 150}, n: 450},
		{name: "the same, from far behind", list: pagedList{bump: 700, zero: pageZeroIsRefused}, n: 1500},
		{name: "the same, all of a long list", list: pagedList{bump: 10, zero: pageZeroIsRefused, most: 50}, n: 1500},
		{name: "one moves to the end, once", list: pagedList{before: func(l *pagedList, n int) {
			if n == 3 {
				l.entries = append(l.entries[1:len(l.entries):len(l.entries)], l.entries[0])
			}
		}}, n: 350},
		{name: "ties", list: pagedList{ties: true}, n: 150, fails: true},
		{name: "ties, one on the last page", list: pagedList{ties: true}, n: 101, fails: true},
		{name: "ties, from 1", list: pagedList{ties: true, zero: pageZeroIsRefused}, n: 450, fails: true},
		{name: "ties, tiny pages", list: pagedList{ties: true, most: 1}, n: 40, fails: true},
		{name: "ties on one page", list: pagedList{ties: true, zero: pageZeroIsSame}, n: 90},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.list.entries = entriesNamed("old", c.n)
			p := newPages(PageLimit, c.ends404)
			seen, err := c.list.readAll(p)
			if (err != nil) != c.fails || client.IsRefusal(err) != c.refused {
				t.Fatalf("after %d requests: %v", c.list.asked, err)
			}
			for i := range c.n {
				if id := fmt.Sprint("old", i); !c.fails && !seen[id] && (c.list.hidden == 0 || i%c.list.hidden != 0) {
					t.Fatalf("%s was not shown, of %d that were, in %d requests", id, len(seen), c.list.asked)
				}
			}
			if c.requests > 0 && c.list.asked > c.requests {
				t.Errorf("%d requests, want at most %d", c.list.asked, c.requests)
			}
			if c.list.ends404 && c.n > 0 != p.saw404 {
				t.Errorf("saw404 %v", p.saw404)
			}
		})
	}
}

// What one read has learned of the page size, the next one uses.
func TestPagesLearnThePageSize(t *testing.T) {
	l := pagedList{entries: entriesNamed("p", 230), most: 20, skips: true}
	p := newPages(PageLimit, false)
	if _, err := l.readAll(p); err != nil || p.learned != 20 {
		t.Fatalf("learned %d, %v", p.learned, err)
	}
	l.asked = 0
	if seen, err := l.readAll(newPages(p.learned, false)); err != nil || len(seen) != 230 || l.asked > 13 {
		t.Errorf("%d shown in %d requests, %v", len(seen), l.asked, err)
	}
}

// What a page has of the one before was pushed there by an arrival, which stands
// before it. If nothing does, the list is cut into pages in several orders, and
// somebody is on none.
func TestPagesPushedByNobody(t *testing.T) {
	page := func(ids ...string) (entries []client.Entry) {
		for _, id := range ids {
			entries = append(entries, client.Entry{CandidateID: id})
		}
		return entries
	}
	for _, arrival := range []bool{false, true} {
		p := newPages(3, false)
		reads := [][]client.Entry{page("a", "b", "c"), page("c", "d"), nil, page("a", "b", "c"), page("c", "d")}
		if arrival {
			reads[3] = page("new", "a", "b")
		}
		var err error
		for i := 0; p.more() && err == nil && i < len(reads); i++ {
			p.request()
			err = p.took(reads[i])
		}
		if scrambled := errors.Is(err, errScrambled); scrambled == arrival {
			t.Errorf("with an arrival %t: %v", arrival, err)
		}
	}
}

// A page that repeats others in another order is of no list that was cut in one.
func TestPagesInAnotherOrder(t *testing.T) {
	p := newPages(3, false)
	page := func(ids ...string) error {
		var entries []client.Entry
		for _, id := range ids {
			entries = append(entries, client.Entry{CandidateID: id})
		}
		return p.took(entries)
	}
	if err := page("a", "b", "c"); err != nil {
		t.Fatal(err)
	}
	if err := page("c", "a", "d"); !HasMoved(err) {
		t.Errorf("error %v", err)
	}
}
