package engine_test

import (
	"errors"
	"testing"
	"time"

	"bulkinvite/batch/outlet"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// listed reads a list outside of a run, and returns whom it shows.
func (w *world) listed(interviewID string) (map[string]bool, error) {
	w.Helper()
	c := w.client()
	defer c.Close()
	lister, err := outlet.NewLister(c, w.opts)
	w.must(err)
	seen := map[string]bool{}
	err = lister.Read(w.Context(), interviewID, func(e client.Entry) error {
		seen[e.CandidateEmail] = true
		return nil
	})
	return seen, err
}

func TestListerReadsAllOfABrokenList(t *testing.T) {
	cfg := sandbox.Config{PageSize: 10, Seed: 5, Faults: map[sandbox.Fault]float64{
		sandbox.List500: 0.15, sandbox.List429: 0.15, sandbox.ListDrop: 0.15, sandbox.ListCut: 0.15,
	}}
	inWorld(t, cfg, func(w *world) {
		w.elsewhere(rows(people(1000, 0)...))
		seen, err := w.listed(interviewID(0))
		if len(seen) != 1000 || err != nil {
			w.Errorf("%d people, %v", len(seen), err)
		}
		if books := w.api.Books(); books.BusiestSecond > 6 || books.Posts > 0 {
			w.Errorf("%d requests in one second at 5 per second, and %d invitations", books.BusiestSecond, books.Posts)
		}
	})
}

func TestListerGivesUp(t *testing.T) {
	down := map[sandbox.Fault]float64{sandbox.List500: 1}
	throttled := map[sandbox.Fault]float64{sandbox.List429: 1}
	for want, cfg := range map[string]sandbox.Config{
		"the list could not be read: the API answered 500":                             {Faults: down},
		"the API answered nothing but 429 for 5m0s":                                    {Faults: throttled, RetryAfter: time.Minute},
		"the API refused the key (the API answered 403: Forbidden), check the API key": {Key: "another"},
		"the API answered 400: Interview has been deleted":                             {Deleted: []string{interviewID(0)}},
	} {
		inWorld(t, cfg, func(w *world) {
			begun := time.Now()
			_, err := w.listed(interviewID(0))
			var apiErr *client.Error
			if !errors.As(err, &apiErr) || err.Error() != want {
				w.Errorf("%v, want %s", err, want)
			}
			if took := time.Since(begun); took > 10*time.Minute {
				w.Errorf("it took %v to say %q", took, want)
			}
		})
	}
}
