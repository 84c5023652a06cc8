package sandbox

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"bulkinvite/client"
)

// A Fault is one way for a request to go wrong. The empty Fault is none.
type Fault string

// The faults; Faults says what each does.
const (
	Before500    Fault = "500-before"
	Before502    Fault = "502-before"
	Before503    Fault = "503-before"
	Before429    Fault = "429-before"
	BeforeDrop   Fault = "drop-before"
	After500     Fault = "500-after"
	After502     Fault = "502-after"
	After503     Fault = "503-after"
	After504     Fault = "504-after"
	Late504      Fault = "504-late"
	AfterDrop    Fault = "drop-after"
	AfterCut     Fault = "cut-after"
	AfterNull    Fault = "null-after"
	AfterHTML    Fault = "html-after"
	AfterPartial Fault = "partial-after"
	Slow         Fault = "slow"
	List500      Fault = "list-500"
	List429      Fault = "list-429"
	ListDrop     Fault = "list-drop"
	ListCut      Fault = "list-cut"
)

// A FaultInfo describes a Fault for people.
type FaultInfo struct {
	Fault Fault
	List  bool   // happens to GET /interview/invites, not to POST /interview/invite
	Doc   string // one line

	before *answer // comes without the API acting
	after  *answer // comes in the place of the API's own; if it looks good, only of a good one
}

// Faults returns all faults, those of POST /interview/invite first. "Before"
// and "after" mean acting: before, nobody is invited; after, everybody is.
func Faults() []FaultInfo { return slices.Clone(faultTable) }

var faultTable = []FaultInfo{
	{Before500, false, "answers 500 without acting", &internalError, nil},
	{Before502, false, "answers 502 in HTML without acting", &badGateway, nil},
	{Before503, false, "answers 503 without acting", &serviceUnavailable, nil},
	{Before429, false, "answers 429 Too Many Requests without acting", &throttled, nil},
	{BeforeDrop, false, "resets the connection without acting", &dropped, nil},
	{After500, false, "acts, then answers 500", nil, &internalError},
	{After502, false, "acts, then answers 502 in HTML", nil, &badGateway},
	{After503, false, "acts, then answers 503", nil, &serviceUnavailable},
	{After504, false, "acts, then answers 504", nil, &gatewayTimeout},
	{Late504, false, "answers 504 and acts some seconds later", nil, nil},
	{AfterDrop, false, "acts, then resets the connection", nil, &dropped},
	{AfterCut, false, "acts, then breaks off in the middle of the answer", nil, nil},
	{AfterNull, false, "acts, then answers 200 with data null", nil, &nullData},
	{AfterHTML, false, "acts, then answers 200 with an HTML page", nil, &htmlInstead},
	{AfterPartial, false, "acts, then leaves half of the invitations out of the answer", nil, nil},
	{Slow, false, "acts, then answers late", nil, nil},
	{List500, true, "the list answers 500", &internalError, nil},
	{List429, true, "the list answers 429 Too Many Requests", &throttled, nil},
	{ListDrop, true, "the list's connection is reset", &dropped, nil},
	{ListCut, true, "the list breaks off in the middle of a page", nil, nil},
}

// spoil returns what the fault leaves of the answer to an invitation that the API
// acted on.
func (i *FaultInfo) spoil(a answer, invitations []client.Invitation) answer {
	refused := a.status >= http.StatusMultipleChoices // nothing in it could be missing
	switch {
	case i.Fault == AfterCut:
		a.cut = true
	case i.Fault == AfterPartial && !refused:
		return invitationsAnswer(invitations[:len(invitations)/2])
	case i.after != nil && !(refused && i.after.status == http.StatusOK):
		return *i.after
	}
	return a
}

// ParseFaults reads what a flag says of faults, such as
// "500-after=0.03,drop-before=0.01": the probability of each per request. The
// name all stands for every fault; what comes later in the text wins.
func ParseFaults(text string) (map[Fault]float64, error) {
	faults := map[Fault]float64{}
	if strings.TrimSpace(text) == "" {
		return faults, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		name, value, found := strings.Cut(strings.TrimSpace(part), "=")
		if !found {
			return nil, fmt.Errorf("fault %q: write it as NAME=PROBABILITY, such as %s=0.03", part, After500)
		}
		probability, err := strconv.ParseFloat(value, 64)
		if err != nil || !(probability >= 0 && probability <= 1) {
			return nil, fmt.Errorf("fault %s: probability %q must be between 0 and 1", name, value)
		}
		switch fault := Fault(name); {
		case name == "all":
			for _, info := range faultTable {
				faults[info.Fault] = probability
			}
		default:
			faults[fault] = probability
		}
	}
	if _, err := newDice(faults, 0); err != nil {
		return nil, err
	}
	return faults, nil
}

// noFault is what happens to a request that goes well.
var noFault = &FaultInfo{}

// faultInfo returns nil for a fault that there is not.
func faultInfo(f Fault) *FaultInfo {
	if f == "" {
		return noFault
	}
	at := slices.IndexFunc(faultTable, func(i FaultInfo) bool { return i.Fault == f })
	if at < 0 {
		return nil
	}
	return &faultTable[at]
}

func unknownFault(f Fault) error {
	names := make([]string, len(faultTable))
	for i, info := range faultTable {
		names[i] = string(info.Fault)
	}
	return fmt.Errorf("unknown fault %q: there are %s, and all", f, strings.Join(names, ", "))
}

// An endpoint is one of the API's two.
type endpoint int

const (
	postEndpoint endpoint = iota
	listEndpoint
	endpoints
)

func (i *FaultInfo) endpoint() endpoint {
	if i.List {
		return listEndpoint
	}
	return postEndpoint
}

func checkScript(script map[int]Fault) error {
	for n, fault := range script {
		info := faultInfo(fault)
		switch {
		case n < 1:
			return fmt.Errorf("sandbox: script for request %d: they are counted from 1", n)
		case info == nil:
			return fmt.Errorf("sandbox: script for request %d: %w", n, unknownFault(fault))
		case info.List:
			return fmt.Errorf("sandbox: script for request %d: %s does not happen to this endpoint", n, fault)
		}
	}
	return nil
}

// Dice draw the fault of a request from the seed and its number alone: a
// single sequence would give each fault to another request whenever the two
// endpoints are asked in another order.
type dice struct {
	seed  uint64
	sides [endpoints][]side
}

type side struct {
	fault *FaultInfo
	below float64 // the fault happens if the number drawn is below this, and not below an earlier side's
}

// newDice returns an error if a fault is unknown, or if the probabilities of
// one endpoint add up to more than 1.
func newDice(faults map[Fault]float64, seed uint64) (*dice, error) {
	d := &dice{seed: seed}
	for fault := range faults {
		if faultInfo(fault) == nil {
			return nil, unknownFault(fault)
		}
	}
	var sum [endpoints]float64
	for i := range faultTable {
		info := &faultTable[i]
		p := faults[info.Fault]
		if !(p >= 0 && p <= 1) {
			return nil, fmt.Errorf("fault %s: probability %v must be between 0 and 1", info.Fault, p)
		}
		e := info.endpoint()
		if sum[e] += p; sum[e] > 1+1e-9 {
			return nil, fmt.Errorf("faults: the probabilities add up to %.3g at %s: make them smaller", sum[e], info.Fault)
		}
		if p > 0 {
			d.sides[e] = append(d.sides[e], side{info, sum[e]})
		}
	}
	return d, nil
}

// chance returns the source of everything that is random about the nth
// request at e.
func (d *dice) chance(e endpoint, n int) *rand.Rand {
	return rand.New(rand.NewPCG(d.seed, uint64(n)*uint64(endpoints)+uint64(e)))
}

func (d *dice) draw(e endpoint, chance *rand.Rand) *FaultInfo {
	if len(d.sides[e]) == 0 {
		return noFault
	}
	x := chance.Float64()
	for _, s := range d.sides[e] {
		if x < s.below {
			return s.fault
		}
	}
	return noFault
}
