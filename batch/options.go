package batch

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rs/zerolog"
)

// Links says whose links are fetched when the answer to their invitation did
// not bring them.
type Links string

// The values of Options.Links.
const (
	LinksConfirmed Links = "confirmed" // people whose answer was lost
	LinksAll       Links = "all"       // and people invited elsewhere
	LinksNone      Links = "none"
)

// Options are what a run may be told. Fields that are zero mean the defaults
// that DefaultOptions has, but for those whose zero is a value of its own.
type Options struct {
	ChunkSize   int           // people per request; 50
	Rate        float64       // requests per second, of all kinds together; 5
	Burst       int           // requests that may go at once after a pause; 1
	Concurrency int           // requests under way; ten times the rate, between 4 and 64
	Timeout     time.Duration // of one request, which the API keeps: a stopped run waits this long for answers; 40 s
	SettleTime  time.Duration // from the end of a request to the first look at the list, and to the second; 35 s
	MaxAttempts int           // requests for one person that may have reached the API; 5
	GiveUpAfter time.Duration // without an accepted invitation while the API is down; 5 min
	ResendAfter time.Duration // a person is re-sent at most once in this time; 20 h, since a daily job must not miss a day
	Links       Links         // LinksConfirmed

	ConfirmOnly bool          // only those in doubt are settled: nothing but lists is asked for
	Deadline    time.Duration // the run ends this long after it began; 0: never
	Limit       int           // people claimed in this run at most; 0: no limit
	NoPreflight bool          // do not read an interview's list before its first chunk

	// Random draws the jitter of pauses, between 0 and 1, for several goroutines
	// at once; nil: the one of package math/rand/v2.
	Random func() float64

	Log zerolog.Logger // of the run, with e-mail addresses masked; the zero Logger is silent

	// Panicked, if it is set, is called with the first bug of the run as soon
	// as it shows itself: the run may not come to its end any more.
	Panicked func(*Panic)
}

// DefaultOptions returns the documented defaults.
func DefaultOptions() Options {
	return Options{
		ChunkSize:   50,
		Rate:        5,
		Burst:       1,
		Timeout:     40 * time.Second,
		SettleTime:  35 * time.Second,
		MaxAttempts: 5,
		GiveUpAfter: 5 * time.Minute,
		ResendAfter: 20 * time.Hour,
		Links:       LinksConfirmed,
		Log:         zerolog.Nop(),
	}
}

// WithDefaults puts the defaults where fields are zero.
func (o Options) WithDefaults() Options {
	d := DefaultOptions()
	setDefault(&o.ChunkSize, d.ChunkSize)
	setDefault(&o.Rate, d.Rate)
	setDefault(&o.Burst, d.Burst)
	setDefault(&o.Timeout, d.Timeout)
	setDefault(&o.SettleTime, d.SettleTime)
	setDefault(&o.MaxAttempts, d.MaxAttempts)
	setDefault(&o.GiveUpAfter, d.GiveUpAfter)
	setDefault(&o.ResendAfter, d.ResendAfter)
	setDefault(&o.Links, d.Links)
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.ConfirmOnly {
		o.Links = LinksNone // links are asked for where invitations are
	}
	if o.Concurrency == 0 {
		o.Concurrency = min(max(int(10*o.Rate), 4), 64)
	}
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate reports the first option that no run can keep. Zero fields are
// fine: they mean the default.
func (o Options) Validate() error {
	switch {
	case o.ChunkSize < 0 || o.ChunkSize > 1000:
		return fmt.Errorf("chunk size %d: must be between 1 and 1000", o.ChunkSize)
	case o.Rate < 0 || o.Rate > 1e6 || o.Rate != o.Rate:
		return fmt.Errorf("rate %v: must be above 0 and at most 1000000 requests per second", o.Rate)
	case o.Burst < 0 || o.Burst > 1000:
		return fmt.Errorf("burst %d: must be between 1 and 1000", o.Burst)
	case o.Concurrency < 0 || o.Concurrency > 1000:
		return fmt.Errorf("concurrency %d: must be between 0 and 1000", o.Concurrency)
	case o.Timeout < 0, o.SettleTime < 0, o.GiveUpAfter < 0, o.ResendAfter < 0, o.Deadline < 0:
		return errors.New("a time must not be negative")
	case o.MaxAttempts < 0:
		return fmt.Errorf("attempts %d: must be at least 1", o.MaxAttempts)
	case o.Limit < 0:
		return fmt.Errorf("limit %d: must not be negative", o.Limit)
	}
	switch o.Links {
	case "", LinksConfirmed, LinksAll, LinksNone:
		return nil
	}
	return fmt.Errorf("links %q: must be confirmed, all or none", o.Links)
}
