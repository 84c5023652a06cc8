package lists

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/judge"
)

// rememberGap is what the ledger remembers of an interview whose list lacks
// somebody, with the interview's id behind it: how many runs in a row have missed
// the same, and a sum of who that was.
const rememberGap = "missing/"

// A gapMemory is what earlier runs and this one have remembered of an
// interview's gap.
type gapMemory struct {
	recalled bool
	runs     int    // earlier ones
	sum      string // of what they missed
	now      string // what is remembered at present
}

// recall reads what earlier runs remembered, once.
func (m *gapMemory) recall(ctx context.Context, ledger batch.Ledger, interview string) error {
	if m.recalled {
		return nil
	}
	value, err := ledger.Recall(ctx, rememberGap+interview)
	if err != nil {
		return err
	}
	m.recalled, m.now = true, value
	if _, err := fmt.Sscan(value, &m.runs, &m.sum); err != nil {
		m.runs, m.sum = 0, "" // nothing was remembered
	}
	return nil
}

func (m *gapMemory) remember(ctx context.Context, ledger batch.Ledger, interview, value string) error {
	if value == m.now {
		return nil
	}
	m.now = value
	return ledger.Remember(ctx, rememberGap+interview, value)
}

// noGap remembers that an interview's list lacks nobody.
func (r *Reading) noGap() error {
	if err := r.gap.recall(r.Hard, r.Ledger, r.ID); err != nil {
		return err
	}
	return r.gap.remember(r.Hard, r.Ledger, r.ID, "")
}

// gapBefore finds out how many earlier runs missed exactly what a reading
// misses, and whether others of the same requests are there; and remembers it
// for the next run.
func (r *Reading) gapBefore(by time.Time, g *judge.Gap) error {
	sum, company, err := r.describeGap(by)
	if err != nil {
		return err
	}
	g.Company = company
	if err := r.gap.recall(r.Hard, r.Ledger, r.ID); err != nil {
		return err
	}
	if r.gap.sum == sum {
		g.Runs = r.gap.runs
	}
	return r.gap.remember(r.Hard, r.Ledger, r.ID, fmt.Sprint(g.Runs+1, " ", sum))
}

// describeGap returns a sum of who is missing, which is the same in every run,
// and whether others of all their requests are shown. A request for one person
// is as good as shown if a later one is.
func (r *Reading) describeGap(by time.Time) (sum string, company bool, err error) {
	lines := slices.Clone(r.nameless)
	people, shown := map[int64]int{}, map[int64]bool{}
	var missing []int64
	var latest int64
	err = r.Ledger.Members(r.Hard, r.ID, func(m batch.Member) error {
		people[m.RequestID]++
		if r.roll.isMissing(&m, by) {
			lines = append(lines, m.Key.Email)
			missing = append(missing, m.RequestID)
		} else if p := r.roll.byAddress(m.Key.Email); p != nil && p.marks&markShown != 0 {
			shown[m.RequestID] = true
			latest = max(latest, m.RequestID)
		}
		return nil
	})
	if err != nil {
		return "", false, fmt.Errorf("who is missing: %w", err)
	}
	slices.Sort(lines)
	hash := sha256.New()
	for _, line := range lines {
		hash.Write([]byte(line + "\n"))
	}
	company = !slices.ContainsFunc(missing, func(id int64) bool { return !shown[id] && (people[id] > 1 || latest <= id) })
	return hex.EncodeToString(hash.Sum(nil)[:16]), company, nil
}
