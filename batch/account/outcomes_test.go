package account

import (
	"testing"

	"pgregory.net/rapid"

	"bulkinvite/batch"
)

func TestOutcomesAreKept(t *testing.T) {
	out, err := newOutcomes()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.close() }()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) known {
			return known{
				Outcome: batch.Outcome{
					Status: batch.StatusInvited, CandidateID: rapid.String().Draw(t, "id"), InviteURL: rapid.StringN(-1, -1, 3000).Draw(t, "url"),
					Error: rapid.String().Draw(t, "error"), Attempts: rapid.IntRange(0, 1<<20).Draw(t, "attempts"),
				},
				offset: rapid.Int64Range(0, 1<<60).Draw(t, "offset"), wantLink: rapid.Bool().Draw(t, "link"),
			}
		}), 1, 50).Draw(t, "outcomes")
		places := make([]int64, len(all))
		for i, k := range all {
			at, err := out.put(k)
			if err != nil {
				t.Fatal(err)
			}
			places[i] = at
		}
		for i, at := range places {
			got, err := out.get(at)
			offset, offsetErr := out.inputOffset(at)
			if err != nil || got != all[i] || offsetErr != nil || offset != all[i].offset {
				t.Fatalf("%+v came back as %+v (%v, %v)", all[i], got, err, offsetErr)
			}
		}
	})
}
