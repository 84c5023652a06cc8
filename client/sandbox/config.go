// Package sandbox behaves like the micro1 API as far as inviting goes, and
// keeps books. It knows how often everybody was invited, which a client of the
// real API can only infer. It must not know who its client is, nor rows, files
// or a ledger.
//
// Faults are scripted by request number or drawn from a seed. All waiting and
// dating is done with package time, so that a testing/synctest bubble makes it
// virtual.
//
// A Server is an http.Handler: serve it with net/http/httptest on loopback, or
// with net/http on a Pipe, in memory. An address that begins with poison makes
// it refuse the request; a malformed one is left out of the answer, as the API
// does.
//
// Beside the API's two endpoints it serves, without a key and uncounted, GET
// /_books (FullBooks as JSON; ?people=no: Books) and POST /_down?posts=1&lists=0
// (SetDown), so that a test in another process can ask and steer it.
package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A PageZero says how an API whose pages begin at 1 answers for page 0.
type PageZero string

// The answers to page 0. The empty PageZero is PageZeroError.
const (
	PageZeroError PageZero = "error" // 400
	PageZeroSame  PageZero = "same"  // as page 1
	PageZeroEmpty PageZero = "empty" // as a page beyond the last
)

// A Config says how the sandbox behaves. The zero Config is an API without
// faults that answers at once.
type Config struct {
	Key        string   // x-api-key must be this; "": any key that is not empty
	Interviews []string // the interviews that exist; nil: every well-formed id
	Deleted    []string // these answer 400

	// Applications holds the address of the applicant by job application id.
	// For others it is the address in the request, or else one made of the id.
	Applications map[string]string

	Seed   uint64
	Faults map[Fault]float64 // probability of each per request; which request gets which depends on Seed alone
	// PostScript holds the faults of single invitations, by their number from 1
	// among all that arrived. They go before Faults.
	PostScript map[int]Fault
	LateBy     time.Duration // from the answer to the act of Late504; 0: 5 s
	SlowBy     time.Duration // how long Slow delays the answer; 0: 2 s

	Rules []Rule // the first that applies to a request answers it; they come behind PostScript and Faults

	Latency time.Duration // half of it before acting, half after
	Jitter  time.Duration // added to Latency: up to this much, drawn from Seed

	// PerPerson is how long it takes to invite somebody, one after another. If
	// GatewayTimeout passes meanwhile, the answer is 504, and the work goes on.
	PerPerson      time.Duration
	GatewayTimeout time.Duration // 0: none

	RateLimit          float64       // requests per second, both endpoints together; 0: no limit
	RateBurst          int           // requests that may come at once; 0: 1
	RetryAfter         time.Duration // header of a 429, in whole seconds, rounded up; 0: none
	ThrottlesBy503     bool          // above RateLimit it answers 503 in HTML, as nginx does
	RetryAfterOnFaults bool          // every 429 and 5xx has the header
	RetryAfterDate     bool          // the header is a date
	Quota              int           // POSTs that are let in before 429 Limit Exceeded; 0: no limit
	MaxPeople          int           // candidates in a request before 413; 0: no limit

	ListLag     time.Duration // from an invitation to its appearance in the list
	PageSize    int           // entries of the largest page; 0: 100
	FirstPage   int           // the number of the first page: 0 or 1
	PageZero    PageZero      // if FirstPage is 1
	NewestFirst bool          // order of the list; without it oldest first
	ListShape   ListShape

	Shape           *AnswerShape // of good answers to invitations; nil: as documented
	AnswerAddresses AddressForm  // how addresses come back in them
	ListAddresses   AddressForm  // and in the list

	PartialRefusals       bool // a 400 for a poison address invites every second of the others all the same
	SecondSessionOnLink   bool // fetching a link makes a second session, whose id and link it returns
	SecondSessionOnResend bool // and so does sending an invitation again
	OtherIDByID           bool // both are answered with an id and a link that nobody has
	UpperCaseAnswers      bool // addresses come back in capitals
}

const (
	maxBody = 10 << 20 // bytes; the gateway's limit
	maxID   = 128      // characters
)

// withDefaults puts the defaults where zero means one.
func (c Config) withDefaults() Config {
	c.LateBy, c.SlowBy = cmp.Or(c.LateBy, 5*time.Second), cmp.Or(c.SlowBy, 2*time.Second)
	c.RateBurst, c.PageSize = cmp.Or(c.RateBurst, 1), cmp.Or(c.PageSize, 100)
	c.PageZero = cmp.Or(c.PageZero, PageZeroError)
	return c
}

func (c Config) validate() error {
	switch {
	case min(c.LateBy, c.SlowBy, c.Latency, c.Jitter, c.PerPerson, c.GatewayTimeout, c.RetryAfter, c.ListLag) < 0:
		return errors.New("sandbox: a time must not be negative")
	case !(c.RateLimit >= 0), c.RateBurst < 0, c.Quota < 0, c.MaxPeople < 0, c.PageSize < 0:
		return errors.New("sandbox: a limit must not be negative")
	case c.FirstPage != 0 && c.FirstPage != 1:
		return fmt.Errorf("sandbox: first page %d: must be 0 or 1", c.FirstPage)
	case !slices.Contains([]PageZero{"", PageZeroError, PageZeroSame, PageZeroEmpty}, c.PageZero):
		return fmt.Errorf("sandbox: page zero %q: must be error, same or empty", c.PageZero)
	}
	return cmp.Or(checkScript(c.PostScript), c.Shape.validate(), c.AnswerAddresses.validate(), c.ListAddresses.validate())
}

var uuid = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// normalID returns an interview id as the books have it. UUIDs are the same in
// any letter case; other ids are opaque.
func normalID(id string) string {
	if uuid.MatchString(id) {
		return strings.ToLower(id)
	}
	return id
}

func normalIDs(ids []string) map[string]bool {
	if ids == nil {
		return nil
	}
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[normalID(id)] = true
	}
	return set
}

// wellFormedID reports whether id is one that the API would look up at all.
func wellFormedID(id string) bool {
	if id == "" || utf8.RuneCountInString(id) > maxID {
		return false
	}
	for _, r := range id {
		if !unicode.IsPrint(r) || r == ' ' || r == utf8.RuneError {
			return false
		}
	}
	return true
}
