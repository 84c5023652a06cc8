package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulkinvite/batch"
)

// memory is a Source in memory.
type memory []batch.Row

func (m memory) Scan(_ context.Context, f func(*batch.Row) error) error {
	for i := range m {
		row := m[i]
		if err := f(&row); err != nil {
			return err
		}
	}
	return nil
}

func (m memory) At(offset int64) (batch.Row, error) { return m[offset], nil }

func memoryOf(candidates []batch.Candidate) memory {
	m := make(memory, len(candidates))
	for i, c := range candidates {
		m[i] = batch.Row{Index: i, Offset: int64(i), Candidate: c}
	}
	return m
}

func TestCheckCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		candidates := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) batch.Candidate {
			return batch.Candidate{
				Name:             "Ann",
				Email:            rapid.SampledFrom([]string{"a@x.co", "A@X.co", "b@x.co", "c@x.co", "d@x.co", "e@x.co"}).Draw(t, "email"),
				InterviewID:      rapid.SampledFrom([]string{"i", "j"}).Draw(t, "interview"),
				JobApplicationID: rapid.SampledFrom([]string{"", "", "", "app"}).Draw(t, "application"),
				DisableEmail:     rapid.Bool().Draw(t, "quiet"),
			}
		}), 0, 40).Draw(t, "candidates")
		plan, err := Check(context.Background(), memoryOf(candidates), batch.Options{ChunkSize: 2})
		if err != nil {
			t.Fatal(err)
		}
		keys := map[batch.Key]bool{}
		alone, groups := 0, map[string]int{}
		for _, c := range candidates {
			if keys[c.Key()] {
				continue
			}
			keys[c.Key()] = true
			if c.JobApplicationID != "" {
				alone++
			} else {
				groups[fmt.Sprint(c.InterviewID, c.DisableEmail)]++
			}
		}
		requests := alone
		for _, n := range groups {
			requests += (n + 1) / 2
		}
		perInterview := 0
		for _, iv := range plan.Interviews {
			perInterview += iv.Requests
		}
		if plan.Rows != len(candidates) || plan.People != len(keys) || plan.Duplicates != len(candidates)-len(keys) ||
			plan.Requests != requests || perInterview != requests {
			t.Fatalf("%+v; want %d people, %d requests", plan, len(keys), requests)
		}
	})
}

// A knower is a Lookuper in memory.
type knower map[batch.Key]batch.Record

func (k knower) Lookup(_ context.Context, keys []batch.Key) ([]batch.Record, error) {
	records := make([]batch.Record, len(keys))
	for i, key := range keys {
		records[i] = k[key]
	}
	return records, nil
}

func (k knower) Owners(_ context.Context, ids []string) ([][]batch.Key, error) {
	owners := make([][]batch.Key, len(ids))
	for key, rec := range k {
		for i, id := range ids {
			if rec.CandidateID == id {
				owners[i] = append(owners[i], key)
			}
		}
	}
	return owners, nil
}

func (k knower) Recall(context.Context, string) (string, error) { return "", nil }

// Whose candidate id is somebody else's is not left: nothing is sent to them.
func TestSurveyOfWrongIDs(t *testing.T) {
	rows := memoryOf([]batch.Candidate{
		{Name: "Ann", Email: "ann@x.co", InterviewID: "i", CandidateID: "c-bo"},
		{Name: "Bo", Email: "bo@x.co", InterviewID: "i", CandidateID: "c-bo"},
	})
	plan, err := Check(t.Context(), rows, batch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	bo := rows[1].Candidate.Key()
	if err := plan.Survey(t.Context(), rows, knower{bo: {State: batch.StateInvited, RequestID: 1, CandidateID: "c-bo"}}); err != nil {
		t.Fatal(err)
	}
	if plan.WrongID != 1 || plan.Left() != 1 || plan.Interviews[0].Left != 1 {
		t.Errorf("%d have a wrong id, %d are left, %+v", plan.WrongID, plan.Left(), plan.Interviews)
	}
}

func TestSurvey(t *testing.T) {
	rows := memoryOf([]batch.Candidate{
		{Name: "Ann", Email: "ann@x.co", InterviewID: "i"}, {Name: "Bo", Email: "bo@x.co", InterviewID: "i"},
		{Name: "Cy", Email: "cy@x.co", InterviewID: "j"}, {Name: "Di", Email: "di@x.co", InterviewID: "j"},
		{Name: "Ann", Email: "ann@x.co", InterviewID: "j", CandidateID: "c-ann"},
	})
	plan, err := Check(t.Context(), rows, batch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ann, bo, cy, again := rows[0].Candidate.Key(), rows[1].Candidate.Key(), rows[2].Candidate.Key(), rows[4].Candidate.Key()
	survey := func(k knower) string {
		t.Helper()
		if err := plan.Survey(t.Context(), rows, k); err != nil {
			t.Fatal(err)
		}
		return plan.Known
	}
	invited := batch.Record{State: batch.StateInvited, RequestID: 1}
	some := knower{
		ann: invited, bo: {State: batch.StateSending, RequestID: 2}, cy: {State: batch.StateRefused, RequestID: 3}, again: invited,
		batch.NewKey("i", "stranger@x.co"): invited,
	}
	first := survey(some)
	want := []InterviewPlan{
		{ID: "i", People: 2, Requests: 1, Left: 1, AlreadyInvited: 1, InDoubt: 1},
		{ID: "j", People: 3, Requests: 2, Left: 3},
	}
	if diff := cmp.Diff(want, plan.Interviews); diff != "" || plan.AlreadyInvited != 1 || plan.InDoubt != 1 || plan.Left() != 4 {
		t.Errorf("already invited %d, in doubt %d (-want +got):\n%s", plan.AlreadyInvited, plan.InDoubt, diff)
	}

	if plan.FreeAccount(); survey(some) != first {
		t.Error("without its account a plan finds others")
	}

	// Who was re-sent of late is not left, whatever became of that.
	resent := batch.Record{State: batch.StateInvited, RequestID: 1, ResentAt: time.Now().Add(-19 * time.Hour), ResentState: batch.StateSending}
	survey(knower{again: resent})
	if h := plan.HeldBack; h.People != 1 || !h.Until.Equal(resent.ResentAt.Add(20*time.Hour)) || plan.Left() != 4 || plan.Interviews[1].Left != 2 {
		t.Errorf("held back: %+v, left %d in %+v", h, plan.Left(), plan.Interviews)
	}
	resent.ResentAt = time.Now().Add(-20 * time.Hour)
	if survey(knower{again: resent}); plan.HeldBack.People != 0 || plan.Left() != 5 {
		t.Errorf("held back after the time: %+v, left %d", plan.HeldBack, plan.Left())
	}

	// What is known of strangers and how somebody was invited changes nothing;
	// what is known of the people of the input does.
	if survey(knower{batch.NewKey("i", "stranger@x.co"): invited}) != "" || survey(nil) != "" {
		t.Error("something is known of nobody")
	}
	with := func(key batch.Key, rec batch.Record) knower {
		other := maps.Clone(some)
		other[key] = rec
		return other
	}
	if survey(with(ann, batch.Record{State: batch.StateInvited, RequestID: 7, InviteURL: "https://x", ResentAt: time.Unix(9, 0)})) != first {
		t.Error("a later link of somebody invited changes the plan")
	}
	if survey(with(ann, batch.Record{State: batch.StateInvited, RequestID: 1, Forgotten: true})) != first {
		t.Error("whoever was invited and is forgotten is left out as before, and yet changes the plan")
	}
	seen := map[string]bool{first: true}
	for i, other := range []knower{
		with(ann, batch.Record{}), with(bo, invited), with(bo, batch.Record{State: batch.StateSending, RequestID: 4}),
		with(bo, batch.Record{RequestID: 2}), with(rows[3].Candidate.Key(), invited),
		with(again, batch.Record{State: batch.StateInvited, RequestID: 1, ResentAt: time.Unix(9, 0), ResentState: batch.StateSending}),
		with(again, batch.Record{State: batch.StateInvited, RequestID: 1, Forgotten: true}),
	} {
		if sum := survey(other); seen[sum] {
			t.Errorf("change %d of the ledger does not change the plan", i)
		} else {
			seen[sum] = true
		}
	}
	// Nothing is sent to somebody who is forgotten, whatever their row names.
	if plan.AlreadyInvited != 2 || plan.Left() != 3 || plan.Interviews[1].Left != 2 {
		t.Errorf("with one forgotten, %d are invited and %d left: %+v", plan.AlreadyInvited, plan.Left(), plan.Interviews)
	}
}

func TestRepeats(t *testing.T) {
	var rows memory
	place := func(name string, row, line int) batch.Place { return batch.Place{Name: name, Row: row, Line: line} }
	add := func(email string, p batch.Place) {
		rows = append(rows, batch.Row{Index: len(rows), Number: p.Row, Line: p.Line, Offset: int64(len(rows)), Candidate: batch.Candidate{
			Name: p.Name, Email: email + "@x.co", InterviewID: "i",
		}})
	}
	ann, bo := place("Ann", 2, 2), place("Bo", 3, 3)
	add("ann", ann)
	add("bo", bo)
	add("ann", place("Ann", 4, 7)) // a cell of bo has line breaks
	add("bo", place("Cy", 5, 8))
	for n := range 20 {
		add("ann", place("Ann Lee", 6+n, 9+n))
	}
	add("ann", place("Dee", 26, 29))
	plan, err := Check(t.Context(), rows, batch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Repeat{{place("Ann", 4, 7), ann, false}, {place("Cy", 5, 8), bo, true}}
	for n := range keptRepeats - len(want) {
		want = append(want, Repeat{place("Ann Lee", 6+n, 9+n), ann, false})
	}
	want = append(want, Repeat{place("Dee", 26, 29), ann, true})
	if got, err := plan.Repeats(t.Context(), rows); err != nil || !slices.Equal(got, want) || plan.Duplicates != 23 || plan.Differing != 2 {
		t.Errorf("%v, %v of %d, %d with another name; want %v", got, err, plan.Duplicates, plan.Differing, want)
	}
}

// A forgetful ledger tells of all but the last of those it is asked for.
type forgetful struct{ knower }

func (f forgetful) Lookup(ctx context.Context, keys []batch.Key) ([]batch.Record, error) {
	return f.knower.Lookup(ctx, keys[:len(keys)-1])
}

// No row is passed over because a ledger did not tell of it.
func TestSurveyMissesNoAnswer(t *testing.T) {
	var people []batch.Candidate
	for i := range 10 * lookupBlock {
		people = append(people, batch.Candidate{Name: "Ann", Email: fmt.Sprintf("ann%d@x.co", i), InterviewID: "i"})
	}
	rows := memoryOf(people)
	plan, err := Check(t.Context(), rows, batch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Survey(t.Context(), rows, forgetful{}); err == nil {
		t.Error("the ledger left people out, and nobody said so")
	}
}
