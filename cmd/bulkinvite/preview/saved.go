package preview

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"

	"bulkinvite/batch"
	"bulkinvite/batch/file"
	"bulkinvite/batch/send"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/csvio"
)

// savedPlanVersion is the version of SavedPlan. It goes up when a reader of the
// version before would misunderstand the document.
const savedPlanVersion = 1

// A SavedPlan is the document of check --json, for programs and for send --plan,
// which compares it with its own.
type SavedPlan struct {
	Version int `json:"version"`

	Input   string            `json:"input"`
	SHA256  string            `json:"sha256"` // of the input
	BaseURL string            `json:"base_url"`
	Options map[string]string `json:"options"` // flags that say how the input is read, if they are not the default
	Ledger  savedLedger       `json:"ledger"`

	Columns    []send.Column   `json:"columns"`
	Rows       int             `json:"rows"`
	BlankRows  int             `json:"blank_rows"`
	People     int             `json:"people"`
	Duplicates savedDuplicates `json:"duplicates"`
	Invalid    savedInvalid    `json:"invalid"`

	AlreadyInvited int              `json:"already_invited"`
	InDoubt        int              `json:"in_doubt"`
	HeldBack       int              `json:"held_back"`
	Left           int              `json:"left"`
	Requests       int              `json:"requests"`
	ListRequests   int              `json:"list_requests"`
	Rate           float64          `json:"rate"`
	SecondsAtRate  float64          `json:"seconds_at_rate"`
	Interviews     []savedInterview `json:"interviews"`
	Warnings       []string         `json:"warnings"`
	Warned         []csvio.Warning  `json:"warned"`
}

type savedLedger struct {
	Path  string `json:"path"` // empty if there is no place for one
	New   bool   `json:"new"`
	Known string `json:"known"` // digest of what it knows of the people; empty if nothing
}

type savedDuplicates struct {
	Count int           `json:"count"`
	First []savedRepeat `json:"first"`
}

type savedRepeat struct {
	File string `json:"file,omitempty"` // of several
	batch.Place
	RepeatsFile string `json:"repeats_file,omitempty"`
	Repeats     int    `json:"repeats"` // the row
	RepeatsLine int    `json:"repeats_line"`
	RepeatsName string `json:"repeats_name,omitempty"`
	NamesDiffer bool   `json:"names_differ"`
}

type savedInvalid struct {
	Count  int                         `json:"count"`
	ByCode map[batch.Code]savedProblem `json:"by_code"`
}

type savedProblem struct {
	Count int            `json:"count"`
	First []send.Problem `json:"first"`
}

type savedInterview struct {
	ID             string `json:"id"`
	People         int    `json:"people"`
	AlreadyInvited int    `json:"already_invited"`
	InDoubt        int    `json:"in_doubt"`
	Left           int    `json:"left"`
	Requests       int    `json:"requests"`
}

// Save returns the document of the plan.
func (v *Plan) Save(baseURL string, options map[string]string) *SavedPlan {
	p := v.Plan
	requests := v.Requests()
	s := &SavedPlan{
		Version: savedPlanVersion,
		Input:   v.Input(), SHA256: v.SHA256, BaseURL: baseURL, Options: options,
		Ledger:  savedLedger{Path: v.Ledger, New: v.NewLedger, Known: p.Known},
		Columns: v.Columns, Rows: p.Rows, BlankRows: v.BlankRows, People: p.People,
		Duplicates:     savedDuplicates{Count: p.Duplicates, First: []savedRepeat{}},
		Invalid:        savedInvalid{Count: v.Invalid(), ByCode: map[batch.Code]savedProblem{}},
		AlreadyInvited: p.AlreadyInvited, InDoubt: p.InDoubt, HeldBack: p.HeldBack.People, Left: p.Left(),
		Requests: requests.All(), ListRequests: requests.Lists, Rate: v.Options.Rate, SecondsAtRate: float64(requests.All()) / v.Options.Rate,
		Interviews: make([]savedInterview, 0, len(p.Interviews)),
		Warnings:   v.WarningTexts(),
		Warned:     slices.Concat([]csvio.Warning{}, v.Warnings), // [] and not null
	}
	for _, r := range v.Repeats {
		s.Duplicates.First = append(s.Duplicates.First, savedRepeat{
			v.File(r.Row.File), r.Row, v.File(r.First.File), r.First.Row, r.First.Line, r.First.Name, r.Differ,
		})
	}
	for code, n := range p.Problems {
		s.Invalid.ByCode[code] = savedProblem{n, v.First[code]}
	}
	for _, i := range p.Interviews {
		s.Interviews = append(s.Interviews, savedInterview{
			i.ID, i.People, i.AlreadyInvited, i.InDoubt, i.Left, send.RequestsLeft(i),
		})
	}
	return s
}

// ReadPlan reads a document of check --json.
func ReadPlan(name string) (*SavedPlan, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, app.Refusef("--plan %s cannot be read: %w; make it with bulkinvite check --json", name, file.Bare(err))
	}
	var s SavedPlan
	err = json.Unmarshal(text, &s)
	switch {
	case err == nil && s.Version > 0 && s.Version != savedPlanVersion:
		return nil, app.Refusef("--plan %s is of version %d, and this bulkinvite knows version %d; make it anew with bulkinvite check --json",
			name, s.Version, savedPlanVersion)
	case err != nil, s.Version != savedPlanVersion, s.SHA256 == "":
		return nil, app.Refusef("--plan %s is not what bulkinvite check --json has written, whole and unchanged; make it anew", name)
	}
	return &s, nil
}

// Differs describes the first difference to another plan, "" for none. It leaves
// what the ledger knows to Learned, which needs the open ledger.
func (s *SavedPlan) Differs(now *SavedPlan) string {
	if s.SHA256 != now.SHA256 {
		return "the input is not the one that was checked: it has changed, or is another file"
	}
	if s.BaseURL != now.BaseURL {
		return fmt.Sprintf("it was checked for %s, and this run is for %s", s.BaseURL, now.BaseURL)
	}
	if flag := firstDifference(s.Options, now.Options); flag != "" {
		return fmt.Sprintf("it was checked %s, and this run is %s", flagOf(s.Options, flag), flagOf(now.Options, flag))
	}
	if s.Ledger.Path != now.Ledger.Path {
		return fmt.Sprintf("it was checked with the ledger %s, and this run has %s", s.Ledger.Path, now.Ledger.Path)
	}
	if s.Rows != now.Rows || s.People != now.People || s.Invalid.Count != now.Invalid.Count {
		return fmt.Sprintf("another bulkinvite checked it, which found %d rows, %d people and %d invalid rows in it, and this one finds %d, %d and %d",
			s.Rows, s.People, s.Invalid.Count, now.Rows, now.People, now.Invalid.Count)
	}
	return ""
}

// Learned describes what the ledger has learned since the plan was made, "" for
// nothing.
func (s *SavedPlan) Learned(now *SavedPlan) string {
	if s.Ledger.Known == now.Ledger.Known {
		return ""
	}
	what := "what the ledger knows of these people has changed"
	if s.AlreadyInvited != now.AlreadyInvited || s.InDoubt != now.InDoubt {
		what += fmt.Sprintf(": then %d were invited and %d in doubt, and now it is %d and %d",
			s.AlreadyInvited, s.InDoubt, now.AlreadyInvited, now.InDoubt)
	}
	return what
}

// firstDifference returns the first flag that differs between two sets.
func firstDifference(a, b map[string]string) string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, b)
	for _, flag := range slices.Sorted(maps.Keys(all)) {
		valueA, inA := a[flag]
		valueB, inB := b[flag]
		if inA != inB || valueA != valueB {
			return flag
		}
	}
	return ""
}

func flagOf(options map[string]string, flag string) string {
	value, given := options[flag]
	if !given {
		return "without --" + flag
	}
	return fmt.Sprintf("with --%s %s", flag, value)
}
