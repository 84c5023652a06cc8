package pgledger_test

import (
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/pgledger"
	"bulkinvite/batch/pgledger/pgtest"
)

// BenchmarkVerbs measures people per second: claimed and settled 50 at a time, and
// looked up 1,000 at a time, by so many at once over 20 interviews.
func BenchmarkVerbs(b *testing.B) {
	const each, interviews = 50, 20
	for _, workers := range []int{1, 4, 16} {
		s, err := pgledger.Open(b.Context(), pgtest.Database(b), pgledger.Options{})
		if err != nil {
			b.Fatal(err)
		}
		run, err := s.Begin(b.Context(), pgledger.RunInfo{BaseURL: baseURL, Rate: 1000})
		if err != nil {
			b.Fatal(err)
		}
		key := func(n int) batch.Key {
			return batch.NewKey(fmt.Sprint("i-", n/each%interviews), fmt.Sprintf("person%d@example.com", n))
		}
		keys := func(from, n int) (keys []batch.Key) {
			for i := range n {
				keys = append(keys, key(from+i))
			}
			return keys
		}
		people := 0
		b.Run(fmt.Sprint("invite/", workers), func(b *testing.B) {
			b.ResetTimer()
			from, n := people, b.N*each
			people += n
			parallel(b, workers, n/each, func(i int) error {
				who := keys(from+i*each, each)
				c, err := run.Claim(b.Context(), batch.Request{Kind: batch.KindInvite, InterviewID: who[0].InterviewID, People: who})
				if err != nil {
					return err
				}
				return run.Settle(b.Context(), c.ID, invitedAnswer(who))
			})
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "people/s")
		})
		b.Run(fmt.Sprint("lookup/", workers), func(b *testing.B) {
			const block = 1000
			parallel(b, workers, b.N, func(i int) error {
				_, err := run.Lookup(b.Context(), keys(i*block%max(people-block, 1), block))
				return err
			})
			b.ReportMetric(float64(b.N*block)/b.Elapsed().Seconds(), "people/s")
		})
		if err := run.End(b.Context(), nil, 0); err != nil {
			b.Error(err)
		}
		s.Close()
	}
}

// parallel calls f with the numbers up to n, so many at once.
func parallel(b *testing.B, workers, n int, f func(i int) error) {
	b.Helper()
	var g errgroup.Group
	g.SetLimit(workers)
	for i := range n {
		g.Go(func() error { return f(i) })
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
}
