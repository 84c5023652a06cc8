package ledger_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
)

// A diary writes what its people have in a ledger.
type diary struct {
	t   *testing.T
	run *ledger.Run
}

func (d diary) write(req batch.Request, message string, outcomes ...batch.Settlement) {
	d.t.Helper()
	for _, o := range outcomes {
		req.People = append(req.People, o.Key)
	}
	c, err := d.run.Claim(d.t.Context(), req)
	if err != nil {
		d.t.Fatal(err)
	}
	err = d.run.Settle(d.t.Context(), c.ID, batch.Answer{StatusCode: 200, Message: message, Outcomes: outcomes})
	if err != nil {
		d.t.Fatal(err)
	}
}

// whatIsSecret is in the diary of somebody who is to be forgotten.
var whatIsSecret = []string{"jörg", "JÖRG", "bücher.example", "xn--bcher-kva", "c-joerg", "App-joerg", "https://x/joerg", "Jörg wrote", digestOfJoerg}

const digestOfJoerg = "0123456789abcdef"

// keep fills a ledger with somebody who is to be forgotten, among others.
func keep(t *testing.T, path string) {
	t.Helper()
	s := open(t, path)
	r, err := s.Begin(t.Context(), ledger.RunInfo{BaseURL: "https://api.example", Input: "jörg@bücher.example.csv"})
	if err != nil {
		t.Fatal(err)
	}
	d := diary{t, r}
	joerg := func(interview string) batch.Settlement {
		return batch.Settlement{Key: batch.NewKey(interview, "Jörg@bücher.example"), State: batch.StateInvited, CandidateID: "c-joerg", InviteURL: "https://x/joerg"}
	}
	other := func(name string, state batch.State) batch.Settlement {
		return batch.Settlement{Key: batch.NewKey("i1", name+"@example.com"), State: state, CandidateID: "c-" + name, InviteURL: "https://x/" + name}
	}
	d.write(batch.Request{Kind: batch.KindInvite, InterviewID: "i1"}, "invited ann@example.com, JÖRG@Bücher.example",
		other("ann", batch.StateInvited), joerg("i1"), other("bob", batch.StateRefused))
	d.write(batch.Request{Kind: batch.KindLink, InterviewID: "i1", CandidateID: "c-joerg"}, "Jörg wrote", joerg("i1"))
	d.write(batch.Request{Kind: batch.KindInvite, InterviewID: "i2", JobApplicationID: "App-joerg"}, "", joerg("i2"))
	application := joerg("i3")
	application.Key = batch.Candidate{InterviewID: "i3", JobApplicationID: "App-joerg"}.Key()
	d.write(batch.Request{Kind: batch.KindInvite, InterviewID: "i3", JobApplicationID: "App-joerg"}, "", application)
	resent := joerg("i4")
	resent.Key = batch.Candidate{InterviewID: "i4", CandidateID: "c-joerg"}.Key()
	d.write(batch.Request{Kind: batch.KindResend, InterviewID: "i4", CandidateID: "c-joerg"}, "", resent)
	d.write(batch.Request{Kind: batch.KindInvite, InterviewID: "i1"}, "the answer names c-joerg", other("cyd", batch.StateInvited))
	d.write(batch.Request{Kind: batch.KindInvite, InterviewID: "i1"}, "fine", other("dee", batch.StateInvited))
	leftOut := joerg("i5")
	leftOut.State, leftOut.CandidateID, leftOut.InviteURL, leftOut.Mark = batch.StateNoInvitation, "", "", digestOfJoerg
	d.write(batch.Request{Kind: batch.KindInvite, InterviewID: "i5"}, "", leftOut)
	for name, value := range map[string]string{"missing/i1": "[\"jörg@xn--bcher-kva.example\"]", "missing/i2": "c-joerg,c-ann", "missing/i3": "c-ann"} {
		if err := r.Remember(t.Context(), name, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.End(t.Context(), nil, 0); err != nil {
		t.Fatal(err)
	}
}

func forget(t *testing.T, path, person string) {
	t.Helper()
	s, err := ledger.Open(t.Context(), path, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	traces, err := s.Traces(t.Context(), person, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Forget(t.Context(), traces); err != nil {
		t.Fatal(err)
	}
	secrets(t, path, nil) // while the WAL is there
}

// secrets checks that these texts, and no other secret ones, are in the
// ledger's files.
func secrets(t *testing.T, path string, want []string) {
	t.Helper()
	var all []byte
	for _, name := range ledger.Files(path) {
		data, err := os.ReadFile(name)
		if err == nil {
			all = append(all, data...)
		}
	}
	for _, secret := range whatIsSecret {
		found, wanted := bytes.Contains(all, []byte(secret)), false
		for _, w := range want {
			wanted = wanted || w == secret
		}
		if found != wanted {
			t.Errorf("%q is in the files: %v, want %v", secret, found, wanted)
		}
	}
}

func kept(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	t.Run("keep", func(t *testing.T) { keep(t, path) }) // it closes the ledger at its end
	secrets(t, path, []string{"jörg", "JÖRG", "bücher.example", "xn--bcher-kva", "c-joerg", "App-joerg", "https://x/joerg", "Jörg wrote", digestOfJoerg})
	return path
}

// checkMemory checks that what runs remember is forgotten where it named the
// person, and kept elsewhere.
func checkMemory(t *testing.T, path string) {
	t.Helper()
	s := open(t, path)
	r := begin(t, s)
	for name, want := range map[string]string{"missing/i1": "", "missing/i2": "", "missing/i3": "c-ann"} {
		if got, err := r.Recall(t.Context(), name); got != want || err != nil {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
	if got, err := r.Owners(t.Context(), []string{"c-joerg", "c-ann"}); err != nil || len(got[0]) != 0 || len(got[1]) != 1 {
		t.Errorf("owners: %v, %v", got, err)
	}
	var members []string
	err := r.Members(t.Context(), "i1", func(m batch.Member) error {
		members = append(members, m.Key.Email)
		return nil
	})
	if want := []string{"ann@example.com", "cyd@example.com", "dee@example.com"}; err != nil || !slices.Equal(members, want) {
		t.Errorf("members: %v, %v; want %v", members, err, want)
	}
	if err := r.End(t.Context(), nil, 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// Nothing of a person who was forgotten is in the ledger's files, and what is
// known of the others is as it was.
func TestForget(t *testing.T) {
	path := kept(t)
	before := invitations(t, path)
	forget(t, path, "JÖRG@bücher.example")
	secrets(t, path, nil)
	checkMemory(t, path)
	after := invitations(t, path)
	if len(before) != 7 || len(after) != 7 {
		t.Errorf("the view had %q, and has %q", before, after)
	}
	for i := range after {
		if strings.HasPrefix(after[i], "forgotten:") {
			if !strings.HasSuffix(after[i], "  ") {
				t.Errorf("it still tells %q", after[i])
			}
			continue
		}
		if before[i] != after[i] {
			t.Errorf("%q has become %q", before[i], after[i])
		}
	}
	if got := histories(t, path, "ann@example.com", "")[0].Requests[0].Answers[0].Message; strings.Contains(got, "ann") {
		t.Errorf("the message still names somebody: %q", got)
	}
	if got := histories(t, path, "dee@example.com", "")[0].Requests[0].Answers[0].Message; got != "fine" {
		t.Errorf("another message has become %q", got)
	}
}

// invitations reads the view.
func invitations(t *testing.T, path string) (lines []string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`select email || ' ' || coalesce(candidate_id, '') || ' ' || coalesce(invite_url, '')
		from invitations order by request_id, email <> 'ann@example.com'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

// No run invites them again, or writes anything of them, whatever it asks for:
// also when the index is made anew, and after they are forgotten again.
func TestForgottenStayInvited(t *testing.T) {
	path := kept(t)
	forget(t, path, "jörg@bücher.example")
	checkForgotten(t, path)
	execute(t, path, "delete from people")
	checkForgotten(t, path)
	forget(t, path, "jörg@bücher.example")
	checkForgotten(t, path)
}

func checkForgotten(t *testing.T, path string) {
	t.Helper()
	s, err := ledger.Open(t.Context(), path, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := begin(t, s)
	for _, key := range []batch.Key{
		batch.NewKey("i1", "jörg@bücher.example"),
		batch.NewKey("i2", "jörg@bücher.example"),
		batch.Candidate{InterviewID: "i3", JobApplicationID: "App-joerg"}.Key(),
		batch.Candidate{InterviewID: "i4", CandidateID: "c-joerg"}.Key(),
	} {
		records, err := r.Lookup(t.Context(), []batch.Key{key})
		if err != nil {
			t.Fatal(err)
		}
		if rec := records[0]; !rec.Forgotten || rec.State != batch.StateInvited || rec.CandidateID != "" || rec.InviteURL != "" || rec.JobApplicationID != "" {
			t.Errorf("%v: %+v", key, rec)
		}
		for _, kind := range []batch.Kind{batch.KindInvite, batch.KindResend, batch.KindLink, batch.KindFound} {
			c, err := r.Claim(t.Context(), batch.Request{Kind: kind, InterviewID: key.InterviewID, People: []batch.Key{key}, ResendAfter: time.Second})
			if err != nil || c.ID != 0 || c.Held[0] == nil || !c.Held[0].Forgotten {
				t.Errorf("%v is claimed to %s: %+v, %v", key, kind, c, err)
			}
		}
	}
	records, err := r.Lookup(t.Context(), []batch.Key{batch.NewKey("i1", "ann@example.com"), batch.NewKey("i3", "jörg@bücher.example")})
	if err != nil || records[0].CandidateID != "c-ann" || records[0].Forgotten || records[1] != (batch.Record{}) {
		t.Errorf("others: %+v, %v", records, err)
	}
	secrets(t, path, nil)
}

// Somebody who was refused and forgotten can be invited when they come again,
// and be forgotten again.
func TestForgottenAndRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	key := batch.NewKey("i1", "ann@example.com")
	for _, state := range []batch.State{batch.StateRefused, batch.StateInvited} {
		t.Run(string(state), func(t *testing.T) {
			d := diary{t, begin(t, open(t, path))}
			d.write(batch.Request{Kind: batch.KindInvite, InterviewID: "i1"}, "", batch.Settlement{Key: key, State: state})
			if err := d.run.End(t.Context(), nil, 0); err != nil {
				t.Fatal(err)
			}
		})
		forget(t, path, "ann@example.com")
		h := histories(t, path, "ann@example.com", "")
		if len(h) != 1 || h[0].Record.State != state || h[0].Record.Forgotten != (state == batch.StateInvited) {
			t.Errorf("%s: %+v", state, h)
		}
	}
}

// Of somebody in doubt nothing is removed: without the address nobody could ask
// the API.
func TestForgetInDoubt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := open(t, path)
	key := batch.NewKey("i1", "ann@example.com")
	if _, err := begin(t, s).Claim(t.Context(), batch.Request{Kind: batch.KindInvite, InterviewID: "i1", People: []batch.Key{key}}); err != nil {
		t.Fatal(err)
	}
	traces, err := s.Traces(t.Context(), "ann@example.com", "")
	if err != nil {
		t.Fatal(err)
	}
	if h := traces.InDoubt(); h == nil || h.Key != key {
		t.Errorf("in doubt: %+v", h)
	}
	if err := s.Forget(t.Context(), traces); err == nil {
		t.Error("somebody in doubt is forgotten")
	}
	if h := histories(t, path, "ann@example.com", ""); len(h) != 1 || h[0].Requests[0].Forgotten {
		t.Errorf("%+v", h)
	}
}

// A forgotten mark that is damaged is noticed, and does not let anybody be invited
// again.
func TestForgottenDamaged(t *testing.T) {
	path := kept(t)
	forget(t, path, "jörg@bücher.example")
	execute(t, path, "update requests set people = replace(people, 'forgotten:', 'forgotten:0')")
	r := begin(t, open(t, path))
	if records, err := r.Lookup(t.Context(), []batch.Key{batch.NewKey("i1", "jörg@bücher.example")}); err == nil || ledger.Advice(err) == "" {
		t.Errorf("%+v, %v", records, err)
	}
}
